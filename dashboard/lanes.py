"""Geometry of flow lines in map units: lanes side by side on a shared corridor, and lines that merge at sea."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

Point = tuple[float, float]
Path = tuple[Point, ...]

TAPER = 0.22  # over the last part of its way a lane returns to the true line, so that it ends at its true place
SHARED = 3  # paths that begin with this many equal points run on one corridor
NEAR_KM = 0.5


@dataclass(frozen=True)
class Lane:
    """One flow: whose it is, the line it follows (km), and how wide it is drawn (km)."""

    key: Any
    path: Path
    width: float


def side_by_side(lanes: Sequence[Lane]) -> list[tuple[Lane, Path]]:
    """Shift lanes of one corridor so that they touch without covering each other and widths add up.

    They are ordered from left to right by where they leave the corridor, so a branch leaves at its own edge.
    """
    drawn = []
    for corridor in corridors(lanes):
        reach, edge = sum(lane.width for lane in corridor) / 2, 0.0
        for lane in corridor:
            drawn.append((lane, shifted(lane.path, edge + lane.width / 2 - reach)))
            edge += lane.width
    return drawn


def corridors(lanes: Sequence[Lane]) -> list[list[Lane]]:
    """Lanes that set out along the same line, each group from left to right."""
    groups: dict[Path, list[Lane]] = {}
    for lane in lanes:
        groups.setdefault(lane.path[:SHARED], []).append(lane)
    return [sorted(group, key=cmp_to_key(leftmost_first)) for group in groups.values()]


def leftmost_first(one: Lane, other: Lane) -> int:
    """Order two lanes by the side on which they leave each other; the one that ends first lies to the right."""
    for i, (a, b) in enumerate(zip(one.path, other.path, strict=False)):
        if math.dist(a, b) > NEAR_KM and i:
            turn = cross(one.path[i - 1], a, b)
            return 1 if turn > 0 else -1
    return len(other.path) - len(one.path)


def cross(origin: Point, a: Point, b: Point) -> float:
    """Positive when b lies to the left of a, seen from the origin."""
    return (a[0] - origin[0]) * (b[1] - origin[1]) - (a[1] - origin[1]) * (b[0] - origin[0])


def shifted(path: Path, distance: float) -> Path:
    """The path moved to its right by so many km, less and less over its last part."""
    last = len(path) - 1
    if abs(distance) < 1e-6 or last < 1:
        return path
    return tuple(beside(path, i, distance * min(1.0, (last - i) / (last * TAPER))) for i in range(last + 1))


def beside(path: Path, i: int, distance: float) -> Point:
    """The point so far to the right of the path's i-th point."""
    (x0, y0), (x1, y1) = path[max(0, i - 1)], path[min(len(path) - 1, i + 1)]
    dx, dy = x1 - x0, y1 - y0
    length = math.hypot(dx, dy) or 1.0
    return path[i][0] + dy / length * distance, path[i][1] - dx / length * distance


def merged(lanes: Sequence[Lane]) -> list[tuple[Path, float]]:
    """Lines whose width is the sum of all lanes on them: pieces between the places where lanes part or meet."""
    load: dict[tuple[Point, Point], float] = {}
    for lane in lanes:
        for piece in pairwise(lane.path):
            load[piece] = load.get(piece, 0.0) + lane.width
    drawn: list[tuple[Path, float]] = []
    seen: set[tuple[Point, Point]] = set()
    for lane in lanes:
        drawn += pieces(lane.path, load, seen)
    return drawn


def pieces(
    path: Path, load: dict[tuple[Point, Point], float], seen: set[tuple[Point, Point]]
) -> list[tuple[Path, float]]:
    """The runs of equal load on a path that nobody has drawn yet."""
    runs: list[tuple[list[Point], float]] = []
    open_run = False
    for piece in pairwise(path):
        if piece in seen:
            open_run = False
            continue
        seen.add(piece)
        if open_run and math.isclose(runs[-1][1], load[piece]):
            runs[-1][0].append(piece[1])
        else:
            runs.append((list(piece), load[piece]))
        open_run = True
    return [(tuple(points), width) for points, width in runs]


def thinned(path: Sequence[Point], tolerance: float) -> Path:
    """The path without points that lie within `tolerance` km of the line between their neighbours (Douglas-Peucker)."""
    if len(path) < 3:
        return tuple(path)
    far, index = max((off_line(path[i], path[0], path[-1]), i) for i in range(1, len(path) - 1))
    if far <= tolerance:
        return path[0], path[-1]
    return thinned(path[: index + 1], tolerance)[:-1] + thinned(path[index:], tolerance)


def off_line(point: Point, start: Point, end: Point) -> float:
    """Distance of a point from the line through two others."""
    length = math.dist(start, end)
    return abs(cross(start, end, point)) / length if length else math.dist(point, start)

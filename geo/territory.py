"""Whether a point of a map stands on Chinese territory, so that no foreign name is written there."""

import json
import math
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any

from geo.projection import Point
from geo.shapes import dash_lines, outline_bytes

CELL_KM = 40.0
DASH_KM = 60.0  # A name keeps this far from the ten-dash line.

Ring = tuple[Point, ...]
Box = tuple[float, float, float, float]


def on_china(point: Point, margin_km: float = 0.0) -> bool:
    """Whether a point (km of the world plane) lies on China's land or islands, nearer than the margin to one of their
    corners, or close to the ten-dash line."""
    return in_outline(point, "CHN") or _near_coast(point, margin_km) or _near_dashes(point)


def in_outline(point: Point, name: str) -> bool:
    """Whether a point lies inside an outline of the world; raises KeyError for an unknown name."""
    x, y = point
    inside = False
    for (left, bottom, right, top), ring in _rings()[name]:
        if left <= x <= right and bottom <= y <= top:
            inside ^= _crossings(x, y, ring) % 2 == 1
    return inside


@cache
def _rings() -> dict[str, list[tuple[Box, Ring]]]:
    features = json.loads(outline_bytes("world"))["features"]
    return {feature["properties"]["name"]: [*_boxed(feature["geometry"])] for feature in features}


def _boxed(geometry: dict[str, Any]) -> Iterator[tuple[Box, Ring]]:
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    for ring in (ring for polygon in polygons for ring in polygon):
        xs, ys = [x for x, _ in ring], [y for _, y in ring]
        yield (min(xs), min(ys), max(xs), max(ys)), tuple((x, y) for x, y in ring)


def _crossings(x: float, y: float, ring: Ring) -> int:
    """How often a ray to the right of the point crosses the ring (even-odd rule)."""
    spans = ((a, b) for a, b in pairwise(ring) if (a[1] > y) != (b[1] > y))
    return sum(x < (bx - ax) * (y - ay) / (by - ay) + ax for (ax, ay), (bx, by) in spans)


def _near_coast(point: Point, margin_km: float) -> bool:
    reach = math.ceil(margin_km / CELL_KM)
    if margin_km <= 0:
        return False
    i, j = (math.floor(v / CELL_KM) for v in point)
    cells = ((i + di, j + dj) for di in range(-reach, reach + 1) for dj in range(-reach, reach + 1))
    return any(_close(point, _coast_cells().get(cell, ()), margin_km) for cell in cells)


@cache
def _coast_cells() -> dict[tuple[int, int], list[Point]]:
    cells: dict[tuple[int, int], list[Point]] = {}
    for point in (point for _, ring in _rings()["CHN"] for point in ring):
        cells.setdefault((math.floor(point[0] / CELL_KM), math.floor(point[1] / CELL_KM)), []).append(point)
    return cells


def _near_dashes(point: Point) -> bool:
    return any(_off(point, a, b) < DASH_KM for line in dash_lines() for a, b in pairwise(line))


def _close(point: Point, others: Iterable[Point], km: float) -> bool:
    return any(math.dist(point, other) < km for other in others)


def _off(point: Point, a: Point, b: Point) -> float:
    """Distance of a point from a straight piece of line."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    along = ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / ((dx * dx + dy * dy) or 1.0)
    share = min(1.0, max(0.0, along))
    return math.dist(point, (a[0] + share * dx, a[1] + share * dy))

"""Outlines and lines as SVG path data for the wall without scripts: fitted to a panel, thinned, and made once."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from dashboard.flow_lines import thinned
from geo.labels import Box
from geo.projection import Point
from geo.shapes import outline_bytes

UNIT = 16.0  # SVG units in a rem: a panel's drawing has the size it has on a screen of 1920 × 1080
UNSEEN = 0.35  # units this near to the line between its neighbours a point is left out
LEAST = 0.7  # units across: what is smaller in both directions is not drawn, unless it is China's
MARGIN = 12.0  # units beyond the panel within which outlines are still drawn


@dataclass(frozen=True)
class Sheet:
    """A drawing of so many rem that shows a box of the plane (km); its shape must be the box's."""

    width: float
    height: float
    box: Box

    @property
    def scale(self) -> float:
        """SVG units in a km."""
        return self.width * UNIT / (self.box[2] - self.box[0])

    def at(self, point: Sequence[float]) -> Point:
        """A point in km as SVG units, downwards."""
        return (point[0] - self.box[0]) * self.scale, (self.box[3] - point[1]) * self.scale

    def near(self, ring: Sequence[Point]) -> bool:
        """Whether any part of a ring (in units) may lie in the drawing."""
        (x0, y0), (x1, y1) = corners(ring)
        return x1 > -MARGIN and y1 > -MARGIN and x0 < self.width * UNIT + MARGIN and y0 < self.height * UNIT + MARGIN

    def path(self, points: Iterable[Sequence[float]]) -> str:
        """Path data of a line through points in km."""
        return drawn([self.at(point) for point in points])


def corners(ring: Sequence[Point]) -> tuple[Point, Point]:
    """The upper left and lower right corner of all points."""
    xs, ys = zip(*ring, strict=True)
    return (min(xs), min(ys)), (max(xs), max(ys))


def drawn(points: Sequence[Point], closed: str = "") -> str:
    """Path data to a tenth of a unit, each point by its distance from the one before, which is shorter to send.

    What is smaller than that is drawn a tenth wide, so that its outline still makes a dot of it.
    """
    tenths = [(round(x * 10), round(y * 10)) for x, y in points]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(tenths)]
    moves = " ".join(f"{short(x)},{short(y)}" for x, y in steps if x or y) or ".1,0"
    return f"M{short(tenths[0][0])},{short(tenths[0][1])}l{moves}{closed}"


def short(tenths: int) -> str:
    """Tenths as a decimal without what says nothing: 12, 1.2, -.3."""
    whole, rest = divmod(abs(tenths), 10)
    text = f"{whole or ''}.{rest}" if rest else str(whole)
    return f"-{text}" if tenths < 0 else text


@cache
def outlines(name: str, sheet: Sheet) -> dict[str, str]:
    """The path data of every region of geo's outline `name` that the sheet shows, by the region's name."""
    features = json.loads(outline_bytes(name))["features"]
    found = ((feature["properties"]["name"], outline(feature, sheet)) for feature in features)
    return {region: path for region, path in found if path}


def outline(feature: dict[str, Any], sheet: Sheet) -> str:
    """The path data of one region. Of China nothing is too small: its islands are always there."""
    least = 0.0 if feature["properties"]["name"] == "CHN" else LEAST
    near = (ring for ring in rings(feature["geometry"], sheet) if sheet.near(ring))
    return "".join(drawn(coarse(ring), "z") for ring in near if size(ring) >= least)


def rings(geometry: dict[str, Any], sheet: Sheet) -> Iterator[list[Point]]:
    """Every ring of a region in units."""
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for ring in (ring for polygon in polygons for ring in polygon):
        yield [sheet.at(point) for point in ring]


def coarse(ring: Sequence[Point]) -> tuple[Point, ...]:
    """The ring without points that nobody sees. It has no ends to keep, so it is cut where it is widest."""
    (x0, y0), unseen = ring[0], min(UNSEEN, size(ring) / 8)
    far = max(range(len(ring)), key=lambda i: abs(ring[i][0] - x0) + abs(ring[i][1] - y0))
    return thinned(ring[: far + 1], unseen) + thinned(ring[far:], unseen)[1:]


def size(ring: Sequence[Point]) -> float:
    """How far a ring reaches, in the direction in which it reaches further."""
    (x0, y0), (x1, y1) = corners(ring)
    return max(x1 - x0, y1 - y0)

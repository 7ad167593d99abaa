"""Keeps account of where names stand on a map, and finds room for more, so that none overprints another or China."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from dashboard.panels_map import MapPanel
from geo.projection import Point
from geo.territory import in_outline, on_china

LINE_REM = 1.75
STEP_REM = 0.9
GAP_REM = 0.6  # between two names on one line
CELL_KM = 40.0  # the grid on which China is asked for once and remembered


@dataclass(frozen=True)
class Label:
    """The room of one label: centre in km, size in rem."""

    centre: Point
    width: float
    height: float = LINE_REM

    @classmethod
    def aligned(cls, at: Point, width: float, align: str, km_per_rem: float) -> "Label":
        """The room of a text that begins, is centred or ends at a point."""
        shift = {"left": width / 2, "right": -width / 2}.get(align, 0.0) * km_per_rem
        return cls((at[0] + shift, at[1]), width)


class Room:
    """The labels of one map panel."""

    def __init__(self, panel: MapPanel, taken: Iterable[Label]) -> None:
        self.panel = panel
        self.taken = list(taken)

    def take(self, label: Label) -> None:
        """Note that a label stands there."""
        self.taken.append(label)

    def inward(self, label: Label) -> float:
        """How far (km) a label must move so that also a screen less wide than the composition shows it whole."""
        left, _, right, __ = self.panel.need
        half = label.width / 2 * self.panel.km_per_rem
        if not left < label.centre[0] < right:
            return 0.0
        return max(0.0, left - (label.centre[0] - half)) - max(0.0, label.centre[0] + half - right)

    def find(self, at: Point, width: float, own: str, lines: int) -> Point | None:
        """The nearest place for a centred label within so many lines of its point, and take it; None if there is none.

        Its centre stays in the country's own outline if one is named: a name must not stand in another country.
        """
        for dx, dy in offsets(width, lines):
            label = Label((at[0] + dx * self.panel.km_per_rem, at[1] + dy * self.panel.km_per_rem), width)
            if (not own or in_outline(label.centre, own)) and self.free(label):
                self.take(label)
                return label.centre
        return None

    def slide(self, side: str, along: float, width: float, inset: float) -> float | None:
        """The nearest place along an edge, and take it."""
        for step in range(0, 60):
            for sign in (1, -1):
                moved = along + sign * step * STEP_REM * self.panel.km_per_rem
                label = self.at_side(side, moved, width, inset)
                if self.free(label):
                    self.take(label)
                    return moved
        return None

    def at_side(self, side: str, along: float, width: float, inset: float) -> Label:
        """The room of a label that stands `inset` rem inside a side."""
        left, bottom, right, top = self.panel.box
        k = self.panel.km_per_rem
        if side in ("left", "right"):
            reach = (inset + width / 2) * k
            return Label((left + reach if side == "left" else right - reach, along), width)
        reach = (inset + LINE_REM / 2) * k
        return Label((along, top - reach if side == "top" else bottom + reach), width)

    def free(self, label: Label) -> bool:
        """Whether a label lies wholly in the picture, on nobody else and not on China."""
        return (
            self.fits(label)
            and not any(self.touch(label, other) for other in self.taken)
            and not self.over_china(label)
        )

    def fits(self, label: Label) -> bool:
        """Whether the label lies wholly in the picture."""
        return all(self.panel.shows(corner) for corner in self.raster(label))

    def touch(self, one: Label, other: Label) -> bool:
        """Whether two labels come nearer than a hair."""
        dx, dy = (abs(one.centre[i] - other.centre[i]) / self.panel.km_per_rem for i in (0, 1))
        return dx < (one.width + other.width) / 2 + GAP_REM and dy < (one.height + other.height) / 2

    def over_china(self, label: Label) -> bool:
        """Whether any part of the label would stand on Chinese land, its islands or the ten dashes."""
        return any(china_cell(round(x / CELL_KM), round(y / CELL_KM)) for x, y in self.raster(label))

    def raster(self, label: Label) -> Iterator[Point]:
        """Points on the label, close enough together to catch an island of 150 km."""
        k = self.panel.km_per_rem
        columns = max(2, math.ceil(label.width))
        for i in range(columns + 1):
            for j in (-0.5, 0.0, 0.5):
                yield label.centre[0] + (i / columns - 0.5) * label.width * k, label.centre[1] + j * label.height * k


def offsets(width: float, lines: int) -> Iterator[Point]:
    """Where to try, in rem from the point: on it, above and below, then to both sides, further and further."""
    yield 0.0, 0.0
    for line in range(1, lines + 1):
        for dy in (line * STEP_REM, -line * STEP_REM):
            yield 0.0, dy
        for dx in (width / 2 + 0.4, -width / 2 - 0.4):
            yield dx, (line - 1) * STEP_REM
            yield dx, -(line - 1) * STEP_REM


@cache
def china_cell(i: int, j: int) -> bool:
    """Whether a cell of the grid touches Chinese land, islands or the ten dashes."""
    return on_china((i * CELL_KM, j * CELL_KM), CELL_KM / 2)

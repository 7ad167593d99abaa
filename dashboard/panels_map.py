"""The map panels of both compositions: what must be seen, how large the panel is, and so how many km one rem is."""

from dataclasses import dataclass

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(frozen=True)
class MapPanel:
    """One map in one composition: `need` in km of the world plane, size in rem (the grids of assets/30-wall.css)."""

    form: str
    need: Box
    width: float
    height: float
    full: float  # rem that a flow of all vehicles would be wide

    @property
    def km_per_rem(self) -> float:
        """Scale of the panel: the tighter of its two directions decides, as in the browser."""
        left, bottom, right, top = self.need
        return max((right - left) / self.width, (top - bottom) / self.height)

    @property
    def box(self) -> Box:
        """What the panel shows: the need, widened to its shape."""
        left, bottom, right, top = self.need
        x, y, k = (left + right) / 2, (bottom + top) / 2, self.km_per_rem
        return x - k * self.width / 2, y - k * self.height / 2, x + k * self.width / 2, y + k * self.height / 2

    def shows(self, point: Point) -> bool:
        """Whether a point lies in the picture."""
        left, bottom, right, top = self.box
        return left < point[0] < right and bottom < point[1] < top


# A new crop is a new picture, and must be submitted for approval again.
BASE = MapPanel("base", (-4950.0, -4000.0, 4500.0, 3300.0), 55.5, 40.35, 1.15)
WIDE = MapPanel("wide", (-7700.0, -3950.0, 5300.0, 3400.0), 74.0, 40.1, 1.15)
LENS = MapPanel("lens", (-1900.0, -150.0, 750.0, 1250.0), 48.0, 17.8, 1.6)

"""The map panels of both compositions: what must be seen, how large the panel is, and so how many km one rem is."""

from dataclasses import dataclass

from geo.labels import CROPS, Box, widened
from geo.projection import Point


@dataclass(frozen=True)
class MapPanel:
    """One map in one composition, sizes in rem (the grids of assets/30-wall.css and 31-wall-wide.css).

    `form` is geo's name of the composition; `full` is how many rem a flow of all vehicles would be wide.
    """

    form: str
    width: float
    height: float
    full: float

    @property
    def need(self) -> Box:
        """What must be seen, in km of the world plane."""
        return CROPS[self.form]

    @property
    def box(self) -> Box:
        """What the panel shows: the need, widened to its shape (as the browser does for the screen it has)."""
        return widened(self.need, self.width, self.height)

    @property
    def km_per_rem(self) -> float:
        """Scale of the panel."""
        return (self.box[2] - self.box[0]) / self.width

    def shows(self, point: Point) -> bool:
        """Whether a point lies in the picture."""
        left, bottom, right, top = self.box
        return left < point[0] < right and bottom < point[1] < top


BASE = MapPanel("fhd", 55.0, 40.35, 1.15)
WIDE = MapPanel("ultra", 74.0, 40.1, 1.15)
LENS = MapPanel("lens", 48.0, 17.8, 1.6)
ASIA = MapPanel("asia", 51.5, 35.6, 2.6)
ASIA_WIDE = MapPanel("asia", 90.0, 53.0, 3.6)
WHOLE = MapPanel("whole", 28.0, 16.4, 1.0)
REGIONAL = (LENS.form, ASIA.form)  # cuts that name the countries of their region only

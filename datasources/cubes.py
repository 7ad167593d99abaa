"""The cubes, each declared once: what they count, by what, and the SQL that makes them from facts.

A cube of all dimensions has as many cells as there are rows; a few low ones answer the wall a hundred times faster than
a scan. Each cube is a set of signed sums, so a change is the difference of its new and its old facts.
"""

from dataclasses import dataclass

COUNTED = "counted AND cleared_on IS NOT NULL"
ITEM_MEASURES = {
    "items": "1",
    "declarations": "declarations",
    "vehicles": "vehicles",
    "cny_cents": "cny_cents",
    "usd_cents": "usd_cents",
}
TYPES = {"month": "VARCHAR", "day": "DATE", "minutes": "INTEGER"}


@dataclass(frozen=True)
class Cube:
    """A table of sums: its dimensions and measures as expressions over a fact, and which facts count.

    The first measure tells whether a cell still exists: it is zero exactly when no fact is left in it.
    """

    name: str
    month: str
    dimensions: dict[str, str]
    measures: dict[str, str]
    where: str

    @property
    def table(self) -> str:
        """The name of the cube's table or view."""
        return f"cube_{self.name}"

    def columns(self) -> dict[str, str]:
        """Return the cube's columns with their types, the month first."""
        dimensions = {name: TYPES.get(name, "VARCHAR") for name in self.dimensions}
        return {"month": "VARCHAR", **dimensions, **dict.fromkeys(self.measures, "BIGINT")}

    def select(self, facts: str, sign: int) -> str:
        """Return the SQL of this cube's cells for the facts of a relation, added (1) or taken away (-1)."""
        dimensions = ", ".join(f"{expression} AS {name}" for name, expression in self.dimensions.items())
        measures = ", ".join(f"CAST({sign} * SUM({e}) AS BIGINT) AS {n}" for n, e in self.measures.items())
        return f"SELECT {self.month} AS month, {dimensions}, {measures} FROM {facts} WHERE {self.where} GROUP BY ALL"

    def summed(self, cells: str) -> str:
        """Return the SQL that adds cells of equal dimensions and drops those that no fact is left in."""
        dimensions = ", ".join(("month", *self.dimensions))
        measures = ", ".join(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in self.measures)
        first = next(iter(self.measures))
        return f"SELECT {dimensions}, {measures} FROM ({cells}) GROUP BY ALL HAVING SUM({first}) <> 0"


def _month(day: str) -> str:
    return f"strftime({day}, '%Y-%m')"


def _by_day(name: str, *columns: str) -> Cube:
    dimensions = {"day": "cleared_on", **{column: column for column in columns}}
    return Cube(name, _month("cleared_on"), dimensions, ITEM_MEASURES, COUNTED)


def _by_step(name: str, day: str) -> Cube:
    measures = {"items": "1", "declarations": "declarations", "vehicles": "vehicles"}
    return Cube(name, _month(day), {"state": "state"}, measures, f"{day} IS NOT NULL")


COUNTRY = _by_day("country", "country", "exit_office", "transport_mode")
MODEL = _by_day("model", "brand", "model", "fuel")
ENTERPRISE = _by_day("enterprise", "uscc", "zone")
STATES = _by_step("states", "declared_on")
RELEASES = _by_step("releases", "released_on")
HOURS = Cube(
    "hours",
    _month("cleared_on"),
    {"minutes": "clearance_minutes"},
    {"n": "1"},
    f"{COUNTED} AND clearance_minutes IS NOT NULL",
)
BY_DAY = (COUNTRY, MODEL, ENTERPRISE)
CUBES = (*BY_DAY, STATES, RELEASES, HOURS)
# The columns of a fact that cubes are made from; a superseded fact is read back with these alone.
COLUMNS = (
    *("line", "state", "counted", "declared_on", "released_on", "cleared_on", "clearance_minutes", "country", "brand"),
    *(
        "model",
        "fuel",
        "uscc",
        "zone",
        "exit_office",
        "transport_mode",
        "vehicles",
        "declarations",
        "cny_cents",
        "usd_cents",
    ),
)

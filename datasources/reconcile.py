"""Compares a generation with the transaction database to the cent, in the read transaction that it was made from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from datasources.cubes import BY_DAY, COUNTRY
from datasources.facts import SOURCE_CONTROL, SOURCE_ITEM_CONTROL
from datasources.source import Reading

MEASURES = ("declarations", "vehicles", "cny_cents", "usd_cents")
ITEM_MEASURES = ("items", "vehicles", "cny_cents", "usd_cents")
LABELS = {
    "declarations": "报关单份数",
    "vehicles": "辆数",
    "cny_cents": "人民币金额",
    "usd_cents": "美元金额",
    "items": "商品项数",
}
UNITS = {"declarations": "份", "vehicles": "辆", "items": "项", "cny_cents": "元", "usd_cents": "美元"}

DECLARATIONS, ITEMS, SNAPSHOT = "事务库报关单", "事务库商品项", "快照"

Totals = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Difference:
    """One figure of one month on which two sides disagree."""

    month: str
    measure: str
    left_name: str
    left: int
    right_name: str
    right: int

    def message(self) -> str:
        """Say in Chinese what differs, by how much, and what the reader still sees; a lane shows only the beginning."""
        values = (shown(self.measure, value) for value in (self.left, self.right, abs(self.right - self.left)))
        left, right, gap = values
        return (
            f"对账不符：{self.month} {LABELS[self.measure]}相差 {gap}，{self.left_name}为 {left}，"
            f"{self.right_name}为 {right}。本次快照没有发布，画面仍为上一次对账相符的数据。"
        )


class Mismatch(RuntimeError):
    """The generation differs from its source; `differences` says where, `figures` which figures that concerns.

    The figures (see datasources.reconcile_locate) are added by whoever still has the read transaction open.
    """

    def __init__(self, differences: list[Difference]) -> None:
        more = f"（另有 {len(differences) - 1} 处不符）" if len(differences) > 1 else ""
        super().__init__(differences[0].message() + more)
        self.differences = differences
        self.figures: list[dict[str, Any]] = []


def shown(measure: str, value: int) -> str:
    """Write a figure as people read it: money in yuan or dollars with cents, the rest as a count."""
    sign, size = ("-" if value < 0 else ""), abs(value)
    figure = f"{size // 100:,}.{size % 100:02d}" if measure.endswith("_cents") else f"{size:,}"
    return f"{sign}{figure} {UNITS[measure]}"


def by_month(days: Iterable[dict[str, int | str]], measures: tuple[str, ...]) -> Totals:
    """Add daily totals to months, in Python's unbounded integers."""
    months: Totals = {}
    for day in days:
        month = months.setdefault(str(day["day"])[:7], dict.fromkeys(measures, 0))
        for measure in measures:
            month[measure] += int(day[measure] or 0)
    return months


def cube_totals(engine: duckdb.DuckDBPyConnection, table: str) -> Totals:
    """Return a cube's totals by month."""
    names = tuple(dict.fromkeys(("items", *MEASURES)))
    sums = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in names)
    rows = engine.execute(f"SELECT month, {sums} FROM {table} GROUP BY month").fetchall()
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def differ(left_name: str, left: Totals, right_name: str, right: Totals, measures: tuple[str, ...]) -> list[Difference]:
    """List every month and measure on which two sides disagree; a month that one side lacks counts as zero."""
    found = []
    for month in sorted(left.keys() | right.keys()):
        for measure in measures:
            a, b = left.get(month, {}).get(measure, 0), right.get(month, {}).get(measure, 0)
            if a != b:
                found.append(Difference(month, measure, left_name, a, right_name, b))
    return found


def source_totals(reading: Reading) -> Totals:
    """Return the declarations' own totals by month of clearance."""
    return by_month(reading.rows(SOURCE_CONTROL), MEASURES)


def item_totals(reading: Reading, months: Iterable[str] | None) -> Totals:
    """Return the goods items' totals by month of clearance, for some months or for all."""
    if months is None:
        return by_month(reading.rows(f"{SOURCE_ITEM_CONTROL} GROUP BY d.cleared_on"), ITEM_MEASURES)
    days: list[dict[str, int | str]] = []
    for month in months:
        span = f"AND d.cleared_on >= '{month}-01' AND d.cleared_on <= '{month}-31'"
        days += reading.rows(f"{SOURCE_ITEM_CONTROL} {span} GROUP BY d.cleared_on")
    return by_month(days, ITEM_MEASURES)


def plan(
    cubes: Totals, touched: set[str], pending: tuple[str, ...], limit: int
) -> tuple[list[str] | None, tuple[str, ...]]:
    """Choose the months to compare item by item now, and the queue of the others.

    All months (None) while the items are few; else the touched ones first, then those waiting longest, until `limit`
    items are covered, so that a tick's work stays bounded however many months it touched.
    """
    if sum(month["items"] for month in cubes.values()) <= limit:
        return None, ()
    queue = sorted(touched, reverse=True)
    queue += [month for month in pending if month not in touched]
    queue += [month for month in sorted(cubes) if month not in queue]
    chosen: list[str] = []
    items = 0
    for month in queue:
        size = cubes.get(month, {}).get("items", 0)
        if chosen and items + size > limit:
            break
        chosen.append(month)
        items += size
    return chosen, tuple(month for month in queue if month not in chosen)


@dataclass(frozen=True)
class Proof:
    """What was compared: the control totals, the months compared item by item (None: all), and the waiting months."""

    controls: Totals
    item_months: list[str] | None
    pending: tuple[str, ...]


def prove(
    engine: duckdb.DuckDBPyConnection,
    reading: Reading,
    control: Totals,
    touched: set[str],
    pending: tuple[str, ...],
    limit: int,
) -> Proof:
    """Compare the declarations' totals, their items and the cubes; raises Mismatch at one cent's difference."""
    totals = {cube.name: cube_totals(engine, cube.table) for cube in BY_DAY}
    reference = totals[COUNTRY.name]
    found = differ(DECLARATIONS, control, SNAPSHOT, reference, MEASURES)
    for name, other in totals.items():
        found += differ("国别立方", reference, f"{name} 立方", other, ("items", *MEASURES))
    months, waiting = plan(reference, touched, pending, limit)
    covered = reference if months is None else {month: reference[month] for month in months if month in reference}
    found += differ(ITEMS, item_totals(reading, months), SNAPSHOT, covered, ITEM_MEASURES)
    if found:
        raise Mismatch(found)
    return Proof(reference, months, waiting)

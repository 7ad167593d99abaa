"""Says which figures a difference concerns, key by key in the months that differ; asked only after a fault."""

import logging
import re
from collections.abc import Iterable
from typing import Any

import adbc_driver_manager
import duckdb

from datasources.cubes import COUNTRY, ENTERPRISE, MODEL
from datasources.dimensions import DIMENSIONS
from datasources.enterprises import DISTRICT
from datasources.facts import SOURCE_ITEM, SOURCE_OWN_TOTALS
from datasources.reconcile import DECLARATIONS, MEASURES, Difference
from datasources.source import Reading

MONTHS_LOCATED = 6  # the newest; a fault in every month is no question of single keys any more
MOST_KEYS = 24
MOST_ENTRIES = 60  # every screen reads the list at each tick while the fault lasts
EVERY = "*"
MONTH = re.compile(r"\d{4}-\d{2}")
# The cube that a figure of a dimension is added from.
ADDED_FROM = {
    **dict.fromkeys(("country", "exit_office", "transport_mode"), COUNTRY.table),
    **dict.fromkeys(("model", "fuel"), MODEL.table),
    **dict.fromkeys(("enterprise", "zone"), ENTERPRISE.table),
}
# How many there are of them is a figure itself: a key that only one side has changes it.
COUNTED_KEYS = {"country": "countries", "enterprise": "enterprises"}
OWN_MEASURES = ("vehicles", "cny_cents", "usd_cents")
log = logging.getLogger(__name__)

Entry = dict[str, Any]
Keys = dict[tuple[str, str | None], set[str]]


def entry(month: str, metric: str, dimension: str | None, keys: Iterable[str] = ()) -> Entry:
    """One line of the list: `metric` of `month` for some keys of a dimension.

    Dimension None concerns the figures over everything, EVERY all figures of the metric whatever they are filtered by.
    """
    return {"period": month, "metric": metric, "dimension": dimension, "keys": sorted(keys)}


def locate(engine: duckdb.DuckDBPyConnection, reading: Reading, differences: list[Difference]) -> list[Entry]:
    """Return what the differences concern, newest month first, at most MOST_ENTRIES lines.

    Months and keys that are too many to name, or that can not be compared now, are said to concern EVERY figure.
    """
    months = sorted({d.month for d in differences if MONTH.fullmatch(d.month)}, reverse=True)
    found: list[Entry] = []
    for place, month in enumerate(months):
        concerned = [d for d in differences if d.month == month and d.measure in MEASURES]
        measures = dict.fromkeys(d.measure for d in concerned)
        named = _named(engine, reading, month, concerned) if place < MONTHS_LOCATED else None
        found += _all_of(month, measures) if named is None else [entry(month, m, None) for m in measures] + named
    return found if len(found) <= MOST_ENTRIES else _shortened(found)


def _all_of(month: str, metrics: Iterable[str]) -> list[Entry]:
    return [entry(month, metric, EVERY) for metric in metrics]


def _shortened(found: list[Entry]) -> list[Entry]:
    """The same without keys."""
    pairs = dict.fromkeys((one["period"], one["metric"]) for one in found)
    return [entry(month, metric, EVERY) for month, metric in pairs][:MOST_ENTRIES]


def _named(
    engine: duckdb.DuckDBPyConnection, reading: Reading, month: str, concerned: list[Difference]
) -> list[Entry] | None:
    """The keys of one month; None where they can not be told. The fault itself must be shown whatever happens here."""
    try:
        _read(engine, reading, month)
        own = [d.measure for d in concerned if d.left_name == DECLARATIONS and d.measure in OWN_MEASURES]
        keys = _differing(engine, month)
        for measure in own:
            _add_own(engine, measure, keys)
        _add_districts(engine, keys)
    except (duckdb.Error, adbc_driver_manager.Error):
        log.exception("%s 的差异没有查到是哪些数字", month)
        return None
    return [_line(month, *about, found) for about, found in keys.items() if found or about[1] is None]


def _line(month: str, metric: str, dimension: str | None, keys: set[str]) -> Entry:
    return entry(month, metric, EVERY) if len(keys) > MOST_KEYS else entry(month, metric, dimension, keys)


def _read(engine: duckdb.DuckDBPyConnection, reading: Reading, month: str) -> None:
    """Bring the month's goods items, and what their declarations say themselves, into the engine."""
    counted = f"WHERE d.counted = TRUE AND d.cleared_on >= '{month}-01' AND d.cleared_on <= '{month}-31'"
    for table, sql in (("source_item", SOURCE_ITEM), ("source_own", SOURCE_OWN_TOTALS)):
        with reading.stream(f"{sql} {counted}") as rows:
            engine.register("incoming", rows)
            engine.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM incoming")


def _differing(engine: duckdb.DuckDBPyConnection, month: str) -> Keys:
    """The keys on which the goods items and the cubes disagree, by metric and dimension."""
    found: Keys = {}
    for dimension, cube in ADDED_FROM.items():
        for key, *differ, alone in engine.execute(_compared(dimension, cube), [month]).fetchall():
            for metric, differs in zip(MEASURES, differ, strict=True):
                if differs:
                    found.setdefault((metric, dimension), set()).add(key)
            if alone and dimension in COUNTED_KEYS:
                found[COUNTED_KEYS[dimension], None] = set()
    return found


def _compared(dimension: str, cube: str) -> str:
    """Return the SQL of all keys with a flag for each measure that differs, and whether one side lacks the key."""
    column = _column(dimension)
    added = ", ".join(f"SUM({name}) AS {name}" for name in MEASURES)
    items = "SELECT *, CASE WHEN line = 1 THEN 1 ELSE 0 END AS declarations FROM source_item"
    sides = [
        f"SELECT COALESCE({column}, '') AS key, {added} FROM {relation} GROUP BY ALL"
        for relation in (f"({items})", f"{cube} WHERE month = ?")
    ]
    flags = ", ".join(f"COALESCE(a.{name}, 0) <> COALESCE(b.{name}, 0)" for name in MEASURES)
    alone = "a.key IS NULL OR b.key IS NULL"
    joined = f"({sides[0]}) a FULL JOIN ({sides[1]}) b ON a.key = b.key"
    return f"SELECT COALESCE(a.key, b.key), {flags}, {alone} FROM {joined}"


def _column(dimension: str) -> str:
    return DIMENSIONS[dimension].columns[0]


def _add_own(engine: duckdb.DuckDBPyConnection, measure: str, keys: Keys) -> None:
    """Add the keys of the declarations whose own total differs from that of their items."""
    items = f"SELECT declaration_id, SUM({measure}) AS added FROM source_item GROUP BY declaration_id"
    wrong = f"SELECT declaration_id FROM ({items}) JOIN source_own USING (declaration_id) WHERE added <> {measure}"
    for dimension in ADDED_FROM:
        key = f"COALESCE({_column(dimension)}, '')"
        sql = f"SELECT DISTINCT {key} FROM source_item SEMI JOIN ({wrong}) USING (declaration_id)"
        if found := {key for (key,) in engine.execute(sql).fetchall()}:
            keys.setdefault((measure, dimension), set()).update(found)


def _add_districts(engine: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """Add the districts of the enterprises that were found."""
    district = DISTRICT.format(uscc="k.uscc")
    sql = f"SELECT DISTINCT {district} FROM (SELECT unnest(?) AS uscc) k LEFT JOIN enterprise e ON e.uscc = k.uscc"
    for (metric, dimension), found in list(keys.items()):
        if dimension == "enterprise":
            keys[metric, "district"] = {key for (key,) in engine.execute(sql, [sorted(found)]).fetchall()}

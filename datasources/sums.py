"""The sums that figures are made of, read from the cube tables of a worker or of a reader."""

from datetime import date
from typing import Any

import duckdb

from datasources.enterprises import DISTRICT
from datasources.periods import Span, share

MONEY = ("cny_cents", "usd_cents")
MEASURES = ("items", "declarations", "vehicles", *MONEY)


def fetch(engine: duckdb.DuckDBPyConnection, sql: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
    """Return the rows of a query as dictionaries."""
    cursor = engine.execute(sql, values or [])
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def added(measures: tuple[str, ...] = MEASURES) -> str:
    """Return the SQL that adds measures; an overflow of 64 bits is an error, not a wrong figure."""
    return ", ".join(f"CAST(COALESCE(SUM({name}), 0) AS BIGINT) AS {name}" for name in measures)


def total(engine: duckdb.DuckDBPyConnection, span: Span) -> dict[str, int]:
    """Return all measures of a span by clearance day, with the number of distinct countries."""
    sql = f"SELECT {added()}, COUNT(DISTINCT country) AS countries FROM cube_country WHERE day BETWEEN ? AND ?"
    return fetch(engine, sql, list(span))[0]


def grouped(engine: duckdb.DuckDBPyConnection, table: str, by: str, span: Span) -> dict[Any, dict[str, int]]:
    """Return the measures of a span by one or more columns of a cube (comma-separated), keyed by value or tuple."""
    columns = by.split(", ")
    measures = ("vehicles", "cny_cents")
    rows = fetch(
        engine, f"SELECT {by}, {added(measures)} FROM {table} WHERE day BETWEEN ? AND ? GROUP BY {by}", list(span)
    )
    keys = [tuple(row[column] for column in columns) if len(columns) > 1 else row[by] for row in rows]
    return {key: {name: row[name] for name in measures} for key, row in zip(keys, rows, strict=True)}


def enterprises(engine: duckdb.DuckDBPyConnection, span: Span) -> int:
    """Return how many enterprises cleared something in a span."""
    return int(
        fetch(engine, "SELECT COUNT(DISTINCT uscc) AS n FROM cube_enterprise WHERE day BETWEEN ? AND ?", list(span))[0][
            "n"
        ]
    )


def new_energy_share(fuels: dict[str, dict[str, int]]) -> float | None:
    """Return the share of plug-in hybrid and electric cars, formed after the parts are added."""
    vehicles = {fuel: row["vehicles"] for fuel, row in fuels.items()}
    return share(vehicles.get("BEV", 0) + vehicles.get("PHEV", 0), sum(vehicles.values()))


def median_minutes(engine: duckdb.DuckDBPyConnection, first: str, last: str) -> float | None:
    """Return the exact median minutes from declaration to clearance over whole months, both 'YYYY-MM' included.

    For an even count it is the mean of the two middle values.
    """
    rows = fetch(
        engine,
        "SELECT minutes, CAST(SUM(n) AS BIGINT) AS n FROM cube_hours "
        "WHERE month BETWEEN ? AND ? GROUP BY minutes ORDER BY minutes",
        [first, last],
    )
    return middle([(row["minutes"], row["n"]) for row in rows])


def middle(counted: list[tuple[int, int]]) -> float | None:
    """Return the median of values with their counts, in ascending order."""
    size = sum(count for _, count in counted)
    if size == 0:
        return None
    return (_at(counted, (size - 1) // 2) + _at(counted, size // 2)) / 2


def _at(counted: list[tuple[int, int]], position: int) -> int:
    passed = 0
    for value, count in counted:
        passed += count
        if position < passed:
            return value
    raise IndexError(position)


def iso(day: date) -> str:
    """Return the month of a day as 'YYYY-MM'."""
    return f"{day:%Y-%m}"


def by_district(engine: duckdb.DuckDBPyConnection, span: Span) -> dict[str, dict[str, int]]:
    """Return vehicles and value by the consignor's district (six digits)."""
    district = DISTRICT.format(uscc="c.uscc")
    rows = fetch(
        engine,
        f"SELECT {district} AS district, {added(('vehicles', 'cny_cents'))} FROM cube_enterprise c "
        f"LEFT JOIN enterprise e ON e.uscc = c.uscc WHERE day BETWEEN ? AND ? GROUP BY {district}",
        list(span),
    )
    return {row.pop("district"): row for row in rows}

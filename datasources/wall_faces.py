"""Makes the figures of the wall's other faces from the cubes: the corridor to Central Asia; siblings have the rest."""

from datetime import date
from typing import Any

import duckdb

from datasources import sums
from datasources.names import country_name
from datasources.periods import (
    Span,
    cents_each,
    change,
    month_label,
    months_back,
    share,
    year_before,
    year_earlier,
    year_to_date,
)
from datasources.wall_faces_enterprises import enterprise_wall
from datasources.wall_faces_operations import operations
from geo.groups import GROUPS

Figures = dict[str, Any]

FIVE = tuple(sorted(GROUPS["central_asia"].members))
MEASURES = ("vehicles", "cny_cents")


def face_figures(engine: duckdb.DuckDBPyConnection, today: date, shown: Figures) -> Figures:
    """Return the figures of every face but the overview, by its key; `shown` are the overview's, which are reused.

    Money in integer cents, shares and changes as float or None; a year is the year to date, its base the same days of
    last year.
    """
    span = year_to_date(today)
    return {
        "asia": asia(engine, today, shown),
        "enterprise_wall": enterprise_wall(engine, span),
        "operations": operations(engine, span, shown),
    }


def asia(engine: duckdb.DuckDBPyConnection, today: date, shown: Figures) -> Figures:
    """Return the corridor to Central Asia: its sum, the five countries, which port serves which, and the months."""
    countries = five(shown["countries"])
    flows = [flow for flow in shown["flows"] if flow["country"] in FIVE]
    monthly = by_month(engine, today)
    return {
        "total": total(countries, base(engine, year_before(year_to_date(today))), shown["year"]),
        "countries": countries,
        "flows": flows,
        "ports": ports(flows),
        "trend": [month(name, monthly, FIVE) for name in months_back(today, 12)],
        "by_country": {key: [month(name, monthly, (key,)) for name in months_back(today, 12)] for key in FIVE},
    }


def five(rows: list[Figures]) -> list[Figures]:
    """Return the five countries as the ranking of all destinations has them; those without exports come last."""
    there = [row for row in rows if row["key"] in FIVE]
    missing = [key for key in FIVE if key not in {row["key"] for row in there}]
    empty = {"rank": None, "move": 0, "vehicles": 0, "cny_cents": 0, "share": None, "yoy": None}
    return there + [{"key": key, "name": country_name(key), **empty} for key in missing]


def base(engine: duckdb.DuckDBPyConnection, span: Span) -> dict[str, int]:
    """Return the five countries' measures of a span."""
    sql = f"SELECT {sums.added(MEASURES)} FROM cube_country WHERE {among('country')} AND day BETWEEN ? AND ?"
    return sums.fetch(engine, sql, [*FIVE, *span])[0]


def among(column: str) -> str:
    """Return the SQL that picks the five countries; their keys are bound, in the order of `FIVE`."""
    return f"{column} IN ({', '.join('?' * len(FIVE))})"


def total(countries: list[Figures], before: dict[str, int], year: Figures) -> Figures:
    """Return the sum of the five with its change, and its parts of the whole city's exports."""
    now = {name: sum(row[name] for row in countries) for name in MEASURES}
    return {
        **now,
        "cny_yoy": change(now["cny_cents"], before["cny_cents"]),
        "vehicles_yoy": change(now["vehicles"], before["vehicles"]),
        "cny_share": share(now["cny_cents"], year["cny_cents"]),
        "vehicles_share": share(now["vehicles"], year["vehicles"]),
        "average_cny_cents": cents_each(now["cny_cents"], now["vehicles"]),
    }


def ports(flows: list[Figures]) -> list[Figures]:
    """Return each port and mode with its vehicles to the five and its part of them, the largest first."""
    cells: dict[tuple[str, str], int] = {}
    for flow in flows:
        cell = (flow["office"], flow["mode"])
        cells[cell] = cells.get(cell, 0) + flow["vehicles"]
    whole = sum(cells.values())
    ordered = sorted(cells.items(), key=lambda cell: (-cell[1], cell[0]))
    return [
        {"office": office, "mode": mode, "vehicles": count, "share": share(count, whole)}
        for (office, mode), count in ordered
    ]


def by_month(engine: duckdb.DuckDBPyConnection, today: date) -> dict[tuple[str, str], dict[str, int]]:
    """Return the five countries' measures by month and country, of the last 24 months."""
    sql = (
        f"SELECT month, country, {sums.added(MEASURES)} FROM cube_country "
        f"WHERE {among('country')} AND month >= ? GROUP BY month, country"
    )
    rows = sums.fetch(engine, sql, [*FIVE, months_back(today, 24)[0]])
    return {(row["month"], row["country"]): {name: row[name] for name in MEASURES} for row in rows}


def month(name: str, monthly: dict[tuple[str, str], dict[str, int]], keys: tuple[str, ...]) -> Figures:
    """Return one month of some countries beside the same month a year ago (whole months); None where that is empty."""
    now = [monthly[cell] for key in keys if (cell := (name, key)) in monthly]
    last = [monthly[cell] for key in keys if (cell := (year_earlier(name), key)) in monthly]
    return {
        "month": name,
        "label": month_label(name),
        **{measure: sum(row[measure] for row in now) for measure in MEASURES},
        "last_year_cny_cents": sum(row["cny_cents"] for row in last) if last else None,
        "last_year_vehicles": sum(row["vehicles"] for row in last) if last else None,
    }

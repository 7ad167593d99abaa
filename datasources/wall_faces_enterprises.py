"""Makes the figures of the wall of enterprises from the cubes: how many export, how concentrated, and who is new."""

from datetime import date
from typing import Any

import duckdb

from datasources import sums
from datasources.names import short_name
from datasources.periods import (
    Span,
    cents_each,
    change,
    month_label,
    months_back,
    share,
    year_before,
    year_earlier,
)
from datasources.ranks import enterprise_names

Figures = dict[str, Any]

LARGEST = 5  # CR5: the part of the five largest
LISTED = 8  # enterprises named among the changes
NEW_LISTED = 4  # newcomers among them at most, so that the large changes are seen too


def enterprise_wall(engine: duckdb.DuckDBPyConnection, span: Span) -> Figures:
    """Return the figures of the face; its number of enterprises and their ranking are the overview's.

    `entrants` exported this year and not in the same days of last year; `…_each` is for one active enterprise.
    """
    rows = both_years(engine, span)
    new = newcomers(rows)
    return {
        "top_share": concentration(rows, "now"),
        "top_share_before": concentration(rows, "before"),
        "top": [row["uscc"] for row in largest(rows, "now")],
        "entrants": len(new),
        "entrants_vehicles": sum(row["now_vehicles"] for row in new),
        "entrants_keys": [row["uscc"] for row in new],
        "changes": changes(rows, new, enterprise_names(engine)),
        **each(rows),
        "months": months(engine, span.last),
    }


def both_years(engine: duckdb.DuckDBPyConnection, span: Span) -> list[Figures]:
    """Return every enterprise with its sums of a span and of the same days a year before, and its first day in it."""
    parts = [
        f"CAST(SUM(CASE WHEN day BETWEEN ? AND ? THEN {name} ELSE 0 END) AS BIGINT) AS {period}_{name}"
        for period in ("now", "before")
        for name in ("items", "vehicles", "cny_cents")
    ]
    before = year_before(span)
    first = "MIN(CASE WHEN day BETWEEN ? AND ? THEN day END) AS first_day"
    where = "day BETWEEN ? AND ? OR day BETWEEN ? AND ?"
    sql = f"SELECT uscc, {', '.join(parts)}, {first} FROM cube_enterprise WHERE {where} GROUP BY uscc"
    return sums.fetch(engine, sql, [*span * 3, *before * 3, *span, *span, *before])


def largest(rows: list[Figures], period: str) -> list[Figures]:
    """Return the largest enterprises of a period, by the order of the ranking: vehicles, value, key."""
    there = [row for row in rows if row[f"{period}_items"]]
    return sorted(there, key=lambda r: (-r[f"{period}_vehicles"], -r[f"{period}_cny_cents"], r["uscc"]))[:LARGEST]


def concentration(rows: list[Figures], period: str) -> float | None:
    """Return the part of all vehicles of a period that the largest enterprises hold."""
    whole = sum(row[f"{period}_vehicles"] for row in rows)
    return share(sum(row[f"{period}_vehicles"] for row in largest(rows, period)), whole)


def each(rows: list[Figures]) -> Figures:
    """Return vehicles (a float) and value (cents) for one active enterprise, and their changes; formed after adding."""
    found: Figures = {}
    for period in ("now", "before"):
        active = sum(1 for row in rows if row[f"{period}_items"])
        vehicles, cents = (sum(row[f"{period}_{name}"] for row in rows) for name in ("vehicles", "cny_cents"))
        found[period] = share(vehicles, active), cents_each(cents, active)
    (vehicles_each, cents), (vehicles_before, cents_before) = found["now"], found["before"]
    return {
        "vehicles_each": vehicles_each,
        "vehicles_each_yoy": change(vehicles_each or 0, vehicles_before or 0),
        "cny_each_cents": cents,
        "cny_each_yoy": change(cents or 0, cents_before or 0),
    }


def newcomers(rows: list[Figures]) -> list[Figures]:
    """Return who exported in the span and not in the same days a year before, the latest arrival first."""
    new = [row for row in rows if row["now_items"] and not row["before_items"]]
    return sorted(new, key=lambda row: (row["first_day"], row["uscc"]), reverse=True)


def changes(rows: list[Figures], new: list[Figures], names: dict[str, str]) -> list[Figures]:
    """Return the newcomers first, then who gained or lost most vehicles against the same days of last year."""
    first = new[:NEW_LISTED]
    others = [row for row in rows if row not in new and row["now_vehicles"] != row["before_vehicles"]]
    ordered = sorted(others, key=lambda row: (-abs(row["now_vehicles"] - row["before_vehicles"]), row["uscc"]))
    return [changed(row, names.get(key := str(row["uscc"]), key)) for row in (first + ordered)[:LISTED]]


def changed(row: Figures, name: str) -> Figures:
    """Return one enterprise with what it gained or lost; `new` and `gone` tell of a year in which it did not export."""
    return {
        "key": row["uscc"],
        "name": name,
        "short": short_name(name),
        "first_day": row["first_day"].isoformat() if row["first_day"] else None,
        "vehicles": row["now_vehicles"],
        "gain": row["now_vehicles"] - row["before_vehicles"],
        "new": not row["before_items"],
        "gone": not row["now_items"],
    }


def months(engine: duckdb.DuckDBPyConnection, today: date) -> list[Figures]:
    """Return how many enterprises cleared something in each of the last 12 months, and a year before (whole months)."""
    sql = "SELECT month, COUNT(DISTINCT uscc) AS active FROM cube_enterprise WHERE month >= ? GROUP BY month"
    rows = sums.fetch(engine, sql, [months_back(today, 24)[0]])
    known = {row["month"]: int(row["active"]) for row in rows}
    return [
        {
            "month": month,
            "label": month_label(month),
            "active": known.get(month, 0),
            "last_year": known.get(year_earlier(month)),
        }
        for month in months_back(today, 12)
    ]

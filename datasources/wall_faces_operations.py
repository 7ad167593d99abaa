"""Makes the figures of the wall of operations from the cubes: how long clearance takes, and what passes each step."""

from datetime import date
from typing import Any

import duckdb

from datasources import sums
from datasources.periods import Span, month_label, months_back, share, year_before, year_earlier
from datasources.stages import VOID

Figures = dict[str, Any]

DAY = 1440  # minutes
HOUR = "minutes - minutes % 60"
# The bands of the histogram: upper end in days, included; None for what is longer than all of them.
BANDS: tuple[tuple[str, str, int | None], ...] = (
    ("1", "1 天以内", 1),
    ("3", "1—3 天", 3),
    ("7", "3—7 天", 7),
    ("15", "7—15 天", 15),
    ("more", "15 天以上", None),
)
STEPS = {"declared": "cube_states", "released": "cube_releases"}


def operations(engine: duckdb.DuckDBPyConnection, span: Span, shown: Figures) -> Figures:
    """Return the figures of the face; `shown` are the overview's.

    Minutes run from declaration to clearance (cube_hours). That cube knows whole months only, so the year before is
    that year's same months to their end, and so the words on the wall say.
    """
    year = shown["year"]
    found = spreads(engine, groups(span))
    return {
        "hours": hours(found),
        "bands": bands(engine, span),
        "medians": medians(found, span.last),
        "steps": steps(engine, span.last),
        "data": {
            "declarations": year["declarations"],
            "items": items(engine, span),
            "vehicles": year["vehicles"],
            "enterprises": year["enterprises"],
        },
    }


def hours(found: dict[str, Figures]) -> Figures:
    """Return the median and 90th percentile of the minutes of this year's months, and of the same months last year."""
    now, before = found.get("now", {}), found.get("before", {})
    return {
        "median_minutes": now.get("median"),
        "p90_minutes": now.get("p90"),
        "declarations": now.get("n", 0),
        "median_minutes_before": before.get("median"),
        "p90_minutes_before": before.get("p90"),
    }


def groups(span: Span) -> dict[str, list[str]]:
    """Return whose spread of minutes is wanted: each of the last 24 months, and the months of both years to date."""
    months = months_back(span.last, 24)
    spans = {"now": span, "before": year_before(span)}
    years = {
        name: [m for m in months if sums.iso(days.first) <= m <= sums.iso(days.last)] for name, days in spans.items()
    }
    return {month: [month] for month in months} | years


def spreads(engine: duckdb.DuckDBPyConnection, wanted: dict[str, list[str]]) -> dict[str, Figures]:
    """Return count, exact median and 90th percentile of the minutes of groups of months, but of those without any.

    The median of an even count is the mean of its two middle values; the percentile is the smallest value that at
    least nine in ten do not exceed. Found first by the hour, then by the minute within the few hours that hold them:
    two years of minutes are too many to be ordered, or carried to Python, every minute.
    """
    by_hour = months_by_hour(engine, min(min(months) for months in wanted.values()))
    coarse = {name: merged(by_hour, months) for name, months in wanted.items()}
    held = {
        name: {at: located(counted, place) for at, place in places(sum(n for _, n in counted)).items()}
        for name, counted in coarse.items()
        if counted
    }
    cells = {(m, hour) for name, found in held.items() for hour, _ in found.values() for m in wanted[name]}
    by_minute = hours_by_minute(engine, sorted(cells))
    made = {}
    for name, found in held.items():
        fine = {hour: merged(by_minute.get(hour, {}), wanted[name]) for hour, _ in found.values()}
        at = {one: located(fine[hour], rest)[0] for one, (hour, rest) in found.items()}
        count = sum(n for _, n in coarse[name])
        made[name] = {"n": count, "median": (at["low"] + at["high"]) / 2, "p90": at["p90"]}
    return made


def merged(by_month: dict[str, dict[int, int]], months: list[str]) -> list[tuple[int, int]]:
    """Return the values of some months with their added counts, in ascending order."""
    added: dict[int, int] = {}
    for month in months:
        for value, count in by_month.get(month, {}).items():
            added[value] = added.get(value, 0) + count
    return sorted(added.items())


def places(count: int) -> dict[str, int]:
    """Return the places, from 0, of the two middle values and of the 90th percentile among so many in order."""
    return {"low": (count - 1) // 2, "high": count // 2, "p90": -(-count * 9 // 10) - 1}


def located(counted: list[tuple[int, int]], place: int) -> tuple[int, int]:
    """Return the value at a place among values with their counts, in ascending order, and the place within it."""
    for value, count in counted:
        if place < count:
            return value, place
        place -= count
    raise IndexError(place)


def months_by_hour(engine: duckdb.DuckDBPyConnection, first: str) -> dict[str, dict[int, int]]:
    """Return month -> hour (in minutes) -> declarations, from a month on."""
    sql = f"SELECT month, {HOUR} AS hour, CAST(SUM(n) AS BIGINT) AS n FROM cube_hours WHERE month >= ?"
    found: dict[str, dict[int, int]] = {}
    for row in sums.fetch(engine, f"{sql} GROUP BY month, hour", [first]):
        found.setdefault(row["month"], {})[row["hour"]] = row["n"]
    return found


def hours_by_minute(
    engine: duckdb.DuckDBPyConnection, cells: list[tuple[str, int]]
) -> dict[int, dict[str, dict[int, int]]]:
    """Return hour -> month -> minutes -> declarations, of the wanted hours of months."""
    if not cells:
        return {}
    among = f"(month, {HOUR}) IN ({', '.join(['(?, ?)'] * len(cells))})"
    sql = f"SELECT {HOUR} AS hour, month, minutes, CAST(SUM(n) AS BIGINT) AS n FROM cube_hours WHERE {among}"
    found: dict[int, dict[str, dict[int, int]]] = {}
    values = [value for cell in cells for value in cell]
    for row in sums.fetch(engine, f"{sql} GROUP BY hour, month, minutes", values):
        found.setdefault(row["hour"], {}).setdefault(row["month"], {})[row["minutes"]] = row["n"]
    return found


def bands(engine: duckdb.DuckDBPyConnection, span: Span) -> list[Figures]:
    """Return how many declarations of this year's months cleared in each band of time, beside last year's share."""
    now, before = (band_counts(engine, days) for days in (span, year_before(span)))
    whole, whole_before = sum(now), sum(before)
    return [
        {"key": key, "name": name, "n": n, "share": share(n, whole), "share_before": share(last, whole_before)}
        for (key, name, _), n, last in zip(BANDS, now, before, strict=True)
    ]


def band_counts(engine: duckdb.DuckDBPyConnection, span: Span) -> list[int]:
    """Return the declarations of each band, of the whole months that a span touches."""
    ends = [days * DAY if days else None for _, __, days in BANDS]
    tests = [
        " AND ".join([*([f"minutes > {low}"] if low is not None else []), *([f"minutes <= {high}"] if high else [])])
        for low, high in zip([None, *ends[:-1]], ends, strict=True)
    ]
    counted = ", ".join(
        f"CAST(COALESCE(SUM(CASE WHEN {test} THEN n ELSE 0 END), 0) AS BIGINT) AS b{i}" for i, test in enumerate(tests)
    )
    sql = f"SELECT {counted} FROM cube_hours WHERE month BETWEEN ? AND ?"
    row = sums.fetch(engine, sql, [sums.iso(day) for day in span])[0]
    return [int(row[f"b{i}"]) for i in range(len(BANDS))]


def medians(found: dict[str, Figures], today: date) -> list[Figures]:
    """Return the median minutes of each of the last 12 months, and of the same month a year before."""
    return [
        {
            "month": month,
            "label": month_label(month),
            "median_minutes": found.get(month, {}).get("median"),
            "last_year": found.get(year_earlier(month), {}).get("median"),
        }
        for month in months_back(today, 12)
    ]


def steps(engine: duckdb.DuckDBPyConnection, today: date) -> list[Figures]:
    """Return the declarations that were declared, released and cleared in each of the last 12 months.

    Each counts in the month of its own step; what was refused or deleted is in none.
    """
    months = months_back(today, 12)
    counts = {name: filed(engine, table, f"state NOT IN {VOID}", months[0]) for name, table in STEPS.items()}
    counts["cleared"] = filed(engine, "cube_enterprise", "TRUE", months[0])
    return [
        {"month": m, "label": month_label(m), **{name: found.get(m, 0) for name, found in counts.items()}}
        for m in months
    ]


def filed(engine: duckdb.DuckDBPyConnection, table: str, where: str, first: str) -> dict[str, int]:
    """Return the declarations of a cube by month, from a month on."""
    sql = f"SELECT month, {sums.added(('declarations',))} FROM {table} WHERE {where} AND month >= ? GROUP BY month"
    return {row["month"]: row["declarations"] for row in sums.fetch(engine, sql, [first])}


def items(engine: duckdb.DuckDBPyConnection, span: Span) -> int:
    """Return the goods items that count in a span."""
    sql = f"SELECT {sums.added(('items',))} FROM cube_enterprise WHERE day BETWEEN ? AND ?"
    return int(sums.fetch(engine, sql, list(span))[0]["items"])

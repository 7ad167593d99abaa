"""The process of a car from purchase to refund: how many passed each stage this year, and how many stand in it now."""

from datetime import date
from typing import Any

import duckdb

from datasources import sums
from datasources.facts import SOURCE_STAGES
from datasources.periods import Span
from datasources.source import Reading

STAGES = {
    "acquired": "收购", "transferred": "待出口", "licensed": "许可", "declared": "报关",
    "released": "放行", "cleared": "结关", "deregistered": "注销", "refunded": "退税",
}  # fmt: skip
VOID = "('SUBMITTED', 'REJECTED', 'DELETED')"
AT_CUSTOMS = "('LODGED', 'PASSED', 'EXAMINED', 'SUSPENDED')"


def source_stages(reading: Reading, before: dict[str, Any], pulse: dict[str, Any], today: date) -> dict[str, Any]:
    """Count the registers' stages of this year; nothing is counted again while neither register nor day changes."""
    key = [str(pulse.get("registration")), str(pulse.get("licence_vehicle")), today.isoformat()]
    if before.get("key") == key:
        return before
    span = {"first": f"{today.year}-01-01", "last": today.isoformat()}
    counted = reading.rows(SOURCE_STAGES.format(**span))[0]
    return {"key": key, **counted, "registrations": bool(key[0]), "licences": bool(key[1])}


def stages(
    engine: duckdb.DuckDBPyConnection, span: Span, registers: dict[str, Any], year: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the eight stages; a stage without a source has None in all its figures.

    `year` are the year's figures: its median from declaration to clearance is the only time between two stages that is
    known for every car.
    """
    passed = {
        "transferred": registers.get("transferred") if registers.get("registrations") else None,
        "licensed": registers.get("licensed") if registers.get("licences") else None,
        "declared": _steps(engine, "cube_states", span, f"state NOT IN {VOID}"),
        "released": _steps(engine, "cube_releases", span, f"state NOT IN {VOID}"),
        "cleared": year["vehicles"],
    }
    in_hand = {
        "declared": _steps(engine, "cube_states", None, f"state IN {AT_CUSTOMS}"),
        "released": _steps(engine, "cube_states", None, "state = 'RELEASED'"),
    }
    hours = year["median_hours"]
    days = {"cleared": None if hours is None else hours / 24}
    return [_stage(key, name, passed.get(key), in_hand.get(key), days.get(key)) for key, name in STAGES.items()]


def _stage(key: str, name: str, vehicles: int | None, in_hand: int | None, days: float | None) -> dict[str, Any]:
    source = vehicles is not None
    return {"key": key, "name": name, "vehicles": vehicles, "in_hand": in_hand, "median_days": days, "source": source}


def _steps(engine: duckdb.DuckDBPyConnection, table: str, span: Span | None, where: str) -> int:
    """Return the vehicles of declarations in some states, of the months of a span or of all time."""
    months = " AND month BETWEEN ? AND ?" if span else ""
    values = [sums.iso(day) for day in span] if span else []
    return int(
        sums.fetch(engine, f"SELECT {sums.added(('vehicles',))} FROM {table} WHERE {where}{months}", values)[0][
            "vehicles"
        ]
    )

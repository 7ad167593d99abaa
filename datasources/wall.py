"""Makes all figures of the wall for one moment from the cubes; plain data, no colours, no chart options."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import duckdb

from dashboard.settings import Settings
from datasources import sums
from datasources.alerts import SOURCE_ALERTS, alerts
from datasources.facts import SOURCE_DEMO, SOURCE_EVENTS
from datasources.names import FUELS, MODES, area_name, development_zone, office_name
from datasources.periods import (
    Span,
    cents_each,
    change,
    month_before,
    month_label,
    month_to_date,
    months_back,
    share,
    year_before,
    year_earlier,
    year_to_date,
)
from datasources.ranks import country_ranks, enterprise_ranks, model_ranks
from datasources.snapshots import Manifest
from datasources.source import SHANGHAI, Reading
from datasources.stages import stages
from datasources.ticker import ticker
from datasources.wall_faces import face_figures

MODE_ORDER = ("3", "4", "2", "5")
NO_DEMO = ("", "0", "off", "false", "no")


@dataclass(frozen=True)
class Moment:
    """What the figures need beside the cubes: which generation, of when, made when, and the switches of the wall."""

    generation: str
    as_of: datetime
    now: datetime
    demo: bool
    map_approval: str
    goal_cents: int | None
    stages: dict[str, Any]
    events: list[dict[str, Any]]
    alerts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The day of the data in Xi'an."""
        return self.as_of.astimezone(SHANGHAI).date()


def moment_of(manifest: Manifest, reading: Reading, settings: Settings, now: datetime) -> Moment:
    """Collect what the figures need from the read transaction of the tick."""
    demo = [row["value"] for row in reading.rows(SOURCE_DEMO)]
    return Moment(
        manifest.id,
        reading.as_of.astimezone(SHANGHAI),
        now.astimezone(SHANGHAI),
        bool(demo) and str(demo[0]).lower() not in NO_DEMO,
        settings.map_approval,
        goal_cents(settings.goal_cny_yi),
        manifest.stages,
        reading.rows(SOURCE_EVENTS),
        alerts(reading.rows(SOURCE_ALERTS)),
    )


def goal_cents(text: str) -> int | None:
    """Return a goal written in hundreds of millions of yuan as cents; None for an empty or unreadable one."""
    try:
        return int(Decimal(text.strip()) * 10_000_000_000) or None
    except (InvalidOperation, ValueError):
        return None


def wall_figures(engine: duckdb.DuckDBPyConnection, moment: Moment) -> dict[str, Any]:
    """Return every figure of the wall (see the keys below); money in integer cents, shares as float or None."""
    today = moment.today
    span = year_to_date(today)
    year = year_figures(engine, span)
    shown = {
        **head(moment),
        "year": year,
        "month": month_figures(engine, today),
        "goal": goal_figures(moment.goal_cents, year["cny_cents"], today),
        "trend": trend(engine, today),
        "countries": country_ranks(engine, span),
        "models": model_ranks(engine, span)[:20],
        "enterprises": enterprise_ranks(engine, span)[:20],
        "fuel": fuels(engine, span),
        "modes": modes(engine, span),
        "flows": flows(engine, span),
        "districts": districts(engine, span),
        "zones": zones(engine, span),
        "stages": stages(engine, span, moment.stages, year),
        "ticker": ticker(engine, moment.events, today),
        "alerts": moment.alerts,
    }
    return shown | face_figures(engine, today, shown)


def head(moment: Moment) -> dict[str, Any]:
    """Return what the wall says about the data itself. A generation that is published is reconciled by definition."""
    return {
        "generation": moment.generation,
        "as_of": moment.as_of.isoformat(timespec="seconds"),
        "now": moment.now.isoformat(timespec="seconds"),
        "today": moment.today.isoformat(),
        "demo": moment.demo,
        "reconciled": True,
        "fault": None,
        "map_approval": moment.map_approval,
    }


def year_figures(engine: duckdb.DuckDBPyConnection, span: Span) -> dict[str, Any]:
    """Return this year to date, against the same days of last year."""
    now, base = sums.total(engine, span), sums.total(engine, year_before(span))
    minutes = sums.median_minutes(engine, sums.iso(span.first), sums.iso(span.last))
    active = sums.enterprises(engine, span)
    last = f"—{span.last.month}" if span.last.month > 1 else ""
    return {
        "label": f"{span.last.year}年1{last}月累计",
        **{name: now[name] for name in ("cny_cents", "usd_cents", "vehicles", "declarations", "countries")},
        "cny_yoy": change(now["cny_cents"], base["cny_cents"]),
        "vehicles_yoy": change(now["vehicles"], base["vehicles"]),
        "countries_delta": now["countries"] - base["countries"],
        "enterprises": active,
        "enterprises_delta": active - sums.enterprises(engine, year_before(span)),
        "nev_share": sums.new_energy_share(sums.grouped(engine, "cube_model", "fuel", span)),
        "average_usd_cents": cents_each(now["usd_cents"], now["vehicles"]),
        "median_hours": None if minutes is None else minutes / 60,
    }


def month_figures(engine: duckdb.DuckDBPyConnection, today: date) -> dict[str, Any]:
    """Return the running month, against the same elapsed days of last month and of last year's month."""
    span = month_to_date(today)
    now, before, last_year = (sums.total(engine, one) for one in (span, month_before(span), year_before(span)))
    return {
        "month": sums.iso(today),
        "label": f"{today.month}月",
        "cny_cents": now["cny_cents"],
        "vehicles": now["vehicles"],
        "cny_mom": change(now["cny_cents"], before["cny_cents"]),
        "cny_yoy": change(now["cny_cents"], last_year["cny_cents"]),
        "vehicles_mom": change(now["vehicles"], before["vehicles"]),
        "countries_mom": now["countries"] - before["countries"],
        "enterprises_mom": sums.enterprises(engine, span) - sums.enterprises(engine, month_before(span)),
    }


def goal_figures(goal: int | None, cny_cents: int, today: date) -> dict[str, Any] | None:
    """Return how much of the year's goal is reached and how much of the year is over; None without a goal."""
    if goal is None:
        return None
    days = (date(today.year + 1, 1, 1) - date(today.year, 1, 1)).days
    amount = f"{(Decimal(goal) / 10_000_000_000).normalize():f}"
    return {
        "cny_cents": goal,
        "label": f"{amount} 亿元",
        "done": cny_cents / goal,
        "time": today.timetuple().tm_yday / days,
    }


def trend(engine: duckdb.DuckDBPyConnection, today: date) -> list[dict[str, Any]]:
    """Return the last 12 months, oldest first, each with the same month of the year before (whole months)."""
    rows = sums.fetch(engine, f"SELECT month, {sums.added(('cny_cents', 'vehicles'))} FROM cube_country GROUP BY month")
    known = {row["month"]: row for row in rows}
    return [_trend_month(month, known) for month in months_back(today, 12)]


def _trend_month(month: str, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    row, last = known.get(month, {}), known.get(year_earlier(month))
    return {
        "month": month,
        "label": month_label(month),
        "cny_cents": row.get("cny_cents", 0),
        "vehicles": row.get("vehicles", 0),
        "last_year_cny_cents": last["cny_cents"] if last else None,
    }


def fuels(engine: duckdb.DuckDBPyConnection, span: Span) -> list[dict[str, Any]]:
    """Return the vehicles of each fuel that has any, in the fixed order."""
    rows = {key: row["vehicles"] for key, row in sums.grouped(engine, "cube_model", "fuel", span).items()}
    whole = sum(rows.values())
    others = sum(count for key, count in rows.items() if key not in FUELS)
    rows["OTHER"] = rows.get("OTHER", 0) + others
    return [
        {"key": key, "name": name, "vehicles": rows[key], "share": share(rows[key], whole)}
        for key, name in FUELS.items()
        if rows.get(key)
    ]


def modes(engine: duckdb.DuckDBPyConnection, span: Span) -> list[dict[str, Any]]:
    """Return the vehicles of each mode of transport with its exit offices, the largest office first."""
    cells = sums.grouped(engine, "cube_country", "transport_mode, exit_office", span)
    ports: dict[str, list[dict[str, Any]]] = {}
    for (mode, office), row in sorted(cells.items(), key=lambda cell: (-cell[1]["vehicles"], cell[0])):
        if row["vehicles"]:
            ports.setdefault(mode, []).append({"key": office, "name": office_name(office), "vehicles": row["vehicles"]})
    whole = sum(port["vehicles"] for listed in ports.values() for port in listed)
    order = sorted(ports, key=lambda mode: (MODE_ORDER.index(mode) if mode in MODE_ORDER else len(MODE_ORDER), mode))
    return [_mode(mode, ports[mode], whole) for mode in order]


def _mode(mode: str, ports: list[dict[str, Any]], whole: int) -> dict[str, Any]:
    vehicles = sum(port["vehicles"] for port in ports)
    name = MODES.get(mode, "其他")
    return {"key": mode, "name": name, "vehicles": vehicles, "share": share(vehicles, whole), "ports": ports}


def flows(engine: duckdb.DuckDBPyConnection, span: Span) -> list[dict[str, Any]]:
    """Return the vehicles of each country by mode and exit office, the largest first."""
    cells = sums.grouped(engine, "cube_country", "country, transport_mode, exit_office", span)
    ordered = sorted(cells.items(), key=lambda cell: (-cell[1]["vehicles"], cell[0]))
    return [
        {"country": country, "mode": mode, "office": office, "vehicles": row["vehicles"]}
        for (country, mode, office), row in ordered
        if row["vehicles"]
    ]


def districts(engine: duckdb.DuckDBPyConnection, span: Span) -> list[dict[str, Any]]:
    """Return vehicles and value by the consignor's district, the largest first."""
    found = sums.by_district(engine, span)
    return [{"key": key, "name": area_name(key), **row} for key, row in _largest(found)]


def zones(engine: duckdb.DuckDBPyConnection, span: Span) -> list[dict[str, Any]]:
    """Return vehicles and value by development zone of origin; a code that names no zone is left out."""
    found = sums.grouped(engine, "cube_enterprise", "zone", span)
    named = ((key, development_zone(key), row) for key, row in _largest(found))
    return [{"key": key, "name": name, **row} for key, name, row in named if name]


def _largest(rows: dict[str, dict[str, int]]) -> list[tuple[str, dict[str, int]]]:
    return sorted(rows.items(), key=lambda item: (-item[1]["vehicles"], -item[1]["cny_cents"], item[0]))

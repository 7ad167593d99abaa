"""The rankings of the wall: by vehicles, ties by value and then by key, with last year's same days beside."""

from typing import Any

import duckdb

from datasources import sums
from datasources.names import country_name, short_name
from datasources.periods import Span, change, share, year_before

Rows = dict[str, dict[str, int]]


def ranked(rows: Rows) -> list[str]:
    """Return the keys by vehicles, then value, then key."""
    return sorted(rows, key=lambda key: (-rows[key]["vehicles"], -rows[key]["cny_cents"], key))


def moves(now: list[str], before: list[str]) -> dict[str, int | None]:
    """Return how many places each key has risen since an earlier ranking, None for one that was not in it."""
    places = {key: place for place, key in enumerate(before)}
    return {key: places[key] - place if key in places else None for place, key in enumerate(now)}


def ranks(engine: duckdb.DuckDBPyConnection, table: str, by: str, span: Span) -> list[dict[str, Any]]:
    """Rank the keys of a cube over the year to date; `move` and `yoy` are against the same days of last year."""
    now = sums.grouped(engine, table, by, span)
    base = sums.grouped(engine, table, by, year_before(span))
    order = ranked(now)
    moved = moves(order, ranked(base))
    whole = sum(row["vehicles"] for row in now.values())
    return [
        {
            "key": key,
            "name": key,
            "rank": place,
            "move": moved[key],
            **now[key],
            "share": share(now[key]["vehicles"], whole),
            "yoy": change(now[key]["vehicles"], base.get(key, {}).get("vehicles", 0)),
        }
        for place, key in enumerate(order, 1)
    ]


def country_ranks(engine: duckdb.DuckDBPyConnection, span: Span) -> list[dict[str, Any]]:
    """Rank all countries."""
    return [{**row, "name": country_name(row["key"])} for row in ranks(engine, "cube_country", "country", span)]


def model_ranks(engine: duckdb.DuckDBPyConnection, span: Span) -> list[dict[str, Any]]:
    """Rank all models; a model's key is brand and model as written, which is also its name."""
    return ranks(engine, "cube_model", "model", span)


def enterprise_ranks(engine: duckdb.DuckDBPyConnection, span: Span) -> list[dict[str, Any]]:
    """Rank all enterprises with full and short name."""
    names = enterprise_names(engine)
    rows = ranks(engine, "cube_enterprise", "uscc", span)
    return [{**row, "name": (name := names.get(row["key"], row["key"])), "short": short_name(name)} for row in rows]


def enterprise_names(engine: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the full name of each enterprise of the register by USCC."""
    return {row["uscc"]: row["name"] for row in sums.fetch(engine, "SELECT uscc, name FROM enterprise")}

"""What people use and how much: visits and active users by day, hour, role, organisation and function."""

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from datasources.functions import function_name
from datasources.source import SHANGHAI, Reading, Source, SourceUnavailable

PERIODS = (7, 30, 90)  # days
ACTIVE_DAYS = 30
SHOWN_ORGANISATIONS, SHOWN_PEOPLE = 12, 20
LASTS = 60.0  # seconds

# Rows of one person in one hour, all functions together; a day is the first ten letters of an hour (Asia/Shanghai).
SOURCE_VISITS = """
SELECT hour, account_id, role, organisation_id, CAST(SUM(visits) AS BIGINT) AS visits
FROM activity WHERE hour >= '{first}' GROUP BY hour, account_id, role, organisation_id
"""
SOURCE_FUNCTIONS = """
SELECT function, account_id, CAST(SUM(visits) AS BIGINT) AS visits
FROM activity WHERE hour >= '{first}' GROUP BY function, account_id
"""
SOURCE_ACCOUNTS = "SELECT id, login_name, state FROM account"
SOURCE_ORGANISATIONS = "SELECT id, name, kind FROM organisation"

TEXT = pa.string()
VISITS = pa.schema(
    [("hour", TEXT), ("account_id", TEXT), ("role", TEXT), ("organisation_id", TEXT), ("visits", pa.int64())]
)
BY_FUNCTION = pa.schema([("function", TEXT), ("account_id", TEXT), ("visits", pa.int64())])


@dataclass
class Kept:
    """The answers of one database, each good for a minute; whoever comes while one is made waits for it."""

    source: Source
    lock: threading.Lock = field(default_factory=threading.Lock)
    answers: dict[tuple[int, date], tuple[float, dict[str, Any]]] = field(default_factory=dict)


_kept: dict[str, Kept] = {}
_opening = threading.Lock()


def behaviour(url: str, days: int = 30, today: date | None = None) -> dict[str, Any]:
    """The figures of the last `days` days (7, 30 or 90) up to today in Asia/Shanghai, at most a minute old.

    When the database does not answer, the last answer is given once more with `stale` set, or {} when there is none.
    Raises ValueError for another number of days.
    """
    if days not in PERIODS:
        raise ValueError(f"没有这样的时段：{days}")
    day = today or datetime.now(SHANGHAI).date()
    with _opening:
        kept = _kept.get(url) or _kept.setdefault(url, Kept(Source(url)))
    with kept.lock:
        made, answer = kept.answers.get((days, day), (float("-inf"), {}))
        if time.monotonic() - made < LASTS:
            return answer
        try:
            answer = read(kept.source, day, days)
        except SourceUnavailable:
            return {**answer, "stale": True} if answer else {}
        kept.answers = {key: old for key, old in kept.answers.items() if key[1] == day}
        kept.answers[days, day] = (time.monotonic(), answer)
        return answer


def read(source: Source, today: date, days: int) -> dict[str, Any]:
    """The figures as of now; keys: days, as_of, totals, daily, hours, roles, organisations, functions, people.

    `daily` has a row for each day, the quiet ones too; `hours` is visits by weekday (Monday first) and hour of day.
    """
    first = today - timedelta(days=days - 1)
    back = min(first, today - timedelta(days=ACTIVE_DAYS - 1))
    with source.reading() as reading:
        visits = reading.table(SOURCE_VISITS.format(first=back)).cast(VISITS)
        functions = reading.table(SOURCE_FUNCTIONS.format(first=first)).cast(BY_FUNCTION)
        names = Names.read(reading)
    visits = visits.append_column("day", pc.utf8_slice_codeunits(visits["hour"], 0, 10))
    recent = visits.filter(pc.greater_equal(visits["day"], first.isoformat()))
    return {
        "days": days,
        "as_of": reading.as_of.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "totals": totals(visits, today, names),
        "daily": daily(recent, first, days),
        "hours": hours(recent),
        "roles": grouped(recent, "role"),
        "organisations": organisations(recent, names),
        "functions": by_function(functions),
        "people": people(recent, names),
    }


@dataclass(frozen=True)
class Names:
    """How accounts and organisations are called, and which accounts exist."""

    logins: dict[str, str]
    organisations: dict[str, tuple[str, str]]
    registered: int

    @classmethod
    def read(cls, reading: Reading) -> "Names":
        """All of them; there are some hundreds."""
        accounts = reading.rows(SOURCE_ACCOUNTS)
        organisations = {o["id"]: (o["name"], o["kind"]) for o in reading.rows(SOURCE_ORGANISATIONS)}
        registered = sum(a["state"] != "closed" for a in accounts)
        return cls({a["id"]: a["login_name"] for a in accounts}, organisations, registered)


def totals(visits: pa.Table, today: date, names: Names) -> dict[str, int]:
    """The four figures at the top."""
    now = visits.filter(pc.equal(visits["day"], today.isoformat()))
    since = (today - timedelta(days=ACTIVE_DAYS - 1)).isoformat()
    active = visits.filter(pc.greater_equal(visits["day"], since))
    return {
        "visits_today": pc.sum(now["visits"]).as_py() or 0,
        "users_today": pc.count_distinct(now["account_id"]).as_py(),
        "users_active": pc.count_distinct(active["account_id"]).as_py(),
        "accounts": names.registered,
    }


def grouped(table: pa.Table, key: str) -> list[dict[str, Any]]:
    """Visits and active users by a column, the most visited first."""
    found = table.group_by(key).aggregate([("visits", "sum"), ("account_id", "count_distinct")]).to_pylist()
    rows = [{"key": r[key], "visits": r["visits_sum"], "users": r["account_id_count_distinct"]} for r in found]
    return sorted(rows, key=lambda r: (-r["visits"], r["key"]))


def daily(visits: pa.Table, first: date, days: int) -> list[dict[str, Any]]:
    """One row for each day of the period."""
    found = {row["key"]: row for row in grouped(visits, "day")}
    every = [(first + timedelta(days=n)).isoformat() for n in range(days)]
    quiet = {"visits": 0, "users": 0}
    return [
        {"day": day, "visits": row["visits"], "users": row["users"]} for day in every for row in [found.get(day, quiet)]
    ]


def hours(visits: pa.Table) -> list[list[int]]:
    """Visits as seven rows of 24 hours."""
    table = [[0] * 24 for _ in range(7)]
    for row in grouped(visits, "hour"):
        table[date.fromisoformat(row["key"][:10]).weekday()][int(row["key"][11:13])] += row["visits"]
    return table


def organisations(visits: pa.Table, names: Names) -> list[dict[str, Any]]:
    """The most active organisations by name; all others are one row, so that the rows add up to the total."""
    rows = grouped(visits, "organisation_id")
    for row in rows:
        row["name"], row["kind"] = names.organisations.get(row["key"], ("未知单位", ""))
    rest = rows[SHOWN_ORGANISATIONS:]
    if not rest:
        return rows
    sums = {what: sum(row[what] for row in rest) for what in ("visits", "users")}
    return [*rows[:SHOWN_ORGANISATIONS], {"key": "", "name": f"其他 {len(rest)} 家", "kind": "", **sums}]


def by_function(functions: pa.Table) -> list[dict[str, Any]]:
    """Visits and users by the functions' Chinese names; somebody who used two parts of a function is one user."""
    visits: dict[str, int] = defaultdict(int)
    users: dict[str, set[str]] = defaultdict(set)
    for row in functions.to_pylist():
        name = function_name(row["function"])
        visits[name] += row["visits"]
        users[name].add(row["account_id"])
    rows = [{"name": name, "visits": visits[name], "users": len(users[name])} for name in visits]
    return sorted(rows, key=lambda r: (-r["visits"], r["name"]))


def people(visits: pa.Table, names: Names) -> list[dict[str, Any]]:
    """The most active people by login name; role, organisation and hour are those of the last visit."""
    wanted = [
        ("visits", "sum"),
        ("day", "count_distinct"),
        ("role", "last"),
        ("organisation_id", "last"),
        ("hour", "last"),
    ]
    # What is last depends on the order of the rows, which several threads would not keep.
    found = visits.sort_by("hour").group_by("account_id", use_threads=False).aggregate(wanted).to_pylist()
    rows = [person(row, names) for row in found]
    return sorted(rows, key=lambda r: (-r["visits"], r["login"]))[:SHOWN_PEOPLE]


def person(row: dict[str, Any], names: Names) -> dict[str, Any]:
    """One person."""
    return {
        "login": names.logins.get(row["account_id"], "已删除的账号"),
        "role": row["role_last"],
        "organisation": names.organisations.get(row["organisation_id_last"], ("未知单位", ""))[0],
        "visits": row["visits_sum"],
        "days": row["day_count_distinct"],
        "last": row["hour_last"],
    }

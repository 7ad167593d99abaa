"""Who is signed in at this moment, and ending somebody's session."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Engine

from backend.administration.duty import need
from backend.administration.paging import Page, paged_rows
from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.identity.sessions import end_session, sessions_of

MARK = 12  # The first characters of a session's digest name it, here as in the audit.
BROWSERS = {"Edg/": "Edge", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}  # Edge calls itself all.
SYSTEMS = {
    "Windows": "Windows",
    "HarmonyOS": "鸿蒙",
    "Android": "安卓",
    "iPhone": "iPhone",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
METHODS = {"password": "密码", "demo": "演示入口", "qinwuyuan": "秦务员", "single_window": "单一窗口"}


def online_page(engine: Engine, actor: Principal, number: int) -> Page:
    """Live sessions, newest first, each with its mark and whether its account is in use from several addresses."""
    need(actor, "read:sessions")
    with engine.connect() as connection:
        rows = sessions_of(connection)
        _tell(rows)
        return paged_rows(connection, rows, number)


def session_marked(engine: Engine, actor: Principal, mark: str) -> dict[str, Any]:
    """The live session with this mark; raises Refused, Unfit."""
    need(actor, "end:sessions")
    with engine.connect() as connection:
        return _marked(connection, mark)


def device(agent: str) -> str:
    """Browser and system in words, as far as a browser's own name tells; "" when it tells nothing."""
    browser = next((name for sign, name in BROWSERS.items() if sign in agent), "")
    system = next((name for sign, name in SYSTEMS.items() if sign in agent), "")
    return "，".join(part for part in (browser, system) if part)


def _tell(rows: list[dict[str, Any]]) -> None:
    addresses: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        addresses[row["account_id"]].add(row["address"])
    for row in rows:
        row["mark"], row["several"] = row["digest"][:MARK], len(addresses[row["account_id"]]) > 1
        row["device"] = device(row["agent"])


def _marked(connection: Connection, mark: str) -> dict[str, Any]:
    rows = [row for row in sessions_of(connection) if row["digest"][:MARK] == mark]
    if not rows:
        raise Unfit("这个会话已经结束")
    _tell(rows)
    return rows[0]


def end_online(engine: Engine, actor: Principal, mark: str) -> str:
    """End the session with this mark and give its login name; raises Refused, Unfit."""
    need(actor, "end:sessions")
    with writing(engine) as connection:
        found = _marked(connection, mark)
        if found["digest"] == actor.session:
            raise Refused("这是您自己的会话，请用右上角的“退出”")
        end_session(connection, found["digest"], "ended")
        detail = {"login_name": found["login_name"]}
        write_lines(connection, now(), [Line(actor.name, "identity:session:end", mark, detail=detail)])
    return str(found["login_name"])

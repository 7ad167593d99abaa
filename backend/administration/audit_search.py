"""Searching the audit log: what is asked for, one page of it after another, and one line in full."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, or_, select

from backend.administration.audit_words import RESULTS, SUBJECTS
from backend.administration.duty import need
from backend.administration.options import options_of
from backend.audit.chain import value_of
from backend.audit.lines import chain_of
from backend.audit.service import Line, write_lines
from backend.clearance.states import SHANGHAI
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.refusal import Unfit
from backend.identity.sign_in import login_key
from backend.models import account, audit_line

NAMES = {
    "since": "起",
    "until": "止",
    "person": "账号",
    "tag": "标签开头",
    "entity": "对象",
    "key": "对象编号",
    "text": "编号含",
    "result": "结果",
    "address": "网络地址",
}


@dataclass(frozen=True)
class Wanted:
    """What an auditor asks for; "" does not limit. Times are Beijing time, YYYY-MM-DDTHH:MM, both minutes included."""

    since: str = ""
    until: str = ""
    person: str = ""
    tag: str = ""
    entity: str = ""
    key: str = ""
    text: str = ""
    result: str = ""
    address: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Wanted":
        """From a form; raises Unfit for what is no time or no result. Characters that cannot be seen are left out."""
        texts = {
            f.name: "".join(c for c in given.get(f.name, "")[:100] if c.isprintable()).strip() for f in fields(cls)
        }
        wanted = cls(**texts)
        wanted.span()
        if wanted.result and wanted.result not in RESULTS:
            raise Unfit("没有这种结果", "result")
        return wanted

    def span(self) -> tuple[datetime | None, datetime | None]:
        """From the first moment to just after the last one; raises Unfit."""
        first, last = _minute(self.since, "since"), _minute(self.until, "until")
        if first and last and last < first:
            raise Unfit("止的时间早于起的时间，请改正", "until")
        return first, last + timedelta(minutes=1) if last else None

    def given(self) -> dict[str, str]:
        """What limits the search."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}

    def words(self) -> str:
        """The search in one sentence."""
        called = {"entity": SUBJECTS.get(self.entity, self.entity), "result": RESULTS.get(self.result, "")}
        parts = [f"{NAMES[name]} {called.get(name) or text.replace('T', ' ')}" for name, text in self.given().items()]
        return "；".join(parts) or "全部"

    def conditions(self, connection: Connection) -> list[ColumnElement[bool]]:
        """The search as SQL."""
        c, (first, after) = audit_line.c, self.span()
        exact = {c.entity: self.entity, c.key: self.key, c.result: self.result, c.address: self.address}
        found: list[ColumnElement[bool]] = [column == text for column, text in exact.items() if text]
        found += [c.at >= first] if first else []
        found += [c.at < after] if after else []
        found += [c.tag.startswith(self.tag, autoescape=True)] if self.tag else []
        found += [c.key.contains(self.text, autoescape=True)] if self.text else []
        return found + ([self._by(connection)] if self.person else [])

    def _by(self, connection: Connection) -> ColumnElement[bool]:
        """Lines of an account, and those written in its login name before anybody had signed in."""
        known = connection.scalar(select(account.c.id).where(account.c.login_key == login_key(self.person)))
        by_name = audit_line.c.actor == self.person
        return or_(audit_line.c.account_id == known, by_name) if known else by_name


def _minute(text: str, field: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=SHANGHAI)
    except ValueError as bad:
        raise Unfit("时间应为 年-月-日 时:分", field) from bad


@dataclass(frozen=True)
class Found:
    """Lines, the newest first; `older` and `newer` are the numbers to go on from, 0 where there are no more."""

    rows: list[dict[str, Any]]
    older: int = 0
    newer: int = 0


def search(engine: Engine, actor: Principal, wanted: Wanted, before: int = 0, after: int = 0) -> Found:
    """A page of lines with numbers below `before`, or above `after`; the search itself leaves a line. Raises Refused.

    Pages follow numbers, not offsets: the thousandth page takes no longer than the first, and new lines move nothing.
    """
    need(actor, "read:audit")
    with engine.connect() as connection:
        most = options_of(connection)["page_rows"]
        found = _page(connection, wanted.conditions(connection), before, after, most)
    detail = {**wanted.given(), **({"before": before} if before else {}), **({"after": after} if after else {})}
    note(engine, actor, "audit:log:search", wanted.words()[:200], detail)
    return found


def _page(connection: Connection, where: list[ColumnElement[bool]], before: int, after: int, most: int) -> Found:
    c = audit_line.c
    place = [c.id > after] if after else [c.id < before] if before else []
    order = c.id.asc() if after else c.id.desc()
    query = select(audit_line).where(*where, *place).order_by(order).limit(most + 1)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    more, rows = len(rows) > most, rows[:most]
    if after:
        rows.reverse()
    if not rows:
        return Found([])
    older = rows[-1]["id"] if (more or after) else 0
    newer = rows[0]["id"] if (before or (after and more)) else 0
    return Found(rows, older, newer)


def line_of(engine: Engine, actor: Principal, number: int) -> tuple[dict[str, Any], bool]:
    """One line, and whether its value still fits its content and the line before; raises Refused or Unfit."""
    need(actor, "read:audit")
    with engine.connect() as connection:
        row = connection.execute(select(audit_line).where(audit_line.c.id == number)).mappings().first()
        if row is None:
            raise Unfit("没有这一行，或已移入归档")
        line = dict(row)
        whole = line["hash"] == value_of(_value_before(connection, number), line)
    note(engine, actor, "audit:log:read", str(number), None)
    return line, whole


def _value_before(connection: Connection, number: int) -> str:
    chain = chain_of(connection)
    if chain is not None and number == chain.base_id + 1:
        return chain.base_hash
    return str(connection.scalar(select(audit_line.c.hash).where(audit_line.c.id == number - 1)))


def note(engine: Engine, actor: Principal, tag: str, key: str, detail: dict[str, Any] | None) -> None:
    """Leave the line of a look into the log. What was read is shown only once this line stands."""
    with writing(engine) as connection:
        write_lines(connection, now(), [Line(actor.name, tag, key, detail=detail)])

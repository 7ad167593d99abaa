"""What the minute worker does beside publishing: guards the audit's chain, clock and copy outside, and tidies up."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, func, select

from backend.administration.standing import suspend_dormant
from backend.alerts.service import PROGRAM, raise_alert, resolve_by_rule
from backend.audit.chain import stamp
from backend.audit.syslog import Away, last_sent, send_lines
from backend.audit.verify import each_minute
from backend.crypto.keys import Keys
from backend.db import now, writing
from backend.identity.throttle import forget_old
from backend.models import alert, alert_transition, audit_line
from dashboard.settings import Settings

EVERY = 45.0  # Seconds; with a slow publication between two rounds a fault is still an alert within a minute.
APART = timedelta(seconds=5)  # How far clocks may be apart.
CLOCK, LOG_SERVER = "本机时钟", "日志服务器"  # What the alerts are about.
log = logging.getLogger("panorama.duties")


class Duties:
    """Each duty once a minute, in this order; one that fails is logged and does not keep the others from their turn."""

    def __init__(self, settings: Settings, engine: Engine, keys: Keys) -> None:
        self.settings = settings
        self.engine = engine
        self.keys = keys
        self.folder = settings.var / "audit"
        self.next_at = time.monotonic()
        self.all: tuple[Callable[[], object], ...] = (self.chain, self.clock, self.send, self.tidy, self.suspend)

    def maybe(self) -> None:
        """Do what is due."""
        if time.monotonic() >= self.next_at:
            self.next_at = time.monotonic() + EVERY
            self.round()

    def round(self) -> None:
        """Do everything once."""
        for duty in self.all:
            try:
                duty()
            except Exception:
                log.exception("%s 没有做成，下一分钟再试", duty.__name__)

    def chain(self) -> None:
        """Put the head of the audit chain, signed, outside the database; a broken chain is an alert instead."""
        if words := each_minute(self.engine, self.keys, self.folder):
            log.critical("%s", words)  # Remains where the database takes no alert any more.
            with writing(self.engine) as connection:
                raise_alert(connection, rule="audit_break", subject="审计链", severity="critical", words=words)

    def clock(self) -> None:
        """A clock that is more than 5 seconds wrong is an alert until it is right again."""
        with self.engine.connect() as connection:
            skew = skew_of(connection)
        words, detail = skew or (None, None)
        self._tell("clock_skew", CLOCK, words, "时钟已经一致", detail)

    def send(self) -> None:
        """Send new audit lines to the log server, if there is one; one that is away is an alert until it is back."""
        words, well = None, "已补发并继续发送" if self.settings.syslog else "已设置为不再发送"
        try:
            if self.settings.syslog:
                send_lines(self.engine, self.folder, self.settings.syslog)
        except Away as away:
            number = last_sent(self.folder).number
            words = f"{away}；审计日志已送到第 {number:,} 行，其后的留待恢复后补发，请检查日志服务器与网络"
        self._tell("syslog_away", LOG_SERVER, words, well)

    def tidy(self) -> None:
        """Forget tries and locks that no rule looks at any more."""
        with writing(self.engine) as connection:
            forget_old(connection)

    def suspend(self) -> None:
        """Suspend accounts that nobody has used for long."""
        suspend_dormant(self.engine)

    def _tell(
        self, rule: str, subject: str, words: str | None, well: str, detail: dict[str, Any] | None = None
    ) -> None:
        """Raise the alert of a rule with these words, or close the open one when there are none."""
        with writing(self.engine) as connection:
            if words is None:
                resolve_by_rule(connection, rule, subject, well)
            else:
                raise_alert(connection, rule=rule, subject=subject, severity="warning", words=words, detail=detail)


class Skew(NamedTuple):
    """What is wrong with the clock, in words, and what the alert keeps about it."""

    words: str
    detail: dict[str, Any] | None


def skew_of(connection: Connection) -> Skew | None:
    """How this machine's clock is wrong; None when it is at most 5 seconds from all that it can be compared with.

    Compared are the database server's clock (SQLite has none of its own) and the latest moment in the audit, which
    cannot lie ahead of us unless somebody set a clock back.
    """
    latest: datetime | None = connection.scalar(select(func.max(audit_line.c.at)))
    if connection.dialect.name == "postgresql":
        ours, server = _both_clocks(connection)
        if abs(ours - server) > APART:
            way = "快" if ours > server else "慢"
            words = f"本机时钟比数据库服务器{way} {_length(ours - server)}，请检查两台主机的 NTP 校时"
            return Skew(words, None)
    if latest is None or latest - now() <= APART or _dealt_with(connection, latest):
        return None
    words = (
        f"本机时钟比审计记录中最晚的时间慢 {_length(latest - now())}：时钟被往回调过，或此前走得太快，请检查 NTP 校时"
    )
    return Skew(words, {"until": stamp(latest)})


def _both_clocks(connection: Connection) -> tuple[datetime, datetime]:
    """Our clock at the middle of the question, which is when the server read its own."""
    asked = now()
    server = connection.execute(select(func.clock_timestamp())).scalar_one()
    return asked + (now() - asked) / 2, server


def _dealt_with(connection: Connection, latest: datetime) -> bool:
    """Whether a person closed the alert about this very moment: after a clock was a year ahead, the audit's latest
    moment stays ahead for a year although the clock is right."""
    a, t = alert.c, alert_transition.c
    query = select(a.state, a.detail, t.actor).join(alert_transition, t.alert_id == a.id)
    last = connection.execute(query.where(a.rule == "clock_skew").order_by(t.id.desc()).limit(1)).first()
    if last is None or last.state != "resolved" or last.actor == PROGRAM:
        return False
    return bool((last.detail or {}).get("until") == stamp(latest))


def _length(apart: timedelta) -> str:
    seconds = abs(apart).total_seconds()
    for size, unit in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.1f} 秒"

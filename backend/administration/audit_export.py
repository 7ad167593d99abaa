"""Taking the audit log out: settled and put on record before the first byte leaves, and bounded."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from backend.administration.audit_search import Wanted
from backend.administration.duty import need
from backend.administration.options import options_of
from backend.alerts.service import raise_alert
from backend.audit.lines import chain_of
from backend.audit.service import Line, write_lines
from backend.clearance.states import SHANGHAI
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.refusal import Unfit
from backend.models import audit_line

MUCH = 0.8  # A file of more than this share of the limit is worth a look.


@dataclass(frozen=True)
class Export:
    """What is to be exported, settled before the first byte: no line with a number above `head_id` belongs to it."""

    wanted: Wanted
    rows: int
    head_id: int
    head_hash: str
    at: datetime
    by: str
    demo: bool

    def mark(self) -> str:
        """The watermark: who took the file and when."""
        demo = "演示数据 · " if self.demo else ""
        return f"{demo}审计日志 · 导出人 {self.by} · {self.time()} · 只供审计使用，不得外传"

    def time(self) -> str:
        """When, in Beijing time."""
        return f"{self.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"

    def foot(self) -> list[tuple[str, str]]:
        """What the end of the file says, so that it can be checked against the log."""
        return [
            ("条件", self.wanted.words()),
            ("行数", f"{self.rows:,}"),
            ("导出人", self.by),
            ("导出时间（北京）", self.time()),
            ("链头", f"第 {self.head_id:,} 行 {self.head_hash}"),
        ]

    def name(self, kind: str) -> str:
        """The name of the file."""
        demo = "演示数据-" if self.demo else ""
        return f"{demo}审计日志-{self.by}-{self.at.astimezone(SHANGHAI):%Y%m%d-%H%M%S}.{kind}"


def begin_export(engine: Engine, actor: Principal, wanted: Wanted, kind: str, demo: bool) -> Export:
    """Settle an export and put it on record; one near the limit is an alert. Raises Refused, Unfit over the limit."""
    need(actor, "export:audit")
    with engine.connect() as connection:
        limit, chain = options_of(connection)["export_rows"], chain_of(connection)
        if chain is None:
            raise Unfit("审计链的链头记录不见了，请先校验审计链")
        rows = _count(connection, wanted, chain.head_id, limit)
    export = Export(wanted, rows, chain.head_id, chain.head_hash, now(), actor.name, demo)
    fits = rows <= limit
    with writing(engine) as connection:
        _record(connection, actor, export, kind, fits)
        if fits and rows > MUCH * limit:
            words = f"{actor.name} 导出审计日志 {rows:,} 行，接近单次上限 {limit:,} 行"
            raise_alert(connection, rule="export_volume", subject=actor.id, severity="warning", words=words)
    if not fits:
        raise Unfit(f"符合条件的超过单次导出上限 {limit:,} 行，没有导出。请缩小时间范围或增加条件，分几次导出")
    return export


def _count(connection: Connection, wanted: Wanted, head: int, limit: int) -> int:
    """How many lines there are, counted no further than just over the limit."""
    lines = select(audit_line.c.id).where(*wanted.conditions(connection), audit_line.c.id <= head).limit(limit + 1)
    return connection.scalar(select(func.count()).select_from(lines.subquery())) or 0


def _record(connection: Connection, actor: Principal, export: Export, kind: str, fits: bool) -> None:
    detail = {**export.wanted.given(), "kind": kind, "rows": export.rows, "head_id": export.head_id}
    line = Line(
        actor.name, "audit:log:export", export.wanted.words()[:200], detail=detail, result="ok" if fits else "refused"
    )
    write_lines(connection, export.at, [line])

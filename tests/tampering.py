"""Ways to tamper with the audit chain, for tests: by somebody who owns the database and takes its guard away."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from backend.audit.archive import KEPT_DAYS
from backend.audit.chain import START, value_of
from backend.audit.lines import CHANGED, CUT, FOREIGN, MISSING, REWRITTEN
from backend.audit.service import Line, write_lines
from backend.audit.verify import verify
from backend.clearance.states import SHANGHAI
from backend.crypto.keys import Keys
from backend.db import now, owning, writing
from backend.models import audit_chain, audit_line

OLD = timedelta(days=KEPT_DAYS + 20)
LONG_AGO = now().astimezone(SHANGHAI).date() - timedelta(days=KEPT_DAYS)


def write(engine: Engine, count: int, at: datetime | None = None) -> None:
    """Add lines of one transaction."""
    with writing(engine) as connection:
        tag = "clearance:declaration:take"
        lines = [Line("王演示", tag, f"E{n}", detail={"n": n, "why": "测试"}) for n in range(count)]
        write_lines(connection, at or now(), lines)


@contextmanager
def unguarded(engine: Engine) -> Iterator[Connection]:
    """A transaction of somebody who owns the database and has taken its triggers away for the moment."""
    with owning(engine) as connection:
        if engine.dialect.name == "postgresql":
            tables = ("audit_line", "audit_chain")
            for table in tables:
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield connection
            for table in tables:
                connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            return
        kept = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
        for name, _ in kept:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        yield connection
        for _, statement in kept:
            connection.exec_driver_sql(statement)


def rows_of(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(audit_line).order_by(audit_line.c.id)).mappings()]


def rewrite(connection: Connection, first: int, **values: Any) -> None:
    """Change a line and recompute every value after it, and the head: a chain that is right in itself."""
    connection.execute(update(audit_line).where(audit_line.c.id == first).values(**values))
    value = START
    for row in rows_of(connection):
        value = value_of(value, row)
        connection.execute(update(audit_line).where(audit_line.c.id == row["id"]).values(hash=value))
    connection.execute(update(audit_chain).values(head_hash=value))


def refused(engine: Engine, way: Callable[[Engine], Any], *statements: str) -> None:
    """Each statement is refused: on PostgreSQL for want of a privilege, on SQLite by a trigger."""
    for statement in statements:
        with pytest.raises(DBAPIError) as caught, way(engine) as connection:
            connection.exec_driver_sql(statement)
        if engine.dialect.name == "postgresql":
            assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege), statement
        else:
            assert "审计" in str(caught.value.orig) or "告警" in str(caught.value.orig), statement


def faults(engine: Engine, keys: Keys, folder: Path) -> list[tuple[str, int | None]]:
    return [(fault.kind, fault.number) for fault in verify(engine, keys, folder).faults]


def drop(first: int, last: int) -> Callable[[Connection], None]:
    return lambda connection: connection.execute(delete(audit_line).where(audit_line.c.id.between(first, last)))


def rewind(connection: Connection) -> None:
    drop(9, 12)(connection)
    value = connection.scalar(select(audit_line.c.hash).where(audit_line.c.id == 8))
    connection.execute(update(audit_chain).values(head_id=8, head_hash=value))


def rewind_and_go_on(connection: Connection) -> None:
    rewind(connection)
    write_lines(connection, now(), [Line("x", "a:b:c", "k")] * 6)


def edit_with_value(connection: Connection) -> None:
    row = rows_of(connection)[4] | {"actor": "x"}
    value = value_of(rows_of(connection)[3]["hash"], row)
    connection.execute(update(audit_line).where(audit_line.c.id == 5).values(actor="x", hash=value))


def append_unchained(connection: Connection) -> None:
    connection.execute(insert(audit_line).values(rows_of(connection)[-1] | {"id": 13}))


def renumber(connection: Connection) -> None:
    connection.execute(update(audit_line).where(audit_line.c.id == 5).values(id=99))


def below_the_beginning(connection: Connection) -> None:
    connection.execute(insert(audit_line).values(rows_of(connection)[0] | {"id": 0}))


def swap(connection: Connection) -> None:
    for old, new in ((5, 99), (6, 5), (99, 6)):
        connection.execute(update(audit_line).where(audit_line.c.id == old).values(id=new))


def move_base(connection: Connection) -> None:
    value = connection.scalar(select(audit_line.c.hash).where(audit_line.c.id == 4))
    connection.execute(update(audit_chain).values(base_id=4, base_hash=value))
    drop(1, 4)(connection)


TAMPERINGS: dict[str, tuple[Callable[[Connection], Any], str, int | None]] = {
    "edit with its own value": (edit_with_value, CHANGED, 6),
    "delete the first": (drop(1, 1), MISSING, 1),
    "delete in the middle": (drop(5, 7), MISSING, 5),
    "exchange two": (swap, CHANGED, 5),
    "renumber": (renumber, MISSING, 5),
    "truncate": (drop(12, 12), CUT, 12),
    "truncate with the head": (rewind, CUT, 9),
    "truncate and go on": (rewind_and_go_on, REWRITTEN, 9),
    "remove everything": (drop(1, 12), CUT, 1),
    "rewrite all": (lambda c: rewrite(c, 1, actor="x"), REWRITTEN, 1),
    "rewrite from the tenth": (lambda c: rewrite(c, 10, key="x"), REWRITTEN, 9),
    "append without the chain": (append_unchained, FOREIGN, 13),
    "put one below the first": (below_the_beginning, FOREIGN, 0),
    "change the head": (lambda c: c.execute(update(audit_chain).values(head_hash="0" * 64)), CHANGED, None),
    "remove the head": (lambda c: c.execute(delete(audit_chain)), CHANGED, None),
    "cut off the beginning": (move_base, "归档不符", None),
}

"""A record is changed only as its reader saw it: whoever was slower reads it again."""

from typing import Any

from sqlalchemy import Connection, Table, update

from backend.db import now
from backend.identity.epoch import rights_changed
from backend.identity.refusal import Unfit

STALE = "已被他人修改，请返回刷新后重试"


def put(connection: Connection, table: Table, number: str, version: int, values: dict[str, Any]) -> None:
    """Change a row of accounts or organisations that still has this version; raises Unfit for any other."""
    seen = (table.c.id == number) & (table.c.version == version)
    change = update(table).where(seen).values(**values, version=version + 1, changed_at=now())
    if connection.execute(change).rowcount == 0:
        raise Unfit(STALE)
    rights_changed(connection)

"""Code tables in the database: a changed code gets a new row with its own days of validity, nothing is overwritten."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from backend.administration.code_tables import CodeRow, Codes, changes, shipped
from backend.clearance.states import shanghai_day
from backend.models import code
from backend.models.insertion import insert_new

ALWAYS = "0001-01-01"
FOR_EVER = "9999-12-31"
CHUNK = 2000
JUDGED_BY = ("country", "currency")


def install_shipped(connection: Connection, at: datetime) -> None:
    """Put the tables that come with the product under the ones that were imported; what is there stays."""
    rows = [row for rows in shipped().values() for row in rows]
    known = {tuple(row) for row in connection.execute(select(code.c.table_name, code.c.code))}
    new = [row for row in rows if (row.table, row.code) not in known]
    insert_new(connection, code, [_values(row, row.valid_from or ALWAYS, at, None) for row in new])


def register_codes(
    connection: Connection, at: datetime, table: str, rows: Sequence[CodeRow], document_id: int | None
) -> dict[str, Any]:
    """Take an official code table; gives how many codes were new and how many changed.

    A changed code ends yesterday and begins anew today; a code that the table lacks is left alone.
    """
    today = shanghai_day(at) or ""
    added, changed = changes({(row.table, row.code): row for row in _current(connection, [table])}, rows)
    _end(connection, at, table, [row.code for row in changed], today)
    fresh = [_values(row, row.valid_from or ALWAYS, at, document_id) for row in added]
    fresh += [_values(row, today, at, document_id) for row in changed]
    for start in range(0, len(fresh), CHUNK):
        connection.execute(insert(code), fresh[start : start + CHUNK])
    return {"new": len(added), "changed": len(changed)}


def _end(connection: Connection, at: datetime, table: str, codes: Sequence[str], today: str) -> None:
    yesterday = shanghai_day(at - timedelta(days=1))
    c = code.c
    for start in range(0, len(codes), 500):
        mine = (c.table_name == table) & c.code.in_(codes[start : start + 500])
        # A code that changes twice on one day keeps one row for that day: days, not seconds, are what law speaks of.
        connection.execute(code.delete().where(mine, c.valid_from == today))
        open_rows = mine & (c.valid_to == FOR_EVER)
        connection.execute(update(code).where(open_rows).values(valid_to=yesterday, changed_at=at))


def _values(row: CodeRow, valid_from: str, at: datetime, document_id: int | None) -> dict[str, Any]:
    return {
        "table_name": row.table,
        "code": row.code,
        "valid_from": valid_from,
        "valid_to": FOR_EVER,
        "name": row.name,
        "old_code": row.old_code or None,
        "attrs": dict(row.attrs),
        "document_id": document_id,
        "changed_at": at,
    }


def _current(connection: Connection, tables: Iterable[str]) -> list[CodeRow]:
    c = code.c
    query = select(c.table_name, c.code, c.name, c.old_code, c.attrs, c.valid_from)
    live = connection.execute(query.where(c.table_name.in_(list(tables)), c.valid_to == FOR_EVER))
    return [CodeRow(t, number, name, old or "", attrs, since) for t, number, name, old, attrs, since in live]


def load_codes(connection: Connection, tables: Sequence[str] = JUDGED_BY) -> Codes:
    """The look-ups over the codes now valid; by default only those that a valuation needs."""
    return Codes(_current(connection, tables))

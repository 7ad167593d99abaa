"""Bring rows of a register up to date without losing what they said before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, insert, select, tuple_, update

from backend.models.ledger import record_version

CHUNK = 400
Row = dict[str, Any]


class Brought(NamedTuple):
    """How a table changed: how many rows were new, which keys got a new version, how many stayed as they were."""

    new: int
    changed: list[tuple[Any, ...]]
    same: int


def bring_up_to_date(
    connection: Connection, at: datetime, table: Table, rows: Sequence[Row], document_id: int | None
) -> Brought:
    """Insert new rows and update differing ones; an update first files the old row as a version.

    rows: dicts with the table's primary key and the columns that the source gives; others are left alone.
    """
    keys = [column.name for column in table.primary_key]
    latest = {tuple(row[k] for k in keys): row for row in rows}
    new, changed = 0, []
    todo = list(latest.items())
    for start in range(0, len(todo), CHUNK):
        part = dict(todo[start : start + CHUNK])
        present = _present(connection, table, keys, list(part))
        fresh = [_stamped(row, 1, at, document_id) for key, row in part.items() if key not in present]
        if fresh:
            connection.execute(insert(table), fresh)
        differing = [(key, row) for key, row in part.items() if key in present and _differs(present[key], row)]
        _replace(connection, at, table, keys, [(present[key], row) for key, row in differing], document_id)
        new += len(fresh)
        changed += [key for key, _ in differing]
    return Brought(new, changed, len(latest) - new - len(changed))


def _present(connection: Connection, table: Table, keys: list[str], wanted: list[tuple[Any, ...]]) -> dict[Any, Row]:
    columns = [table.c[k] for k in keys]
    where = columns[0].in_([w[0] for w in wanted]) if len(keys) == 1 else tuple_(*columns).in_(wanted)
    found = connection.execute(select(table).where(where)).mappings()
    return {tuple(row[k] for k in keys): dict(row) for row in found}


def _differs(old: Row, new: Row) -> bool:
    return any(old[column] != value for column, value in new.items())


def _stamped(row: Row, version: int, at: datetime, document_id: int | None) -> Row:
    return {**row, "version": version, "document_id": document_id, "changed_at": at}


def _replace(
    connection: Connection,
    at: datetime,
    table: Table,
    keys: list[str],
    pairs: Sequence[tuple[Row, Row]],
    document_id: int | None,
) -> None:
    if not pairs:
        return
    connection.execute(insert(record_version), [_version(table, keys, old) for old, _ in pairs])
    rows = [_stamped(new, old["version"] + 1, at, document_id) for old, new in pairs]
    values: Row = {c: bindparam(c) for c in rows[0] if c not in keys}
    statement = update(table).values(values)
    for k in keys:
        statement = statement.where(table.c[k] == bindparam(f"b_{k}"))
    connection.execute(statement, [{**row, **{f"b_{k}": row[k] for k in keys}} for row in rows])


def _version(table: Table, keys: list[str], old: Row) -> Row:
    apart = {"version", "document_id", "changed_at"}
    return {
        "entity": table.name,
        "key": "|".join(str(old[k]) for k in keys),
        "version": old["version"],
        "known_from": old["changed_at"],
        "document_id": old["document_id"],
        "payload": {c: v for c, v in old.items() if c not in apart},
    }

"""The line that every change leaves behind, written in the transaction of the change itself."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from backend.audit.chain import value_of, visible, visible_all
from backend.audit.context import acting
from backend.models import audit_chain, audit_line


class Line(NamedTuple):
    """Who did what to which record, by which document. The tag reads source:subject:action."""

    actor: str
    tag: str
    key: str
    document_id: int | None = None
    detail: dict[str, Any] | None = None
    result: str = "ok"


class ChainGone(RuntimeError):
    """The row that says where the chain stands is missing: nothing can be written that leaves a line behind."""


def write_lines(connection: Connection, at: datetime, lines: Iterable[Line]) -> None:
    """Add audit lines; they stand or fall with the caller's transaction, which must be one of `writing`.

    Only one writer is at work at a time, so the head of the chain read here cannot be taken by another.
    Raises ChainGone, and nothing is written.
    """
    head = connection.execute(select(audit_chain.c.head_id, audit_chain.c.head_hash)).one_or_none()
    if head is None:
        raise ChainGone("记录链头的那一行不见了，不能再写审计日志")
    number, value = head.head_id, head.head_hash
    rows = []
    for line in lines:
        number += 1
        row = _row(number, at, line)
        row["hash"] = value = value_of(value, row)
        rows.append(row)
    if rows:
        connection.execute(insert(audit_line), rows)
        connection.execute(update(audit_chain).values(head_id=number, head_hash=value))


def _row(number: int, at: datetime, line: Line) -> dict[str, Any]:
    by = acting.get()
    return {
        "id": number,
        "at": at,
        "tag": line.tag,
        "entity": line.tag.split(":")[1],
        "key": visible(line.key),
        "result": line.result,
        "actor": visible(line.actor),
        **{name: visible(text) if text else text for name, text in by._asdict().items()},
        "document_id": line.document_id,
        "detail": visible_all(line.detail),
    }

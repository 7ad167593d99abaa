"""The line that every change leaves behind, written in the transaction of the change itself."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert

from backend.models import audit_line


class Line(NamedTuple):
    """Who did what to which record, by which document."""

    actor: str
    verb: str
    entity: str
    key: str
    document_id: int | None = None
    detail: dict[str, Any] | None = None


def write_lines(connection: Connection, at: datetime, lines: Iterable[Line]) -> None:
    """Add audit lines; they stand or fall with the caller's transaction."""
    if rows := [{"at": at, **line._asdict()} for line in lines]:
        connection.execute(insert(audit_line), rows)

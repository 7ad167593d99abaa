"""Each file that came in, once: what it was, and whether it is taken or held and why."""

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from backend.models import document

CHUNK = 500


@dataclass(slots=True)
class Incoming:
    """A file as found: its name without folders, and its bytes."""

    name: str
    data: bytes
    digest: str = ""

    def __post_init__(self) -> None:
        self.digest = self.digest or hashlib.sha256(self.data).hexdigest()


def chunks(values: Sequence[Any], size: int = CHUNK) -> Iterable[Sequence[Any]]:
    """Cut a sequence so that an IN list stays below every database's limit."""
    return (values[i : i + size] for i in range(0, len(values), size))


def known_digests(connection: Connection, digests: Sequence[str]) -> set[str]:
    """Which of these contents came in before, under whatever name."""
    found: set[str] = set()
    for part in chunks(digests):
        found.update(connection.scalars(select(document.c.digest).where(document.c.digest.in_(part))))
    return found


def add_documents(connection: Connection, at: datetime, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Record files (keys: incoming, kind, status, reason_code, reason, seq_no, keep); gives the id for each digest."""
    ids: dict[str, int] = {}
    for part in chunks([_row(at, row) for row in rows]):
        added = connection.execute(insert(document).returning(document.c.digest, document.c.id), part)
        ids.update({digest: number for digest, number in added})
    return ids


def _row(at: datetime, row: dict[str, Any]) -> dict[str, Any]:
    incoming: Incoming = row["incoming"]
    return {
        "digest": incoming.digest,
        "name": incoming.name,
        "kind": row["kind"],
        "size": len(incoming.data),
        "status": row["status"],
        "reason_code": row.get("reason_code"),
        "reason": row.get("reason"),
        "seq_no": row.get("seq_no"),
        "received_at": at,
        "settled_at": at if row["status"] == "taken" else None,
        "raw": zlib.compress(incoming.data, 1) if row.get("keep") else None,
    }


def supersede(connection: Connection, at: datetime, names: Sequence[str], seq_nos: Sequence[str]) -> None:
    """Call before a later file of the same name or number is recorded: it takes the place of what is still held."""
    for part, column in ((names, document.c.name), (seq_nos, document.c.seq_no)):
        for some in chunks(part):
            older = (document.c.status == "held") & column.in_(some)
            connection.execute(update(document).where(older).values(status="superseded", settled_at=at))


def held_documents(connection: Connection) -> list[dict[str, Any]]:
    """The visible list: every file that waits, with its reason, oldest first."""
    d = document.c
    query = select(d.id, d.name, d.kind, d.reason_code, d.reason, d.seq_no, d.received_at).where(d.status == "held")
    return [dict(row) for row in connection.execute(query.order_by(d.id)).mappings()]


def held_contents(connection: Connection, after: int, limit: int = 100) -> list[tuple[int, Incoming]]:
    """The next held declarations with their bytes, to try them again."""
    d = document.c
    query = select(d.id, d.name, d.raw, d.digest).where(d.status == "held", d.kind == "declaration", d.id > after)
    rows = connection.execute(query.order_by(d.id).limit(limit))
    return [(r.id, Incoming(r.name, zlib.decompress(r.raw), r.digest)) for r in rows if r.raw is not None]


def still_held(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Which of these files still wait."""
    d = document.c
    found = (connection.scalars(select(d.id).where(d.status == "held", d.id.in_(part))) for part in chunks(ids))
    return {number for part in found for number in part}


def settle(connection: Connection, at: datetime, ids: Sequence[int]) -> None:
    """Mark held files as taken."""
    values = {"status": "taken", "settled_at": at, "reason": None, "reason_code": None}
    for part in chunks(ids):
        connection.execute(update(document).where(document.c.id.in_(part)).values(**values))


def restate(connection: Connection, document_id: int, code: str, reason: str) -> None:
    """A held file is still held, but for another reason than before."""
    other = or_(document.c.reason != reason, document.c.reason.is_(None))
    where = (document.c.id == document_id) & other
    connection.execute(update(document).where(where).values(reason_code=code, reason=reason))

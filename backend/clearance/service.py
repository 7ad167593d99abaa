"""Taking declarations and receipts into the ledger; each call is part of the caller's one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from backend.audit.service import Line, write_lines
from backend.clearance.assess import Assessed
from backend.clearance.fields import GOODS, GOODS_VIN, HEAD
from backend.clearance.message import Message
from backend.clearance.states import Notice, Status, status_of
from backend.clearance.vehicles import see_vehicles
from backend.enterprises.service import see_enterprises
from backend.exchange.documents import chunks
from backend.models import declaration, goods_item, goods_vehicle, receipt, record_version
from backend.models.insertion import insert_new

NO_HEAD = dict.fromkeys(f.column for f in HEAD)
NO_GOODS = dict.fromkeys(f.column for f in GOODS)
NO_VIN = dict.fromkeys(f.column for f in GOODS_VIN)
STATUS_COLUMNS = Status._fields


class Filing(NamedTuple):
    """A declaration ready to be taken: the file it came in, what it says, and what was decided on it."""

    document_id: int
    message: Message
    assessed: Assessed


class _Present(NamedTuple):
    id: int
    version: int
    revision: int


def take_declarations(connection: Connection, at: datetime, actor: str, filings: Sequence[Filing]) -> None:
    """Put declarations into the ledger; one that is already there gets a new version, the old one stays readable."""
    present = _present(connection, [f.assessed.seq_no for f in filings])
    notices = notices_of(connection, [f.assessed.seq_no for f in filings])
    rows = [_row(at, f, present.get(f.assessed.seq_no), status_of(notices[f.assessed.seq_no])) for f in filings]
    ids = _write_heads(connection, rows, present)
    _write_goods(connection, filings, ids, present)
    _write_versions(connection, at, actor, filings, rows)
    see_enterprises(connection, at, [f.message.head for f in filings])
    see_vehicles(connection, at, _vehicles_seen(filings))


def _present(connection: Connection, seq_nos: Sequence[str]) -> dict[str, _Present]:
    d, found = declaration.c, {}
    for part in chunks(seq_nos):
        query = select(d.seq_no, d.id, d.version, d.revision).where(d.seq_no.in_(part))
        found.update({row.seq_no: _Present(row.id, row.version, row.revision) for row in connection.execute(query)})
    return found


def notices_of(connection: Connection, seq_nos: Sequence[str]) -> dict[str, list[Notice]]:
    """All receipts of these declarations; a number without any maps to an empty list."""
    found: dict[str, list[Notice]] = defaultdict(list)
    for part in chunks(seq_nos):
        query = select(receipt.c.seq_no, receipt.c.channel, receipt.c.notice_at).where(receipt.c.seq_no.in_(part))
        for seq_no, channel, notice_at in connection.execute(query):
            found[seq_no].append(Notice(channel, notice_at))
    return found


def _row(at: datetime, filing: Filing, present: _Present | None, status: Status) -> dict[str, Any]:
    assessed, message = filing.assessed, filing.message
    return {
        **NO_HEAD,
        **message.head,
        "voyage_no": message.voyage_no,
        "client_seq_no": message.client_seq_no,
        "uscc": assessed.uscc,
        "declared_on": assessed.declared_on,
        **status._asdict(),
        "vehicles": sum(i.vehicles for i in assessed.items),
        "cny_cents": sum(i.cents.cny for i in assessed.items),
        "usd_cents": sum(i.cents.usd for i in assessed.items),
        "version": present.version + 1 if present else 1,
        "revision": present.revision + 1 if present else 1,
        "document_id": filing.document_id,
        "changed_at": at,
    }


def _write_heads(
    connection: Connection, rows: Sequence[dict[str, Any]], present: dict[str, _Present]
) -> dict[str, int]:
    ids = {seq_no: p.id for seq_no, p in present.items()}
    if new := [row for row in rows if row["seq_no"] not in present]:
        added = connection.execute(insert(declaration).returning(declaration.c.seq_no, declaration.c.id), new)
        ids.update({seq_no: number for seq_no, number in added})
    if changed := [{**row, "b_id": ids[row["seq_no"]]} for row in rows if row["seq_no"] in present]:
        values: dict[str, Any] = {c: bindparam(c) for c in rows[0] if c != "seq_no"}
        connection.execute(update(declaration).where(declaration.c.id == bindparam("b_id")).values(values), changed)
    return ids


def _write_goods(
    connection: Connection, filings: Sequence[Filing], ids: dict[str, int], present: dict[str, _Present]
) -> None:
    old = [p.id for p in present.values()]
    for part in chunks(old):
        connection.execute(delete(goods_vehicle).where(goods_vehicle.c.declaration_id.in_(part)))
        connection.execute(delete(goods_item).where(goods_item.c.declaration_id.in_(part)))
    items = [row for f in filings for row in _item_rows(ids[f.assessed.seq_no], f)]
    connection.execute(insert(goods_item), items)
    if vehicles := [row for f in filings for row in _vehicle_rows(ids[f.assessed.seq_no], f.message)]:
        connection.execute(insert(goods_vehicle), vehicles)


def _item_rows(declaration_id: int, filing: Filing) -> Iterable[dict[str, Any]]:
    pairs = zip(filing.message.goods, filing.assessed.items, strict=True)
    for line, (goods, item) in enumerate(pairs, 1):
        yield {
            **NO_GOODS,
            **goods.fields,
            "declaration_id": declaration_id,
            "line": line,
            "country": item.country,
            "brand": item.brand,
            "model": item.model,
            "fuel": item.fuel,
            "vehicles": item.vehicles,
            "cny_cents": item.cents.cny,
            "usd_cents": item.cents.usd,
        }


def _vehicle_rows(declaration_id: int, message: Message) -> Iterable[dict[str, Any]]:
    for line, goods in enumerate(message.goods, 1):
        for ordinal, texts in enumerate(goods.vehicles, 1):
            yield {**NO_VIN, **texts, "declaration_id": declaration_id, "line": line, "ordinal": ordinal}


def _vehicles_seen(filings: Sequence[Filing]) -> Iterable[tuple[str, str, str]]:
    for filing in filings:
        for goods, item in zip(filing.message.goods, filing.assessed.items, strict=True):
            model = goods.fields.get("goods_model", "")
            yield from ((texts["vin"], item.brand, model) for texts in goods.vehicles if "vin" in texts)


def _write_versions(
    connection: Connection, at: datetime, actor: str, filings: Sequence[Filing], rows: Sequence[dict[str, Any]]
) -> None:
    kept = ("declared_on", "vehicles", "cny_cents", "usd_cents")
    versions = [
        {
            "entity": "declaration",
            "key": row["seq_no"],
            "version": row["version"],
            "known_from": at,
            "document_id": row["document_id"],
            "payload": {column: row[column] for column in kept},
        }
        for row in rows
    ]
    connection.execute(insert(record_version), versions)
    tags = {1: "clearance:declaration:take"}
    amend = "clearance:declaration:amend"
    lines = [Line(actor, tags.get(r["version"], amend), r["seq_no"], r["document_id"]) for r in rows]
    write_lines(connection, at, lines)


def take_receipts(connection: Connection, at: datetime, actor: str, receipts: Sequence[dict[str, Any]]) -> None:
    """Record receipts (rows of the table receipt) and move the declarations that they concern.

    A receipt for a declaration that has not come yet is kept and counts as soon as the declaration is there.
    """
    insert_new(connection, receipt, receipts)
    refresh_states(connection, at, sorted({r["seq_no"] for r in receipts}))
    lines = [
        Line(actor, f"clearance:declaration:receipt-{r['channel']}", r["seq_no"], r["document_id"]) for r in receipts
    ]
    write_lines(connection, at, lines)


def refresh_states(connection: Connection, at: datetime, seq_nos: Sequence[str]) -> None:
    """Fold the receipts of these declarations anew and store what changed."""
    d = declaration.c
    notices = notices_of(connection, seq_nos)
    changed: list[dict[str, Any]] = []
    for part in chunks(seq_nos):
        query = select(d.id, d.seq_no, *(d[column] for column in STATUS_COLUMNS)).where(d.seq_no.in_(part))
        for row in connection.execute(query):
            status = status_of(notices[row.seq_no])
            if status != tuple(row)[2:]:
                changed.append({**status._asdict(), "b_id": row.id, "changed_at": at})
    if changed:
        values: dict[str, Any] = {c: bindparam(c) for c in (*STATUS_COLUMNS, "changed_at")}
        values["revision"] = d.revision + 1
        connection.execute(update(declaration).where(d.id == bindparam("b_id")).values(values), changed)

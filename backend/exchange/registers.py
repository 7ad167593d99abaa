"""Tables of the authorities: each workbook or CSV goes to the register that its header names."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table

from backend.administration.codes_service import load_codes, register_codes
from backend.administration.rates import register_rates
from backend.audit.service import Line, write_lines
from backend.clearance.revaluation import revalue_months
from backend.clearance.states import shanghai_day
from backend.db import now, writing
from backend.enterprises.service import register_enterprises
from backend.exchange.batch import Tally
from backend.exchange.code_workbooks import CodeTable, is_code_workbook, read_code_workbook
from backend.exchange.documents import Incoming, add_documents, known_digests, supersede
from backend.exchange.safety import Unreadable
from backend.exchange.tables import Table as Sheet
from backend.exchange.tables import read_table
from backend.lifecycle.service import register_licences, register_registrations
from backend.models import customs_rate, enterprise, licence, registration
from backend.models.versioned import Row

SHOWN = 5
KEPT_BY_US = ("version", "document_id", "changed_at")
REGISTERS: dict[str, tuple[Table, tuple[str, ...]]] = {
    "enterprises": (enterprise, ("name", "uscc", "customs_code", "area", "kind", "filed_on", "valid_to", "authority")),
    "licences": (licence, ()),
    "registrations": (registration, tuple(c.name for c in registration.columns if c.name not in KEPT_BY_US)),
    "rates": (customs_rate, ("month", "currency", "cny_per_unit")),
}


def take_table(engine: Engine, actor: str, path: Path, limit: int) -> Tally:
    """Take one table file; good rows are taken also when others are bad, and then the file stays in the held list."""
    incoming = Incoming(path.name, path.read_bytes()[: limit + 1])
    with engine.connect() as connection:
        if known_digests(connection, [incoming.digest]):
            return Tally(known=1)
    content, trouble = _read(path, incoming, limit)
    with writing(engine) as connection:
        if known_digests(connection, [incoming.digest]):
            return Tally(known=1)
        _store(connection, actor, incoming, content, trouble)
    return Tally(taken=0 if trouble else 1, held=1 if trouble else 0, kinds={"table": 1})


def _read(path: Path, incoming: Incoming, limit: int) -> tuple[Sheet | CodeTable | None, Unreadable | None]:
    try:
        if len(incoming.data) > limit:
            raise Unreadable("too_large", f"文件超过 {limit // 2**20} MB 的上限")
        if is_code_workbook(path):
            return read_code_workbook(path), None
        sheet = read_table(path)
    except Unreadable as trouble:
        return None, trouble
    return sheet, _bad_rows(sheet)


def _bad_rows(sheet: Sheet) -> Unreadable | None:
    if not sheet.bad:
        return None
    shown = "；".join(f"第{row}行：{reason}" for row, reason in sheet.bad[:SHOWN])
    more = f" 等共 {len(sheet.bad)} 行" if len(sheet.bad) > SHOWN else ""
    return Unreadable("bad_rows", f"其余各行已收，下列行未收：{shown}{more}")


def _store(
    connection: Connection,
    actor: str,
    incoming: Incoming,
    content: Sheet | CodeTable | None,
    trouble: Unreadable | None,
) -> None:
    at = now()
    supersede(connection, at, [incoming.name], [])
    document = {
        "incoming": incoming,
        "kind": "table",
        "status": "held" if trouble else "taken",
        "reason_code": trouble.code if trouble else None,
        "reason": str(trouble) if trouble else None,
    }
    document_id = add_documents(connection, at, [document])[incoming.digest]
    if content is None:
        return
    if isinstance(content, CodeTable):
        counts = register_codes(connection, at, content.table, content.rows, document_id)
        kind = content.table
    else:
        counts, kind = _register(connection, actor, content, document_id), content.kind
    write_lines(connection, at, [Line(actor, f"exchange:{kind}:table", incoming.name, document_id, counts)])


def _register(connection: Connection, actor: str, sheet: Sheet, document_id: int) -> dict[str, Any]:
    at = now()
    rows = [_fitted(sheet.kind, row) for row in sheet.rows]
    if sheet.kind == "enterprises":
        brought = register_enterprises(connection, at, rows, document_id)
    elif sheet.kind == "licences":
        codes = load_codes(connection)
        for row in rows:
            row["country"] = codes.country(row.get("country") or "")
        brought = register_licences(connection, at, rows, document_id)
    elif sheet.kind == "registrations":
        brought = register_registrations(connection, at, rows, document_id)
    else:
        brought = register_rates(connection, at, rows, document_id)
        revalue_months(connection, at, actor, sorted({month for month, _ in brought.changed}))
    return {"new": brought.new, "changed": len(brought.changed), "same": brought.same, "on": shanghai_day(at)}


def _fitted(kind: str, row: dict[str, str]) -> Row:
    """The columns of the register, all of them, with None for what the table leaves empty."""
    _, columns = REGISTERS[kind]
    return {name: row.get(name) or None for name in columns or row}

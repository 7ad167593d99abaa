"""Valuing declarations again after customs corrected a rate: a new version, from the texts that the ledger holds."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from backend.administration.codes_service import load_codes
from backend.administration.rates import load_rates
from backend.clearance.assess import assess
from backend.clearance.fields import GOODS, GOODS_VIN, HEAD, Field
from backend.clearance.message import Goods, Message, Texts
from backend.clearance.service import Filing, take_declarations
from backend.models import declaration, goods_item, goods_vehicle

CHUNK = 300


def revalue_months(connection: Connection, at: datetime, actor: str, months: Sequence[str]) -> int:
    """Value every declaration of these declaration months (YYYY-MM) again; gives how many there were."""
    d = declaration.c
    count = 0
    for month in months:
        ids = list(connection.scalars(select(d.id).where(d.declared_on.between(f"{month}-01", f"{month}-31"))))
        for start in range(0, len(ids), CHUNK):
            count += _revalue(connection, at, actor, ids[start : start + CHUNK])
    return count


def _revalue(connection: Connection, at: datetime, actor: str, ids: Sequence[int]) -> int:
    codes, rates = load_codes(connection), load_rates(connection)
    filings = []
    for document_id, declared_on, message in _messages(connection, ids):
        filings.append(Filing(document_id, message, assess(message, codes, rates, declared_on)))
    take_declarations(connection, at, actor, filings)
    return len(filings)


def _messages(connection: Connection, ids: Sequence[int]) -> list[tuple[int, str, Message]]:
    """Rebuild messages from the ledger's own rows."""
    goods: dict[int, dict[int, Goods]] = {}
    query = select(goods_item).where(goods_item.c.declaration_id.in_(ids))
    for row in connection.execute(query.order_by(goods_item.c.declaration_id, goods_item.c.line)).mappings():
        goods.setdefault(row["declaration_id"], {})[row["line"]] = Goods(_texts(row, GOODS))
    vins = select(goods_vehicle).where(goods_vehicle.c.declaration_id.in_(ids))
    for row in connection.execute(vins.order_by(goods_vehicle.c.ordinal)).mappings():
        goods[row["declaration_id"]][row["line"]].vehicles.append(_texts(row, GOODS_VIN))
    heads = connection.execute(select(declaration).where(declaration.c.id.in_(ids))).mappings()
    return [(h["document_id"], h["declared_on"], _message(h, list(goods[h["id"]].values()))) for h in heads]


def _message(head: RowMapping, goods: list[Goods]) -> Message:
    return Message(_texts(head, HEAD), goods, head["voyage_no"], head["client_seq_no"])


def _texts(row: RowMapping, fields: tuple[Field, ...]) -> Texts:
    return {f.column: row[f.column] for f in fields if row[f.column]}

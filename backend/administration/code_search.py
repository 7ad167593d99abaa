"""Looking codes up: which tables there are, and the codes of one by number or name, those that have ended too."""

from typing import Any

from sqlalchemy import Connection, case, func, or_, select

from backend.administration.code_tables import TABLE_NAMES
from backend.administration.codes_service import ALWAYS, FOR_EVER
from backend.administration.dictionaries import OWN
from backend.administration.paging import Page, paged
from backend.models import code

OPEN = code.c.valid_to == FOR_EVER


def code_tables_of(connection: Connection) -> list[dict[str, Any]]:
    """The official tables that are filled: table, label, current, ended, changed_at."""
    c = code.c
    current, ended = (func.sum(case((which, 1), else_=0)) for which in (OPEN, ~OPEN))
    query = select(c.table_name.label("table"), current.label("current"), ended.label("ended"))
    query = query.add_columns(func.max(c.changed_at).label("changed_at")).group_by(c.table_name)
    found = connection.execute(query.where(~c.table_name.startswith(OWN, autoescape=True))).mappings()
    rows = [{**row, "label": TABLE_NAMES.get(row["table"], row["table"])} for row in found]
    order = {table: place for place, table in enumerate(TABLE_NAMES)}
    return sorted(rows, key=lambda row: (order.get(row["table"], len(order)), row["table"]))


def search_codes(connection: Connection, table: str, text: str, ended: bool, page: int) -> Page:
    """A page of the codes of a table whose number, old number or name holds the text; `ended` shows former ones too."""
    c = code.c
    query = select(c.code, c.name, c.old_code, c.valid_from, c.valid_to, c.attrs).where(c.table_name == table)
    if text:
        query = query.where(or_(*(column.icontains(text, autoescape=True) for column in (c.code, c.name, c.old_code))))
    if not ended:
        query = query.where(OPEN)
    found = paged(connection, query.order_by(c.code, c.valid_from.desc()), page)
    for row in found.rows:
        row["since"] = "" if row["valid_from"] == ALWAYS else row["valid_from"]
        row["until"] = "" if row["valid_to"] == FOR_EVER else row["valid_to"]
    return found

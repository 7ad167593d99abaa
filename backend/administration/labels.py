"""Security labels (GB/T 22239 8.1.4.2 g): people read up to their clearance; what has no label counts as highest."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from backend.administration.paging import Page, paged
from backend.identity.principal import Principal
from backend.identity.refusal import Refused
from backend.models import document

PUBLIC_DATA, INTERNAL, SENSITIVE = 0, 1, 2
LABELS = {PUBLIC_DATA: "公开", INTERNAL: "内部", SENSITIVE: "敏感"}


def may_read(clearance: int, label: int | None) -> bool:
    """Whether somebody of this clearance may read what bears this label."""
    return clearance >= (SENSITIVE if label is None else label)


def readable(query: Select[Any], column: ColumnElement[Any], clearance: int) -> Select[Any]:
    """The query limited to rows that somebody of this clearance may read: the same rule as `may_read`, in SQL."""
    fits = column <= clearance
    return query.where(fits | column.is_(None)) if clearance >= SENSITIVE else query.where(fits)


def documents_for(connection: Connection, actor: Principal, page: int) -> Page:
    """The documents that came in, newest first and without their text, as far as the actor's clearance goes.

    A document holds whatever its sender wrote, so only who sees all rows may list them; raises Refused.
    """
    if actor.kind != "account" or actor.scope.kind != "all":
        raise Refused("来件清单包含各单位的文件，只有可见全部数据的人员可以查看")
    d = document.c
    columns = (d.id, d.name, d.kind, d.size, d.status, d.reason_code, d.reason, d.seq_no, d.received_at, d.data_class)
    query = select(*columns).order_by(d.id.desc())
    return paged(connection, readable(query, d.data_class, actor.clearance), page)

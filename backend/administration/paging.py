"""Long lists in pages, as long as the option says."""

from dataclasses import dataclass
from math import ceil
from typing import Any

from sqlalchemy import Connection, Select, func, select

from backend.administration.options import options_of


@dataclass(frozen=True)
class Page:
    """One page of a list: its rows, its number and the number of pages (both from 1), and how many rows there are."""

    rows: list[dict[str, Any]]
    number: int
    pages: int
    total: int


def paged(connection: Connection, query: Select[Any], number: int) -> Page:
    """The page of a query with that number, or the nearest there is."""
    rows = options_of(connection)["page_rows"]
    total = connection.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    number, pages = _within(number, total, rows)
    found = connection.execute(query.limit(rows).offset((number - 1) * rows)).mappings()
    return Page([dict(row) for row in found], number, pages, total)


def paged_rows(connection: Connection, found: list[dict[str, Any]], number: int) -> Page:
    """The same of rows that are at hand already."""
    rows = options_of(connection)["page_rows"]
    number, pages = _within(number, len(found), rows)
    return Page(found[(number - 1) * rows : number * rows], number, pages, len(found))


def _within(number: int, total: int, rows: int) -> tuple[int, int]:
    pages = max(1, ceil(total / rows))
    return min(max(number, 1), pages), pages

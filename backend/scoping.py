"""Row scope on the transaction side: one function narrows a query to what its viewer may see, on every database.

PostgreSQL applies the same rules a second time by itself (migration 0003), so a call forgotten there shows no more.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Alias, ColumnElement, Select, Table, and_, false, func, or_, select

from backend.models import declaration, enterprise, goods_vehicle, licence
from datasources.scope import Scope

Columns = Any
Rule = Callable[[Columns, Scope], ColumnElement[bool]]


def scoped(query: Select[Any], table: Table | Alias, scope: Scope) -> Select[Any]:
    """Add to a query the condition that keeps the rows of `table` (or of an alias of it) inside the scope.

    Raises ValueError for a table whose rows belong to nobody: a table without a rule must not pass for an open one.
    """
    origin = table.element if isinstance(table, Alias) else table
    rule = RULES.get(origin.name) if isinstance(origin, Table) else None
    if rule is None:
        raise ValueError(f"没有为这张表规定数据范围:{table.name}")
    if scope.kind == "all":
        return query
    return query.where(false() if scope.kind == "none" else rule(table.c, scope))


def _of_firm(uscc: Any, scope: Scope) -> ColumnElement[bool]:
    """Rows of the scope's enterprise, or of the enterprises of its district; an exit office has no enterprises."""
    if scope.kind == "enterprise":
        return uscc == scope.value
    return _of_district(uscc, scope.value) if scope.kind == "district" else false()


def _of_district(uscc: Any, district: str) -> ColumnElement[bool]:
    """The district of the register, and where that says nothing the area digits of the USCC, as in the statistics."""
    firm = enterprise.c
    placed = func.coalesce(func.nullif(firm.area, ""), func.substr(firm.uscc, 3, 6))
    unregistered = and_(func.substr(uscc, 3, 6) == district, uscc.not_in(select(firm.uscc)))
    return or_(uscc.in_(select(firm.uscc).where(placed == district)), unregistered)


def _declaration(c: Columns, scope: Scope) -> ColumnElement[bool]:
    return c.exit_office == scope.value if scope.kind == "exit_office" else _of_firm(c.uscc, scope)


def _goods(c: Columns, scope: Scope) -> ColumnElement[bool]:
    return c.declaration_id.in_(select(declaration.c.id).where(_declaration(declaration.c, scope)))


def _receipt(c: Columns, scope: Scope) -> ColumnElement[bool]:
    return c.seq_no.in_(select(declaration.c.seq_no).where(_declaration(declaration.c, scope)))


def _licence(c: Columns, scope: Scope) -> ColumnElement[bool]:
    return _of_firm(c.uscc, scope)


def _licence_vehicle(c: Columns, scope: Scope) -> ColumnElement[bool]:
    return c.licence_no.in_(select(licence.c.licence_no).where(_licence(licence.c, scope)))


def _vehicle(c: Columns, scope: Scope) -> ColumnElement[bool]:
    """A vehicle belongs to whoever declares it."""
    return c.vin.in_(select(goods_vehicle.c.vin).where(_goods(goods_vehicle.c, scope)))


RULES: dict[str, Rule] = {
    "declaration": _declaration,
    "goods_item": _goods,
    "goods_vehicle": _goods,
    "receipt": _receipt,
    "licence": _licence,
    "licence_vehicle": _licence_vehicle,
    "enterprise": lambda c, scope: _of_firm(c.uscc, scope),
    "vehicle": _vehicle,
    "vehicle_step": _vehicle,
    "registration": _vehicle,
}

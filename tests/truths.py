"""Truths to compare: what a generator says must come out, and what the ledger or an interface says."""

from typing import Any

from sqlalchemy import Engine, func, select

from backend.models import declaration, goods_item

MEASURES = ("vehicles", "cny_cents", "usd_cents")
GROUPS = {
    "by_month": func.substr(declaration.c.cleared_on, 1, 7),
    "by_country": goods_item.c.country,
    "by_model": goods_item.c.model,
    "by_enterprise": declaration.c.uscc,
}


def ledger_truth(engine: Engine) -> dict[str, Any]:
    """The ledger's own figures in the shape of a truth."""
    with engine.connect() as connection:
        sums = [func.sum(goods_item.c[m]) for m in MEASURES]
        joined = goods_item.join(declaration, declaration.c.id == goods_item.c.declaration_id)
        base = select(*sums).select_from(joined).where(declaration.c.counted)
        found: dict[str, Any] = dict(zip(MEASURES, map(int, connection.execute(base).one()), strict=True))
        counted = select(func.count()).select_from(declaration).where(declaration.c.counted)
        found["declarations"] = connection.scalar(counted)
        for name, key in GROUPS.items():
            rows = connection.execute(base.add_columns(key).group_by(key))
            found[name] = {row[3]: dict(zip(MEASURES, map(int, row[:3]), strict=True)) for row in rows}
    return found


def same_truth(found: dict[str, Any], truth: Any) -> bool:
    """Whether every figure of a truth is found, to the cent."""
    return found == figures_of(truth)


def figures_of(truth: Any) -> dict[str, Any]:
    """The figures of a truth (a dict, or the demo world's Truth) as plain integers."""
    wanted = truth if isinstance(truth, dict) else vars(truth)
    cells = {group: {key: _cell(cell) for key, cell in wanted[group].items()} for group in GROUPS}
    return {name: int(wanted[name]) for name in ("declarations", *MEASURES)} | cells


def _cell(cell: Any) -> dict[str, int]:
    return {m: int(cell[m] if isinstance(cell, dict) else getattr(cell, m)) for m in MEASURES}

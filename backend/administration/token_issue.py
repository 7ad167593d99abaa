"""Tokens of walls and programs as an administrator hands them out: what each may read, how long, and their end."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, select

from backend.administration.duty import need, plain
from backend.administration.paging import Page, paged_rows
from backend.db import now
from backend.identity.principal import Principal
from backend.identity.refusal import Unfit
from backend.identity.roles import PROGRAMS
from backend.identity.tokens import create_token, list_tokens, revoke_token
from backend.models import organisation
from datasources.scope import ALL, Scope

NEEDED = "manage:tokens"
KINDS = {"wall": "screen", "commerce": "api", "enterprise": "api"}  # which kind of token each program's role goes with
LIVES = (30, 90, 180, 365)


def issue_token(
    engine: Engine, actor: Principal, name: str, role: str, days: int, organisation_id: str | None = None
) -> str:
    """Make a token and give its text, which is shown once and nowhere kept. Raises Refused, Unfit.

    A token of role enterprise reads one enterprise's figures and needs its organisation; the others read all.
    """
    need(actor, NEEDED)
    called = plain(name, "name", "名称", 2, 40)
    if role not in KINDS:
        raise Unfit("请选择用途", "role")
    if days not in LIVES:
        raise Unfit("请选择有效期", "days")
    scope = _scope(engine, role, organisation_id)
    return create_token(engine, KINDS[role], called, role, timedelta(days=days), scope=scope, actor=actor)


def tokens_page(engine: Engine, actor: Principal, number: int) -> Page:
    """Every token without its text, newest first, with its role and the name of whose figures it reads."""
    need(actor, NEEDED)
    o = organisation.c
    with engine.connect() as connection:
        names = dict(connection.execute(select(o.uscc, o.name).where(o.uscc.is_not(None))).all())
        page = paged_rows(connection, list_tokens(engine)[::-1], number)
    for row in page.rows:
        row["label"] = PROGRAMS[row["role"]].label if row["role"] in PROGRAMS else row["role"]
        row["reads"] = names.get(row["scope_value"], row["scope_value"]) or "全部"
        row["state"] = _state(row)
    return page


def token_of(engine: Engine, actor: Principal, token_id: int) -> dict[str, Any]:
    """One token without its text; raises Refused, Unfit."""
    need(actor, NEEDED)
    found = next((row for row in list_tokens(engine) if row["id"] == token_id), None)
    if found is None:
        raise Unfit("没有这个令牌")
    return found


def _state(row: dict[str, Any]) -> str:
    if row["revoked_at"] is not None:
        return "已吊销"
    return "已过期" if row["expires_at"] is not None and row["expires_at"] <= now() else "有效"


def end_token(engine: Engine, actor: Principal, token_id: int) -> None:
    """Revoke a token; a wall goes dark and a program is refused at the next request. Raises Refused."""
    need(actor, NEEDED)
    revoke_token(engine, token_id, actor)


def _scope(engine: Engine, role: str, organisation_id: str | None) -> Scope:
    if role != "enterprise":
        return ALL
    o = organisation.c
    live = (o.id == organisation_id) & (o.kind == "enterprise") & o.closed_at.is_(None)
    with engine.connect() as connection:
        uscc = connection.scalar(select(o.uscc).where(live))
    if not uscc:
        raise Unfit("企业接口须选择一家企业", "organisation_id")
    return Scope("enterprise", uscc)

"""Tokens of programs and of screens: shown once, kept only as a digest, revocable at once."""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, insert, or_, select, update

from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.identity.epoch import rights_changed
from backend.identity.principal import Principal
from backend.identity.roles import PROGRAMS, permissions_of
from backend.identity.sessions import csrf_of, digest_of
from backend.models import access_token
from datasources.scope import ALL, Scope

PREFIX = {"api": "xapi_", "screen": "xscr_", "first": "xone_"}
COMMAND_LINE = "命令行"


def create_token(
    engine: Engine,
    kind: str,
    name: str,
    role: str,
    life: timedelta | None = None,
    scope: Scope = ALL,
    actor: Principal | None = None,
) -> str:
    """Make a token of kind api, screen or first; gives its text, which is nowhere kept. No actor: the command line."""
    if role not in PROGRAMS and kind != "first":
        raise ValueError(f"令牌不能持有角色 {role}")
    token, at = PREFIX[kind] + secrets.token_urlsafe(32), now()
    row = {
        "kind": kind,
        "name": name,
        "role": role,
        "digest": digest_of(token),
        "created_at": at,
        "expires_at": at + life if life else None,
        "scope_kind": scope.kind,
        "scope_value": scope.value,
        "created_by": actor.id if actor else None,
    }
    who = actor.name if actor else COMMAND_LINE
    detail = {"kind": kind, "role": role, "scope": scope.key}
    with writing(engine) as connection:
        connection.execute(insert(access_token).values(row))
        write_lines(connection, at, [Line(who, "identity:token:create", name, detail=detail)])
    return token


def _live() -> Any:
    t = access_token.c
    return t.revoked_at.is_(None) & or_(t.expires_at.is_(None), t.expires_at > now())


def principal_of_token(engine: Engine, token: str, kind: str) -> Principal | None:
    """Whom a token speaks for now; None when it is unknown, of another kind, revoked or expired."""
    t = access_token.c
    query = select(t.id, t.name, t.role, t.scope_kind, t.scope_value, t.expires_at)
    with engine.connect() as connection:
        row = connection.execute(query.where(t.digest == digest_of(token), t.kind == kind, _live())).first()
    if row is None or row.role not in PROGRAMS:
        return None
    return Principal(
        kind=kind,
        id=f"token-{row.id}",
        name=row.name,
        roles=(row.role,),
        permissions=permissions_of([row.role]),
        scope=Scope(row.scope_kind, row.scope_value),
        mark=f"token-{row.id}",
        csrf=csrf_of(token),
        expires_at=row.expires_at,
    )


def list_tokens(engine: Engine) -> list[dict[str, Any]]:
    """Every token of programs and screens without its digest, oldest first."""
    t = access_token.c
    query = select(
        t.id, t.kind, t.name, t.role, t.created_at, t.expires_at, t.revoked_at, t.scope_kind, t.scope_value
    ).where(t.kind != "first")
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query.order_by(t.id)).mappings()]


def revoke_token(engine: Engine, token_id: int, actor: Principal | None = None) -> None:
    """End a token; the next request with it is refused."""
    t, who = access_token.c, actor.name if actor else COMMAND_LINE
    with writing(engine) as connection:
        live = (t.id == token_id) & t.revoked_at.is_(None)
        if connection.execute(update(access_token).where(live).values(revoked_at=now())).rowcount:
            write_lines(connection, now(), [Line(who, "identity:token:revoke", str(token_id))])
            rights_changed(connection)

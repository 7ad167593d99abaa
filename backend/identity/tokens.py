"""Tokens of programs and of screens: shown once, kept only as a digest, revocable at once."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Engine, insert, or_, select, update

from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.models import access_token

ROLES = {"commerce": "商务主管部门", "wall": "大屏"}
PREFIX = {"api": "xapi_", "screen": "xscr_"}


class Holder(NamedTuple):
    """Whom a token speaks for."""

    id: int
    kind: str
    name: str
    role: str


def create_token(engine: Engine, kind: str, name: str, role: str, life: timedelta | None = None) -> str:
    """Make a token of kind api or screen and give its text, which is nowhere kept."""
    token = PREFIX[kind] + secrets.token_urlsafe(32)
    at = now()
    row = {
        "kind": kind,
        "name": name,
        "role": role,
        "digest": digest_of(token),
        "created_at": at,
        "expires_at": at + life if life else None,
    }
    with writing(engine) as connection:
        connection.execute(insert(access_token).values(row))
        write_lines(connection, at, [Line("命令行", "create token", kind, name, detail={"role": role})])
    return token


def digest_of(token: str) -> str:
    """A token has 256 random bits, so a plain digest is enough; slow hashes are for passwords."""
    return hashlib.sha256(token.encode()).hexdigest()


def holder_of(engine: Engine, token: str, kind: str) -> Holder | None:
    """Whom a token speaks for now; None when it is unknown, of another kind, revoked or expired."""
    t = access_token.c
    live = t.revoked_at.is_(None) & or_(t.expires_at.is_(None), t.expires_at > now())
    query = select(t.id, t.kind, t.name, t.role).where(t.digest == digest_of(token), t.kind == kind, live)
    with engine.connect() as connection:
        row = connection.execute(query).first()
    return Holder(*row) if row else None


def list_tokens(engine: Engine) -> list[dict[str, Any]]:
    """Every token without its digest, oldest first."""
    t = access_token.c
    query = select(t.id, t.kind, t.name, t.role, t.created_at, t.expires_at, t.revoked_at).order_by(t.id)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def revoke_token(engine: Engine, token_id: int) -> None:
    """End a token; the next request with it is refused."""
    with writing(engine) as connection:
        connection.execute(update(access_token).where(access_token.c.id == token_id).values(revoked_at=now()))
        write_lines(connection, now(), [Line("命令行", "revoke token", "access_token", str(token_id))])

"""Sessions of people, kept in SQL: they end by sign-out, by idleness, by age, and at once when somebody ends them."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from backend.administration.options import options_of
from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.identity.epoch import rights_changed
from backend.identity.principal import Principal, scope_of
from backend.identity.roles import ROLES, permissions_of
from backend.models import account, account_session, organisation, role_grant

TOUCH = timedelta(seconds=60)  # The idle clock is written at most this often.


def digest_of(token: str) -> str:
    """A session number or token has 256 random bits, so a plain digest is enough; slow hashes are for passwords."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_of(secret: str) -> str:
    """What a form must repeat to show that it came from a page of ours; nobody can derive it without the cookie."""
    return hashlib.sha256(b"csrf:" + secret.encode()).hexdigest()[:40]


def begin_session(
    connection: Connection, account_id: str, method: str, stage: str, address: str, agent: str, **sso: str
) -> str:
    """Open a session and give its number, which is nowhere kept. An administrator's earlier sessions end."""
    token, at = secrets.token_urlsafe(32), now()
    if any(ROLES[role].administrator for role in roles_of(connection, account_id)):
        end_sessions(connection, account_id, "replaced")
    row = {
        "digest": digest_of(token),
        "account_id": account_id,
        "begun_at": at,
        "seen_at": at,
        "address": address,
        "agent": agent[:200],
        "method": method,
        "stage": stage,
        **sso,
    }
    connection.execute(insert(account_session).values(row))
    return token


def roles_of(connection: Connection, account_id: str) -> tuple[str, ...]:
    """The roles in force, in a fixed order."""
    g = role_grant.c
    held = connection.scalars(select(g.role).where(g.account_id == account_id, g.state == "active"))
    return tuple(sorted(role for role in held if role in ROLES))


def end_session(connection: Connection, digest: str, why: str) -> None:
    """End one session."""
    _end(connection, account_session.c.digest == digest, why)


def end_sessions(connection: Connection, account_id: str, why: str, but: str = "") -> None:
    """End every session of an account, but for one."""
    s = account_session.c
    _end(connection, (s.account_id == account_id) & (s.digest != but), why)


def _end(connection: Connection, which: Any, why: str) -> None:
    live = which & account_session.c.ended_at.is_(None)
    connection.execute(update(account_session).where(live).values(ended_at=now(), ended_why=why))
    rights_changed(connection)


def advance(connection: Connection, digest: str, stage: str) -> None:
    """A sign-in comes to its next stage."""
    connection.execute(update(account_session).where(account_session.c.digest == digest).values(stage=stage))
    rights_changed(connection)


def sessions_of(connection: Connection, account_id: str | None = None) -> list[dict[str, Any]]:
    """Live sessions, of one account or of all, newest first, with the login name."""
    s = account_session.c
    query = select(account_session, account.c.login_name).join(account, account.c.id == s.account_id)
    query = query.where(s.ended_at.is_(None)).order_by(s.begun_at.desc())
    if account_id is not None:
        query = query.where(s.account_id == account_id)
    limits = options_of(connection)
    return [dict(row) for row in connection.execute(query).mappings() if overdue(row, limits, now()) is None]


def principal_of(engine: Engine, token: str) -> Principal | None:
    """Whom a session number speaks for now; a session that ran out is ended, with a line in the audit."""
    digest = digest_of(token)
    with engine.connect() as connection:
        row = _row(connection, digest)
        if row is None:
            return None
        why = overdue(row, options_of(connection), now())
        found = _principal(connection, row, csrf_of(token)) if why is None else None
    if why is not None:
        _expire(engine, row, why)
    return found


def _row(connection: Connection, digest: str) -> RowMapping | None:
    s, a, o = account_session.c, account.c, organisation.c
    query = select(
        s.digest, s.account_id, s.begun_at, s.seen_at, s.stage, a.login_name, a.clearance, a.demo,
        o.id.label("organisation_id"), o.name.label("organisation"), o.kind, o.uscc, o.district,
    ).join(account, a.id == s.account_id).join(organisation, o.id == a.organisation_id)  # fmt: skip
    live = (s.digest == digest) & s.ended_at.is_(None) & (a.state == "active") & o.closed_at.is_(None)
    return connection.execute(query.where(live)).mappings().first()


def overdue(row: Any, limits: dict[str, int], at: datetime) -> str | None:
    """Why a session ran out: idle, aged, or None while it runs."""
    if at - row["seen_at"] >= timedelta(minutes=limits["idle_minutes"]):
        return "idle"
    return "aged" if at - row["begun_at"] >= timedelta(hours=limits["session_hours"]) else None


def _principal(connection: Connection, row: RowMapping, csrf: str) -> Principal:
    roles = roles_of(connection, row["account_id"])
    return Principal(
        kind="account",
        id=row["account_id"],
        name=row["login_name"],
        roles=roles,
        permissions=permissions_of(roles),
        scope=scope_of(row["kind"], row["uscc"], row["district"]),
        organisation_id=row["organisation_id"],
        organisation=row["organisation"],
        clearance=row["clearance"],
        mark=row["digest"][:12],
        csrf=csrf,
        stage=row["stage"],
        demo=row["demo"],
        session=row["digest"],
    )


def _expire(engine: Engine, row: RowMapping, why: str) -> None:
    with writing(engine) as connection:
        end_session(connection, row["digest"], why)
        line = Line(row["login_name"], f"identity:session:{why}", row["digest"][:12])
        write_lines(connection, now(), [line])


def touch(engine: Engine, digest: str) -> None:
    """A person did something: the idle clock starts anew."""
    stale = (account_session.c.digest == digest) & (account_session.c.seen_at < now() - TOUCH)
    with engine.connect() as connection:
        if connection.scalar(select(account_session.c.digest).where(stale)) is None:
            return
    with writing(engine) as connection:
        connection.execute(update(account_session).where(stale).values(seen_at=now()))

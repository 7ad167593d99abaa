"""Which account an outside identity opens: bound by credit code or hashed id number, or waiting for approval."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from backend.audit.service import Line, write_lines
from backend.crypto.fields import blind_index, seal, unseal
from backend.crypto.keys import Keys
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.refusal import Refused
from backend.identity.sessions import digest_of, end_session
from backend.identity.sign_in import Origin, open_session
from backend.identity.sso import Person
from backend.models import account, account_session, organisation, role_grant, sso_binding


@dataclass(frozen=True)
class Waiting:
    """The identity is known to be real, but nobody has said yet which account it opens."""

    asked_at: datetime


def enter(engine: Engine, keys: Keys, person: Person, origin: Origin) -> str | Waiting:
    """Open a session for an outside identity, or note that it waits. Raises Refused when it was turned away.

    The role is never taken from the other system: it is that of the account here.
    """
    with writing(engine) as connection:
        row = binding_of(connection, keys, person)
        if row["state"] == "waiting":
            return Waiting(row["asked_at"])
        if row["state"] == "refused" or not is_live(connection, row["account_id"]):
            line = Line(person.provider, "identity:sign-in:sso", str(row["id"]), result="refused")
            write_lines(connection, now(), [line])
            token = None
        else:
            token = begin(connection, keys, row["account_id"], person, origin)
    if token is None:
        raise Refused("这个身份没有可用的平台账号：绑定申请未获批准，或账号已停用。请联系本单位管理员或平台系统管理员")
    return token


def binding_of(connection: Connection, keys: Keys, person: Person) -> dict[str, Any]:
    """The binding of an identity, made at its first appearance."""
    subject = blind_index(keys, f"sso.{person.provider}", person.subject)
    b = sso_binding.c
    query = select(b.id, b.state, b.account_id, b.asked_at).where(b.provider == person.provider, b.subject == subject)
    row = connection.execute(query).mappings().first()
    if row is None:
        make(connection, keys, person, subject)
        row = connection.execute(query).mappings().one()
    return dict(row)


def make(connection: Connection, keys: Keys, person: Person, subject: str) -> None:
    """Bind at once where the identity proves which account is meant; otherwise let it wait."""
    index = blind_index(keys, "id_no", person.id_no) if person.id_no else None
    found = by_id_number(connection, index) or by_credit_code(connection, person)
    row = {
        "provider": person.provider,
        "subject": subject,
        "state": "bound" if found else "waiting",
        "account_id": found,
        "kind": person.kind,
        "uscc": person.uscc or None,
        "name_sealed": seal(keys, f"sso_binding.name:{subject}", person.name or person.organisation or "未提供"),
        "id_no_index": index,
        "asked_at": now(),
        "detail": {"level": person.level},
    }
    connection.execute(insert(sso_binding).values(row))
    tag = "identity:binding:bind" if found else "identity:binding:ask"
    write_lines(connection, now(), [Line(person.provider, tag, subject[:12], detail={"kind": person.kind})])


def by_id_number(connection: Connection, index: str | None) -> str | None:
    """The account of a natural person with this id number."""
    if index is None:
        return None
    a = account.c
    return connection.scalar(select(a.id).where(a.id_no_index == index, a.state == "active"))


def by_credit_code(connection: Connection, person: Person) -> str | None:
    """The administrator of the firm that a legal person stands for, when there is exactly one."""
    if person.kind != "legal" or not person.uscc:
        return None
    a, o, g = account.c, organisation.c, role_grant.c
    query = select(a.id).join(organisation, o.id == a.organisation_id).join(role_grant, g.account_id == a.id)
    live = (o.uscc == person.uscc) & o.closed_at.is_(None) & (a.state == "active")
    mine = (g.role == "enterprise_admin") & (g.state == "active")
    found = connection.scalars(query.where(live & mine).limit(2)).all()
    return found[0] if len(found) == 1 else None


def is_live(connection: Connection, account_id: str) -> bool:
    """Whether the account may be entered."""
    a, o = account.c, organisation.c
    query = select(a.id).join(organisation, o.id == a.organisation_id)
    live = (a.id == account_id) & (a.state == "active") & o.closed_at.is_(None)
    return connection.scalar(query.where(live)) is not None


def begin(connection: Connection, keys: Keys, account_id: str, person: Person, origin: Origin) -> str:
    """Open the session and keep the other system's reference for signing out there."""
    token = open_session(connection, account_id, person.provider, origin)
    digest = digest_of(token)
    values = {
        "sso_ref_sealed": seal(keys, f"account_session.sso_ref:{digest}", person.session_ref),
        "sso_index": blind_index(keys, "sso_ref", person.session_ref),
    }
    connection.execute(update(account_session).where(account_session.c.digest == digest).values(values))
    return token


def reference_of(engine: Engine, keys: Keys, actor: Principal) -> tuple[str, str] | None:
    """Provider and reference that the actor's session came from; None for a local sign-in."""
    s = account_session.c
    query = select(s.method, s.sso_ref_sealed).where(s.digest == actor.session, s.sso_ref_sealed.is_not(None))
    with engine.connect() as connection:
        row = connection.execute(query).first()
    return (row.method, unseal(keys, f"account_session.sso_ref:{actor.session}", row.sso_ref_sealed)) if row else None


def end_by_reference(engine: Engine, keys: Keys, reference: str) -> int:
    """End the sessions of a ticket that the other system has signed out; gives how many."""
    s = account_session.c
    index = blind_index(keys, "sso_ref", reference)
    with writing(engine) as connection:
        found = connection.scalars(select(s.digest).where(s.sso_index == index, s.ended_at.is_(None))).all()
        for digest in found:
            end_session(connection, digest, "single logout")
            write_lines(connection, now(), [Line("统一认证", "identity:session:end", digest[:12])])
    return len(found)

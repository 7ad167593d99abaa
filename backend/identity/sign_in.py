"""Signing in step by step: password, second factor, a due change of password, enrolment, and then the platform."""

import unicodedata
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select, update

from backend.administration.options import options_of
from backend.audit.service import Line, write_lines
from backend.crypto.fields import unseal
from backend.crypto.keys import Keys
from backend.db import now, writing
from backend.identity import factor, passwords
from backend.identity.principal import Principal
from backend.identity.refusal import Unfit
from backend.identity.roles import ROLES
from backend.identity.sessions import advance, begin_session, end_sessions, roles_of
from backend.identity.throttle import FACTOR, public_name, reserve, settle
from backend.models import account, account_session, organisation

WRONG = "登录名或密码不正确"  # The same words whatever was wrong: nobody learns which accounts exist.


class SignInRefused(PermissionError):
    """Nobody was signed in; the words are the same for every cause."""


@dataclass(frozen=True)
class Origin:
    """Where a sign-in comes from."""

    address: str
    agent: str = ""


def login_key(name: str) -> str:
    """A login name without regard to case, width and surrounding blanks; two accounts never share one."""
    return unicodedata.normalize("NFKC", name).strip().casefold()[:64]


def sign_in(engine: Engine, name: str, password: str, origin: Origin) -> str:
    """Compare a password and open a session; gives its number. Raises SignInRefused, or throttle.Locked."""
    key = login_key(name)
    attempt = reserve(engine, key, origin.address)
    with engine.connect() as connection:
        known = _live_account(connection, key)
        hashes = passwords.hashes_of(connection, known, 1) if known else []
    right = passwords.matches(hashes[0] if hashes else None, password)
    with writing(engine) as connection:
        settle(connection, attempt, right)
        if right and known:
            return open_session(connection, known, "password", origin)
        said = public_name(connection, key)
        write_lines(connection, now(), [Line(said, "identity:sign-in:password", login_key(said), result="refused")])
    raise SignInRefused(WRONG)


def _live_account(connection: Connection, key: str) -> str | None:
    a, o = account.c, organisation.c
    query = select(a.id).join(organisation, o.id == a.organisation_id)
    live = (a.login_key == key) & (a.state == "active") & a.demo.is_(False) & o.closed_at.is_(None)
    return connection.scalar(query.where(live))


def open_session(connection: Connection, account_id: str, method: str, origin: Origin, **sso: str) -> str:
    """Begin a session at the first stage that the account still has to pass; gives its number."""
    stage = stage_of(connection, account_id, method)
    token = begin_session(connection, account_id, method, stage, origin.address, origin.agent, **sso)
    name = connection.scalar(select(account.c.login_name).where(account.c.id == account_id))
    connection.execute(update(account).where(account.c.id == account_id).values(seen_at=now()))
    detail = {"method": method, "stage": stage, "address": origin.address}
    write_lines(connection, now(), [Line(str(name), "identity:session:begin", account_id, detail=detail)])
    return token


def stage_of(connection: Connection, account_id: str, method: str, passed: str = "") -> str:
    """What still stands between a proven password and the platform, after the stage already passed."""
    if method == "demo":
        return "full"
    if passed == "" and factor.is_confirmed(connection, account_id):
        return "factor"
    must = connection.scalar(select(account.c.must_change).where(account.c.id == account_id))
    if method == "password" and (must or passwords.has_aged(connection, account_id)):
        return "change"
    return "enrol" if needs_factor(connection, account_id) else "full"


def needs_factor(connection: Connection, account_id: str) -> bool:
    """Whether a role demands a second factor that is not there yet."""
    demanded = any(ROLES[role].second_factor for role in roles_of(connection, account_id))
    return demanded and not factor.is_confirmed(connection, account_id)


def pass_factor(engine: Engine, keys: Keys, actor: Principal, code: str, address: str) -> None:
    """Take a one-time password, at sign-in or at enrolment; raises Unfit, or throttle.Locked after too many."""
    attempt = reserve(engine, login_key(actor.name) + FACTOR, address)
    with writing(engine) as connection:
        right = factor.accept_code(connection, keys, actor.id, actor.name, code)
        settle(connection, attempt, right)
        if right:
            advance(connection, actor.session, stage_of(connection, actor.id, _method(connection, actor), "factor"))
        line = Line(actor.name, "identity:sign-in:factor", actor.id, result="ok" if right else "refused")
        write_lines(connection, now(), [line])
    if not right:
        raise Unfit("动态口令不正确，或者已经用过；请等下一个口令再试", "code")


def _method(connection: Connection, actor: Principal) -> str:
    query = select(account_session.c.method).where(account_session.c.digest == actor.session)
    return str(connection.scalar(query))


def change_password(engine: Engine, keys: Keys, actor: Principal, old: str, new: str, address: str) -> None:
    """Change the own password; every other session of the account ends. Raises Unfit, or throttle.Locked."""
    attempt = reserve(engine, login_key(actor.name), address)
    with engine.connect() as connection:
        hashes = passwords.hashes_of(connection, actor.id, 1)
        least = options_of(connection)["password_length"]
        personal = _personal(connection, keys, actor)
    right = passwords.matches(hashes[0] if hashes else None, old)
    with writing(engine) as connection:
        settle(connection, attempt, right)
    if not right:
        raise Unfit("现在的密码不正确", "old")
    passwords.check_quality(new, least, personal)
    if passwords.was_used(engine, actor.id, new):
        raise Unfit("不能使用最近用过的密码，请换一个", "password")
    with writing(engine) as connection:
        passwords.set_password(connection, actor.id, new, must_change=False)
        end_sessions(connection, actor.id, "password", but=actor.session)
        if actor.stage == "change":
            advance(connection, actor.session, stage_of(connection, actor.id, "password", "factor"))
        write_lines(connection, now(), [Line(actor.name, "identity:password:change", actor.id)])


def _personal(connection: Connection, keys: Keys, actor: Principal) -> tuple[str, ...]:
    a, o = account.c, organisation.c
    query = select(a.login_name, a.phone_sealed, o.uscc).join(organisation, o.id == a.organisation_id)
    row = connection.execute(query.where(a.id == actor.id)).one()
    phone = unseal(keys, f"account.phone:{actor.id}", row.phone_sealed) if row.phone_sealed else ""
    return tuple(text for text in (row.login_name, phone, row.uscc) if text)

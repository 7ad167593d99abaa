"""The first run: no account comes with the platform; a one-time token makes the three administrators."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from backend.administration.options import OPTIONS
from backend.audit.service import Line, write_lines
from backend.crypto.fields import seal
from backend.crypto.keys import Keys
from backend.db import now, writing
from backend.identity import passwords
from backend.identity.refusal import Unfit
from backend.identity.sessions import digest_of
from backend.identity.sign_in import login_key
from backend.identity.tokens import create_token
from backend.models import access_token, account, organisation, role_grant
from backend.models.people import THREE_ADMINISTRATORS

LIFE = timedelta(hours=1)
ACTOR = "首次启动"


def administrators_exist(engine: Engine) -> bool:
    """Whether somebody real holds an administrator's role, or did."""
    g, a = role_grant.c, account.c
    query = select(func.count()).select_from(role_grant).join(account, a.id == g.account_id)
    with engine.connect() as connection:
        return bool(connection.scalar(query.where(g.role.in_(THREE_ADMINISTRATORS), a.demo.is_(False))))


def first_run_token(engine: Engine) -> str | None:
    """A fresh one-time token that makes every earlier one void; None once there are administrators."""
    if administrators_exist(engine):
        return None
    t = access_token.c
    with writing(engine) as connection:
        connection.execute(
            update(access_token).where(t.kind == "first", t.revoked_at.is_(None)).values(revoked_at=now())
        )
    return create_token(engine, "first", ACTOR, "first", LIFE)


def create_administrators(engine: Engine, keys: Keys, token: str, given: Mapping[str, Any]) -> None:
    """Use the token up and create the three; `given` has login, name and password of each. Raises Unfit."""
    check(given)
    with writing(engine) as connection:
        use_up(connection, token)
        place = open_platform(connection)
        for role in THREE_ADMINISTRATORS:
            word = role.removesuffix("_admin")
            create(connection, keys, place, role, *(given[f"{word}_{what}"] for what in ("login", "name", "password")))
        write_lines(connection, now(), [Line(ACTOR, "identity:first-run:finish", place)])


def check(given: Mapping[str, Any]) -> None:
    """Three different login names, three good passwords."""
    words = [role.removesuffix("_admin") for role in THREE_ADMINISTRATORS]
    if len({login_key(given[f"{word}_login"]) for word in words}) < 3:
        raise Unfit("三位管理员的登录名不能相同", "audit_login")
    if len({given[f"{word}_password"] for word in words}) < 3:
        raise Unfit("三位管理员的密码不能相同", "audit_password")
    for word in words:
        try:
            least = OPTIONS["password_length"].default
            passwords.check_quality(given[f"{word}_password"], least, (given[f"{word}_login"],))
        except Unfit as unfit:
            raise Unfit(str(unfit), f"{word}_password") from unfit


def use_up(connection: Connection, token: str) -> None:
    """Take the token; of two who try at once one gets it."""
    t = access_token.c
    live = (
        (t.kind == "first") & (t.digest == digest_of(token.strip())) & t.revoked_at.is_(None) & (t.expires_at > now())
    )
    if connection.execute(update(access_token).where(live).values(revoked_at=now())).rowcount != 1:
        raise Unfit("令牌不正确、已用过或已过期；请在服务器上运行 python -m backend first-run 取得新的令牌", "token")


def open_platform(connection: Connection, name: str = "平台运行单位") -> str:
    """The organisation of the administrators."""
    row = {"id": uuid.uuid4().hex, "kind": "platform", "name": name, "created_at": now(), "version": 1}
    connection.execute(insert(organisation).values(**row, changed_at=now()))
    return row["id"]  # type: ignore[return-value]


def create(connection: Connection, keys: Keys, place: str, role: str, login: str, name: str, password: str) -> None:
    """One administrator, who must bind a second factor at his first sign-in."""
    identity = uuid.uuid4().hex
    row = {
        "id": identity,
        "login_name": login.strip(),
        "login_key": login_key(login),
        "organisation_id": place,
        "state": "active",
        "name_sealed": seal(keys, f"account.name:{identity}", name.strip()),
        "clearance": 2,
        "must_change": False,
        "demo": False,
        "created_at": now(),
        "version": 1,
        "changed_at": now(),
    }
    connection.execute(insert(account).values(row))
    passwords.set_password(connection, identity, password, must_change=False)
    grant = {"account_id": identity, "role": role, "state": "active", "asked_by": "first-run", "asked_at": now()}
    connection.execute(insert(role_grant).values(**grant, decided_by="first-run-token", decided_at=now()))
    write_lines(connection, now(), [Line(ACTOR, "identity:account:create", identity, detail={"role": role})])

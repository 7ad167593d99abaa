"""A new way in for somebody who lost his: a one-time password, or the second factor to be enrolled anew."""

from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select

from backend.administration.duty import need
from backend.administration.grants import administrator_role
from backend.administration.standing import NEEDED, row_of
from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.identity import passwords
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.identity.sessions import end_sessions
from backend.identity.throttle import unlock
from backend.models import account_factor, account_password


def reset_password(engine: Engine, actor: Principal, account_id: str) -> str:
    """Give an account a one-time password, which is shown once and must be changed. Raises Refused, Unfit.

    Whoever could reset both password and second factor of an administrator could become him, so of these only one may
    be open at a time.
    """
    need(actor, NEEDED)
    with writing(engine) as connection:
        row = _for_reset(connection, actor, account_id)
        if row["seen_at"] and not _has_factor(connection, account_id):
            _refuse_for_administrators(connection, row, "密码", "动态口令还没有绑定，须先由他本人用原密码登录并绑定")
        password = passwords.one_time_password()
        passwords.set_password(connection, account_id, password, must_change=True)
        unlock(connection, row["login_key"])
        end_sessions(connection, account_id, "reset")
        detail = {"login_name": row["login_name"]}
        write_lines(connection, now(), [Line(actor.name, "identity:password:reset", account_id, detail=detail)])
    return password


def reset_factor(engine: Engine, actor: Principal, account_id: str) -> None:
    """Remove the second factor, so that the next sign-in enrols anew. Raises Refused, Unfit."""
    need(actor, NEEDED)
    with writing(engine) as connection:
        row = _for_reset(connection, actor, account_id)
        if not _has_factor(connection, account_id):
            raise Unfit("这个账号没有绑定动态口令")
        if row["must_change"]:
            _refuse_for_administrators(connection, row, "动态口令", "他的密码刚被重置，须先由他本人登录改好密码")
        connection.execute(delete(account_factor).where(account_factor.c.account_id == account_id))
        unlock(connection, f"{row['login_key']}#2")
        end_sessions(connection, account_id, "reset")
        detail = {"login_name": row["login_name"]}
        write_lines(connection, now(), [Line(actor.name, "identity:factor:reset", account_id, detail=detail)])


def ways_in(connection: Connection, account_id: str) -> dict[str, Any]:
    """When the password was last set (None without one) and whether a second factor is bound."""
    p = account_password.c
    at = connection.scalar(select(func.max(p.at)).where(p.account_id == account_id))
    return {"password_at": at, "factor": _has_factor(connection, account_id)}


def _for_reset(connection: Connection, actor: Principal, account_id: str) -> dict[str, Any]:
    row = row_of(connection, account_id)
    if account_id == actor.id:
        raise Refused("自己的密码和动态口令请在“我的账号”中修改")
    if row["state"] == "closed":
        raise Unfit("已注销的账号不能重置")
    if row["demo"]:
        raise Unfit("演示账号没有密码和动态口令，只能从演示入口进入")
    return row


def _refuse_for_administrators(connection: Connection, row: dict[str, Any], what: str, instead: str) -> None:
    if label := administrator_role(connection, row["id"]):
        raise Refused(f"{row['login_name']} 是{label}，不能重置他的{what}：{instead}")


def _has_factor(connection: Connection, account_id: str) -> bool:
    f = account_factor.c
    query = select(f.account_id).where(f.account_id == account_id, f.confirmed_at.is_not(None))
    return connection.scalar(query) is not None

"""Whether an account may be used: suspended, resumed, closed for good, and suspended by itself when nobody uses it."""

from collections import defaultdict
from collections.abc import Set
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, select, update

from backend.administration.duty import need, reason_of
from backend.administration.options import options_of
from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.identity.epoch import rights_changed
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.identity.roles import ROLES
from backend.identity.sessions import end_sessions
from backend.models import account, organisation, role_grant, sso_binding
from backend.models.people import THREE_ADMINISTRATORS

NEEDED = "manage:accounts"
STATES = {"active": "在用", "suspended": "已停用", "closed": "已注销"}
PROGRAM = "平台"  # Who acts where no person does.


def suspend_account(engine: Engine, actor: Principal, account_id: str, why: str) -> None:
    """Stop an account until it is resumed; its sessions end at once. Raises Refused, Unfit."""
    need(actor, NEEDED)
    reason = reason_of(why)
    with writing(engine) as connection:
        row = row_of(connection, account_id)
        _be(row, "active", "只有在用的账号可以停用")
        _spare(connection, actor, row, "停用")
        _set_state(connection, actor.name, row, "suspended", reason)


def resume_account(engine: Engine, actor: Principal, account_id: str, why: str) -> None:
    """Let a suspended account be used again; its days of idleness count anew. Raises Refused, Unfit."""
    need(actor, NEEDED)
    reason = reason_of(why)
    with writing(engine) as connection:
        row = row_of(connection, account_id)
        _be(row, "suspended", "只有停用的账号可以恢复")
        if row["id"] == actor.id:
            raise Refused("不能恢复自己的账号，请由另一位系统管理员处理")
        _set_state(connection, actor.name, row, "active", reason)


def close_account(engine: Engine, actor: Principal, account_id: str, why: str) -> None:
    """Close an account for good: its login name and id are never given to anybody again. Raises Refused, Unfit.

    Its roles and bindings end. What was kept only to reach or recognise the person is erased
    (个人信息保护法 第四十七条); the name stays for whoever must know later who acted.
    """
    need(actor, NEEDED)
    reason = reason_of(why)
    with writing(engine) as connection:
        row = row_of(connection, account_id)
        if row["state"] == "closed":
            raise Unfit("这个账号已经注销")
        _spare(connection, actor, row, "注销")
        _strip(connection, actor, account_id)
        _set_state(connection, actor.name, row, "closed", reason)


def _strip(connection: Connection, actor: Principal, account_id: str) -> None:
    g = role_grant.c
    live = (g.account_id == account_id) & g.state.in_(("asked", "active"))
    ended = {"state": "ended", "ended_by": actor.id, "ended_at": now()}
    connection.execute(update(role_grant).where(live).values(ended))
    connection.execute(delete(sso_binding).where(sso_binding.c.account_id == account_id))
    erased = {"phone_sealed": None, "id_no_sealed": None, "id_no_index": None}
    connection.execute(update(account).where(account.c.id == account_id).values(erased))


def suspend_dormant(engine: Engine) -> list[str]:
    """Suspend the accounts that nobody used for as many days as the option says; gives their login names.

    Demo accounts stay, and so does the last administrator of a kind: nobody could resume him.
    """
    suspended = []
    with writing(engine) as connection:
        days = options_of(connection)["dormant_days"]
        for row in _dormant(connection, now() - timedelta(days=days)):
            if lone_administrators(connection, {row["id"]}):
                continue
            _set_state(connection, PROGRAM, row, "suspended", f"超过 {days} 天没有登录，自动停用")
            suspended.append(str(row["login_name"]))
    return suspended


def _dormant(connection: Connection, before: datetime) -> list[RowMapping]:
    """Accounts in use, last used before a moment, the longest idle first. An administrator's change counts as use:
    otherwise whoever was resumed after a long leave would be suspended again before he can sign in."""
    a = account.c
    query = select(account).where(a.state == "active", a.demo.is_(False), a.created_at <= before)
    idle = [row for row in connection.execute(query).mappings() if _used_at(row) <= before]
    return sorted(idle, key=_used_at)


def _used_at(row: RowMapping) -> datetime:
    return max(row["seen_at"] or row["created_at"], row["changed_at"])


def lone_administrators(connection: Connection, going: Set[str]) -> str | None:
    """Which kind of the three administrators would be left without anybody in use, were these accounts to go.

    Gives the role as people call it, or None. Demo accounts and real ones do not stand in for each other.
    """
    g, a, o = role_grant.c, account.c, organisation.c
    query = (
        select(g.role, a.demo, a.id).join(account, a.id == g.account_id).join(organisation, o.id == a.organisation_id)
    )
    query = query.where(
        g.state == "active", g.role.in_(THREE_ADMINISTRATORS), a.state == "active", o.closed_at.is_(None)
    )
    holders: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for role, demo, holder in connection.execute(query):
        holders[role, demo].add(holder)
    return next((ROLES[role].label for (role, _), who in holders.items() if who <= going), None)


def row_of(connection: Connection, account_id: str) -> dict[str, Any]:
    """The row of an account; raises Unfit when there is none."""
    if not account_id.isalnum():  # PostgreSQL stops at a NUL instead of finding nothing.
        raise Unfit("没有这个账号")
    row = connection.execute(select(account).where(account.c.id == account_id)).mappings().first()
    if row is None:
        raise Unfit("没有这个账号")
    return dict(row)


def _be(row: dict[str, Any], state: str, words: str) -> None:
    if row["state"] != state:
        raise Unfit(f"{words}，这个账号{STATES[row['state']]}")


def _spare(connection: Connection, actor: Principal, row: dict[str, Any], deed: str) -> None:
    if row["id"] == actor.id:
        raise Refused(f"不能{deed}自己的账号，请由另一位系统管理员处理")
    if last := lone_administrators(connection, {row["id"]}):
        raise Refused(f"这是平台仅剩的{last}，请先增加一位{last}再{deed}")


def _set_state(connection: Connection, by: str, row: Any, state: str, why: str) -> None:
    values = {"state": state, "state_why": why, "version": row["version"] + 1, "changed_at": now()}
    connection.execute(update(account).where(account.c.id == row["id"]).values(values))
    if state == "active":
        rights_changed(connection)
    else:
        end_sessions(connection, row["id"], state)
    verb = {"active": "resume", "suspended": "suspend", "closed": "close"}[state]
    detail = {"login_name": row["login_name"], "reason": why}
    write_lines(connection, now(), [Line(by, f"identity:account:{verb}", row["id"], detail=detail)])

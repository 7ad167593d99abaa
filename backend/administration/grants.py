"""Roles of accounts: asked for by one person and decided by another, never by himself and never about himself."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Select, insert, select, update

from backend.administration.duty import need, reason_of
from backend.administration.paging import Page, paged
from backend.administration.standing import lone_administrators, row_of
from backend.alerts.service import raise_alert
from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.identity.epoch import rights_changed
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.identity.roles import ORGANISATIONS, PEOPLE, roles_clash
from backend.models import account, organisation, role_grant

LIVE = ("asked", "active")
WITHOUT_ACCOUNT = dict.fromkeys(("first-run", "first-run-token"), "首次启动") | dict.fromkeys(
    ("demo", "demo-start"), "演示数据"
)
STATES = {"asked": "待批准", "active": "有效", "refused": "已驳回", "ended": "已收回"}


def ask_role(engine: Engine, actor: Principal, account_id: str, role: str, reason: str) -> int:
    """Ask that an account be given a role; gives the number of the request. Raises Refused, Unfit."""
    need(actor, "ask:roles")
    why = reason_of(reason)
    with writing(engine) as connection:
        row = row_of(connection, account_id)
        if row["state"] == "closed":
            raise Unfit("已注销的账号不能授予角色", "role")
        _check_fit(connection, row, role, live_roles(connection, account_id))
        values = {"account_id": account_id, "role": role, "state": "asked", "reason": f"申请：{why}"}
        put = insert(role_grant).values(**values, asked_by=actor.id, asked_at=now()).returning(role_grant.c.id)
        number = int(connection.execute(put).scalar_one())
        detail = {"login_name": row["login_name"], "role": role, "reason": why}
        write_lines(connection, now(), [Line(actor.name, "identity:role:ask", str(number), detail=detail)])
        rights_changed(connection)
    return number


def decide_role(engine: Engine, actor: Principal, grant_id: int, accept: bool, reason: str = "") -> None:
    """Grant or refuse what somebody else asked for a third person; a refusal says why. Raises Refused, Unfit."""
    need(actor, "decide:roles")
    why = reason_of(reason) if reason.strip() or not accept else ""
    with writing(engine) as connection:
        grant = grant_of(connection, grant_id)
        if grant["state"] != "asked":
            raise Unfit("这项申请已有人处理")
        _be_third(actor, grant)
        if accept:
            row = row_of(connection, grant["account_id"])
            if row["state"] == "closed":
                raise Unfit("这个账号已经注销，请驳回")
            held = [role for role in live_roles(connection, row["id"]) if role != grant["role"]]
            _check_fit(connection, row, grant["role"], held)
        words = _joined(grant["reason"], "批准" if accept else "驳回", why)
        decided = {"decided_by": actor.id, "decided_at": now(), "reason": words}
        _put(connection, grant_id, "asked", state="active" if accept else "refused", **decided)
        names = {"login_name": grant["login_name"], "role": grant["role"]}
        people = {"asked_by": grant["asker"], "decided_by": actor.name, "accepted": accept, "reason": why}
        line = Line(actor.name, "identity:role:decide", str(grant_id), detail={**names, **people})
        write_lines(connection, now(), [line])
        if accept and PEOPLE[grant["role"]].administrator:
            _tell_of_administrator(connection, actor, grant)


def end_role(engine: Engine, actor: Principal, grant_id: int, reason: str) -> None:
    """Take a role back at once; raises Refused, Unfit."""
    need(actor, "decide:roles")
    why = reason_of(reason)
    with writing(engine) as connection:
        grant = grant_of(connection, grant_id)
        if grant["state"] != "active":
            raise Unfit("这个角色已经收回")
        if grant["account_id"] == actor.id:
            raise Refused("不能收回自己的角色，请由另一位安全管理员处理")
        if PEOPLE[grant["role"]].administrator and (last := lone_administrators(connection, {grant["account_id"]})):
            raise Refused(f"这是平台仅剩的{last}，请先增加一位{last}再收回")
        words = _joined(grant["reason"], "收回", why)
        _put(connection, grant_id, "active", state="ended", ended_by=actor.id, ended_at=now(), reason=words)
        detail = {"login_name": grant["login_name"], "role": grant["role"], "reason": why}
        write_lines(connection, now(), [Line(actor.name, "identity:role:end", str(grant_id), detail=detail)])


def live_roles(connection: Connection, account_id: str) -> list[str]:
    """The roles that an account holds or that are asked for it."""
    g = role_grant.c
    return list(connection.scalars(select(g.role).where(g.account_id == account_id, g.state.in_(LIVE))))


def administrator_role(connection: Connection, account_id: str) -> str | None:
    """Which of the three administrators somebody is or is about to become, as people call it; None for others."""
    labels = [PEOPLE[role].label for role in live_roles(connection, account_id) if PEOPLE[role].administrator]
    return labels[0] if labels else None


def grant_of(connection: Connection, grant_id: int) -> dict[str, Any]:
    """One grant with the names of who is concerned; raises Unfit when there is none."""
    row = connection.execute(_grants().where(role_grant.c.id == grant_id)).mappings().first()
    if row is None:
        raise Unfit("没有这项申请")
    return _told(row)


def grants_of(connection: Connection, account_id: str) -> list[dict[str, Any]]:
    """Every grant of an account, the newest first."""
    query = _grants().where(role_grant.c.account_id == account_id).order_by(role_grant.c.id.desc())
    return [_told(row) for row in connection.execute(query).mappings()]


def waiting_grants(connection: Connection, number: int = 1) -> Page:
    """The requests that nobody has decided, the oldest first."""
    return _told_page(connection, _grants().where(role_grant.c.state == "asked").order_by(role_grant.c.id), number)


def holders_page(connection: Connection, role: str, number: int) -> Page:
    """Who holds which role at present, by role and login name; of one role where it is given."""
    query = _holders()
    return _told_page(connection, query.where(role_grant.c.role == role) if role else query, number)


def all_holders(connection: Connection) -> list[dict[str, Any]]:
    """The same of every role, in one list."""
    return [_told(row) for row in connection.execute(_holders()).mappings()]


def _holders() -> Select[Any]:
    return _grants().where(role_grant.c.state == "active").order_by(role_grant.c.role, account.c.login_name)


def _grants() -> Select[Any]:
    """Grants with the login names and organisations of whom they concern."""
    g, o = role_grant.c, organisation.c
    asker, decider, ender = (account.alias(name) for name in ("asker", "decider", "ender"))
    names = [account.c.login_name, account.c.state.label("account_state"), account.c.clearance]
    house = [o.name.label("organisation"), o.kind.label("organisation_kind")]
    others = [
        asker.c.login_name.label("asker"), decider.c.login_name.label("decider"), ender.c.login_name.label("ender"),
    ]  # fmt: skip
    query = select(role_grant, *names, *house, *others).join(account, account.c.id == g.account_id)
    query = query.join(organisation, o.id == account.c.organisation_id)
    query = query.outerjoin(asker, asker.c.id == g.asked_by).outerjoin(decider, decider.c.id == g.decided_by)
    return query.outerjoin(ender, ender.c.id == g.ended_by)


def _told(row: RowMapping | dict[str, Any]) -> dict[str, Any]:
    """A grant with everybody in it by name; who acted without an account is named for what he was."""
    told = dict(row)
    for name, column in (("asker", "asked_by"), ("decider", "decided_by"), ("ender", "ended_by")):
        told[name] = row[name] or WITHOUT_ACCOUNT.get(row[column], row[column])
    return told


def _told_page(connection: Connection, query: Select[Any], number: int) -> Page:
    page = paged(connection, query, number)
    return replace(page, rows=[_told(row) for row in page.rows])


def _check_fit(connection: Connection, row: dict[str, Any], role: str, held: list[str]) -> None:
    if role not in PEOPLE:
        raise Unfit("请选择角色", "role")
    kind = connection.scalar(select(organisation.c.kind).where(organisation.c.id == row["organisation_id"]))
    if kind not in PEOPLE[role].kinds:
        raise Unfit(f"{ORGANISATIONS[str(kind)]}的人员不能担任{PEOPLE[role].label}", "role")
    if role in held:
        raise Unfit("这个账号已有这个角色，或正在等待批准", "role")
    if roles_clash(held, role):
        raise Unfit("三类管理员互不兼任，也不能兼任其他角色；请先收回已有的角色", "role")


def _be_third(actor: Principal, grant: dict[str, Any]) -> None:
    if actor.id == grant["asked_by"]:
        raise Refused("这是您自己提出的申请，须由另一位安全管理员处理")
    if actor.id == grant["account_id"]:
        raise Refused("这项申请与您本人有关，须由另一位安全管理员处理")


def _put(connection: Connection, grant_id: int, was: str, **values: Any) -> None:
    g = role_grant.c
    connection.execute(update(role_grant).where(g.id == grant_id, g.state == was).values(values))
    rights_changed(connection)


def _joined(before: str | None, deed: str, why: str) -> str:
    return "\n".join(part for part in (before, f"{deed}：{why}" if why else "") if part)


def _tell_of_administrator(connection: Connection, actor: Principal, grant: dict[str, Any]) -> None:
    label = PEOPLE[grant["role"]].label
    words = f"{grant['login_name']} 成为{label}，由 {grant['asker']} 申请、{actor.name} 批准"
    detail = {"grant": grant["id"], "role": grant["role"]}
    raise_alert(
        connection,
        rule="new_administrator",
        subject=grant["login_name"],
        severity="warning",
        words=words,
        detail=detail,
    )

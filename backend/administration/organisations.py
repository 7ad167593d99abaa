"""Organisations whose people use the platform: opened, changed, closed, and opened again."""

import unicodedata
import uuid
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, or_, select, update

from backend.administration.duty import need, plain, reason_of
from backend.administration.paging import Page, paged
from backend.administration.revision import put
from backend.administration.standing import lone_administrators
from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.enterprises.uscc import uscc_fault
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.identity.roles import ORGANISATIONS
from backend.identity.sessions import end_sessions
from backend.models import access_token, account, organisation
from geo.districts import DISTRICTS

NEEDED = "manage:organisations"
WITH_DISTRICT = ("commerce", "vehicle_office")


def open_organisation(
    engine: Engine, actor: Principal, kind: str, name: str, uscc: str = "", office: str = "", district: str = ""
) -> str:
    """Open a record and give its id; raises Refused, Unfit."""
    need(actor, NEEDED)
    with writing(engine) as connection:
        return add_organisation(connection, actor.name, kind, name, uscc, office, district)


def add_organisation(
    connection: Connection, by: str, kind: str, name: str, uscc: str = "", office: str = "", district: str = ""
) -> str:
    """The same within a transaction of `writing`, for a caller who has judged the right; `by` stands in the audit."""
    if kind not in ORGANISATIONS:
        raise Unfit("请选择单位类型", "kind")
    values, at = _checked(connection, "", kind, name, uscc, office, district), now()
    organisation_id = uuid.uuid4().hex
    row = {"kind": kind, **values, "created_at": at, "version": 1, "changed_at": at}
    connection.execute(insert(organisation).values(id=organisation_id, **row))
    write_lines(
        connection, at, [Line(by, "administration:organisation:open", organisation_id, detail={"kind": kind, **values})]
    )
    return organisation_id


def change_organisation(
    engine: Engine,
    actor: Principal,
    organisation_id: str,
    version: int,
    name: str,
    uscc: str,
    office: str,
    district: str,
) -> None:
    """Change a record that still has the version its reader saw; the kind stays. Raises Refused, Unfit."""
    need(actor, NEEDED)
    with writing(engine) as connection:
        before = _row(connection, organisation_id)
        if before["closed_at"] is not None:
            raise Unfit("已撤销的单位不能修改，请先恢复")
        values = _checked(connection, organisation_id, before["kind"], name, uscc, office, district)
        put(connection, organisation, organisation_id, version, values)
        changed = {key: [before[key], value] for key, value in values.items() if before[key] != value}
        line = Line(actor.name, "administration:organisation:change", organisation_id, detail=changed)
        write_lines(connection, now(), [line])


def close_organisation(engine: Engine, actor: Principal, organisation_id: str, why: str) -> None:
    """Close it: its people lose their sessions and cannot sign in, its tokens end. Raises Refused, Unfit."""
    need(actor, NEEDED)
    if organisation_id == actor.organisation_id:
        raise Refused("不能撤销自己所在的单位")
    reason = reason_of(why)
    with writing(engine) as connection:
        row = _row(connection, organisation_id)
        people = list(connection.scalars(select(account.c.id).where(account.c.organisation_id == organisation_id)))
        if last := lone_administrators(connection, set(people)):
            raise Refused(f"这个单位有平台仅剩的{last}，请先由别的单位的人员接任")
        put(connection, organisation, organisation_id, row["version"], {"closed_at": now()})
        for person in people:
            end_sessions(connection, person, "organisation")
        t = access_token.c
        own = (t.scope_kind == "enterprise") & (t.scope_value == row["uscc"]) & t.revoked_at.is_(None)
        tokens = connection.execute(update(access_token).where(own).values(revoked_at=now())).rowcount
        detail = {"reason": reason, "accounts": len(people), "tokens": tokens}
        line = Line(actor.name, "administration:organisation:close", organisation_id, detail=detail)
        write_lines(connection, now(), [line])


def reopen_organisation(engine: Engine, actor: Principal, organisation_id: str) -> None:
    """Undo a closing: its code was kept, and its people may sign in again. Raises Refused, Unfit."""
    need(actor, NEEDED)
    with writing(engine) as connection:
        row = _row(connection, organisation_id)
        if row["closed_at"] is None:
            raise Unfit("这个单位没有撤销")
        put(connection, organisation, organisation_id, row["version"], {"closed_at": None})
        write_lines(connection, now(), [Line(actor.name, "administration:organisation:reopen", organisation_id)])


def organisations_page(engine: Engine, actor: Principal, search: str, kind: str, state: str, number: int) -> Page:
    """Organisations by name or code, with how many live accounts each has; state is open, closed or "" for both."""
    need(actor, NEEDED)
    o, a = organisation.c, account.c
    people = select(func.count()).where(a.organisation_id == o.id, a.state != "closed").scalar_subquery()
    query = select(organisation, people.label("people")).order_by(o.closed_at.is_not(None), o.kind, o.name)
    if wanted := " ".join(search.split()):
        query = query.where(
            or_(o.name.contains(wanted, autoescape=True), o.uscc.contains(wanted.upper(), autoescape=True))
        )
    if kind in ORGANISATIONS:
        query = query.where(o.kind == kind)
    if state in ("open", "closed"):
        query = query.where(o.closed_at.is_(None) if state == "open" else o.closed_at.is_not(None))
    with engine.connect() as connection:
        return paged(connection, query, number)


def organisation_of(engine: Engine, actor: Principal, organisation_id: str) -> dict[str, Any]:
    """One record; raises Refused, Unfit."""
    need(actor, NEEDED)
    with engine.connect() as connection:
        return _row(connection, organisation_id)


def open_organisations(connection: Connection, kind: str | None = None) -> list[dict[str, Any]]:
    """Id, kind, name and code of every organisation that is open, for whoever must choose one."""
    o = organisation.c
    query = select(o.id, o.kind, o.name, o.uscc).where(o.closed_at.is_(None)).order_by(o.kind, o.name)
    rows = connection.execute(query.where(o.kind == kind) if kind else query).mappings()
    return [dict(row) for row in rows]


def _row(connection: Connection, organisation_id: str) -> dict[str, Any]:
    which = organisation.c.id == organisation_id
    # PostgreSQL stops at a NUL instead of finding nothing.
    found = connection.execute(select(organisation).where(which)).mappings() if organisation_id.isalnum() else None
    row = found.first() if found else None
    if row is None:
        raise Unfit("没有这个单位")
    return dict(row)


def _checked(
    connection: Connection, own_id: str, kind: str, name: str, uscc: str, office: str, district: str
) -> dict[str, str | None]:
    """The columns of a record as given; raises Unfit."""
    o = organisation.c
    tidy = plain(name, "name", "单位名称", 2, 100)
    twin = select(o.id).where(o.name == tidy, o.kind == kind, o.id != own_id, o.closed_at.is_(None))
    if connection.scalar(twin) is not None:
        raise Unfit("同类型中已有这个名称的单位", "name")
    code = "".join(unicodedata.normalize("NFKC", uscc).upper().split())
    if not code and kind == "enterprise":
        raise Unfit("企业必须填写统一社会信用代码", "uscc")
    if code and (fault := uscc_fault(code)):
        raise Unfit(fault, "uscc")
    if code and connection.scalar(select(o.id).where(o.uscc == code, o.id != own_id)) is not None:
        raise Unfit("已有单位使用这个统一社会信用代码；已撤销的单位请查出后恢复", "uscc")
    if office.strip() and kind != "vehicle_office":
        raise Unfit("只有公安机关车辆管理所填写代码，请清空", "office")
    if district and kind not in WITH_DISTRICT:
        raise Unfit("只有车辆管理所和商务主管部门区分区县，请选“全市”", "district")
    if district and district not in DISTRICTS:
        raise Unfit("请选择西安市的区县", "district")
    house = plain(office, "office", "车管所代码", 2, 16) if office.strip() else None
    return {"name": tidy, "uscc": code or None, "office": house, "district": district or None}

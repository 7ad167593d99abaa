"""Accounts of the demo: one for each role, without password, entered by a button while the demo ribbon shows."""

import uuid
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from backend.administration.facts import DEMO, platform_fact_of
from backend.audit.service import Line, write_lines
from backend.crypto.fields import seal
from backend.crypto.keys import Keys
from backend.db import now, writing
from backend.identity.roles import PEOPLE
from backend.identity.sign_in import Origin, open_session
from backend.models import account, enterprise, organisation, role_grant
from backend.models.insertion import insert_new

DEMO_ROLES = {key: role.label for key, role in PEOPLE.items()}
PLACES = {
    "vehicle_office": ("演示车辆管理所", {"office": "610100"}),
    "commerce": ("演示市商务主管部门", {}),
    "appraisal": ("演示鉴定评估机构", {}),
    "market": ("演示二手车交易市场", {}),
    "platform": ("演示平台运行单位", {}),
}
ACTOR = "演示数据"


def install_demo_accounts(engine: Engine, keys: Keys) -> None:
    """Make what is missing of the demo's organisations and accounts; does nothing outside the demo."""
    if platform_fact_of(engine, DEMO) is None:
        return
    with writing(engine) as connection:
        places = {kind: _place(connection, kind, name, **more) for kind, (name, more) in PLACES.items()}
        firm = connection.execute(select(enterprise.c.uscc, enterprise.c.name).order_by(enterprise.c.uscc)).first()
        if firm is not None:
            places["enterprise"] = _place(connection, "enterprise", f"{firm.name}（演示）", uscc=firm.uscc)
        for role in PEOPLE.values():
            place = next((places[kind] for kind in role.kinds if kind in places), None)
            if place is not None:
                _account(connection, keys, role.key, role.label, place)


def _place(connection: Connection, kind: str, name: str, **more: Any) -> str:
    identity = _stable(f"organisation:{kind}")
    row = {"id": identity, "kind": kind, "name": name, "created_at": now(), "version": 1, "changed_at": now(), **more}
    insert_new(connection, organisation, [row])
    return identity


def _stable(name: str) -> str:
    """The same id at every start, so that nothing is made twice."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{name}").hex


def _account(connection: Connection, keys: Keys, role: str, label: str, place: str) -> None:
    identity = _stable(f"account:{role}")
    if connection.scalar(select(account.c.id).where(account.c.id == identity)) is not None:
        return
    row = {
        "id": identity,
        "login_name": f"演示·{label}",
        "login_key": f"演示·{label}",
        "organisation_id": place,
        "state": "active",
        "name_sealed": seal(keys, f"account.name:{identity}", f"演示{label}"),
        "clearance": 2 if role.endswith("_admin") else 1,
        "must_change": False,
        "demo": True,
        "created_at": now(),
        "version": 1,
        "changed_at": now(),
    }
    connection.execute(insert(account).values(row))
    grant = {"account_id": identity, "role": role, "state": "active", "asked_by": "demo", "asked_at": now()}
    connection.execute(insert(role_grant).values(**grant, decided_by="demo-start", decided_at=now()))
    write_lines(connection, now(), [Line(ACTOR, "identity:account:create", identity, detail={"role": role})])


def demo_session(engine: Engine, role: str, origin: Origin) -> str | None:
    """Open a session for the demo account of a role; None for a role that has none."""
    if role not in PEOPLE:
        return None
    with writing(engine) as connection:
        a = account.c
        identity = _stable(f"account:{role}")
        live = (a.id == identity) & a.demo & (a.state == "active")
        if connection.scalar(select(a.id).where(live)) is None:
            return None
        return open_session(connection, identity, "demo", origin)

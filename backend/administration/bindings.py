"""Requests to enter by single sign-on: who asks, which account he seems to be, and the decision of a security admin."""

from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, select, update

from backend.administration.duty import need
from backend.administration.paging import Page, paged
from backend.administration.personal import masked, note_read
from backend.administration.standing import row_of
from backend.audit.service import Line, write_lines
from backend.crypto.keys import Keys
from backend.db import now, writing
from backend.identity.epoch import rights_changed
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.models import account, organisation, sso_binding

PROVIDERS = {"qinwuyuan": "秦务员", "single_window": "国际贸易单一窗口"}
KINDS = {"natural": "自然人", "legal": "法人"}
NEEDED = "decide:roles"
SHOWN = 8  # Login names of the same organisation that are offered.


def waiting_bindings(engine: Engine, keys: Keys, actor: Principal, number: int) -> Page:
    """The requests that nobody has decided, the oldest first, names masked; the reading leaves a line."""
    need(actor, NEEDED)
    b = sso_binding.c
    with writing(engine) as connection:
        query = select(sso_binding).where(b.state == "waiting").order_by(b.id)
        page = paged(connection, query, number)
        for row in page.rows:
            _tell(connection, keys, row)
        if page.rows:
            note_read(connection, actor, "identity:binding:list", "waiting", {"count": len(page.rows)})
    return page


def binding_of(engine: Engine, keys: Keys, actor: Principal, binding_id: int) -> dict[str, Any]:
    """One request, its name masked; the reading leaves a line. Raises Refused, Unfit."""
    need(actor, NEEDED)
    with writing(engine) as connection:
        row = dict(_row(connection, binding_id))
        _tell(connection, keys, row)
        note_read(connection, actor, "identity:binding:read", str(binding_id), {"count": 1})
    return row


def decide_binding(engine: Engine, actor: Principal, binding_id: int, account_id: str | None, accept: bool) -> None:
    """Bind an outside identity to an existing account, or refuse it; raises Refused, Unfit.

    Nobody decides about his own account. A legal person's identity goes only to an account of its own organisation.
    """
    need(actor, NEEDED)
    with writing(engine) as connection:
        row = _row(connection, binding_id)
        if row["state"] != "waiting":
            raise Unfit("这项申请已有人处理")
        bound = _account_for(connection, actor, row, account_id) if accept else None
        values = {"state": "bound" if accept else "refused", "account_id": bound["id"] if bound else None}
        values |= {"decided_by": actor.id, "decided_at": now()}
        connection.execute(update(sso_binding).where(sso_binding.c.id == binding_id).values(values))
        detail = {"provider": row["provider"], "accepted": accept, "login_name": bound["login_name"] if bound else None}
        line = Line(actor.name, "identity:binding:decide", str(binding_id), detail=detail)
        write_lines(connection, now(), [line])
        rights_changed(connection)


def _account_for(connection: Connection, actor: Principal, row: RowMapping, account_id: str | None) -> dict[str, Any]:
    if account_id is None:
        raise Unfit("请填写要绑定的账号；还没有账号的，先请系统管理员建立", "login_name")
    found = row_of(connection, account_id)
    if account_id == actor.id:
        raise Refused("不能绑定自己的账号，须由另一位安全管理员处理")
    if found["state"] != "active" or found["demo"]:
        raise Unfit("只能绑定在用的账号", "login_name")
    o, b = organisation.c, sso_binding.c
    uscc = connection.scalar(select(o.uscc).where(o.id == found["organisation_id"]))
    if row["kind"] == "legal" and row["uscc"] != uscc:
        raise Unfit("这个账号所属单位的统一社会信用代码与申请不一致", "login_name")
    if row["kind"] == "natural" and row["id_no_index"] and found["id_no_index"] not in (None, row["id_no_index"]):
        raise Unfit("这个账号登记的证件号与申请人的不一致", "login_name")
    same = (b.provider == row["provider"]) & (b.state == "bound") & (b.account_id == account_id)
    if connection.scalar(select(b.id).where(same)) is not None:
        raise Unfit("这个账号已绑定同一来源的另一位用户；一个账号只归一个人", "login_name")
    return found


def _row(connection: Connection, binding_id: int) -> RowMapping:
    row = connection.execute(select(sso_binding).where(sso_binding.c.id == binding_id)).mappings().first()
    if row is None:
        raise Unfit("没有这项申请")
    return row


def _tell(connection: Connection, keys: Keys, row: dict[str, Any]) -> None:
    """Add to a request how lists show it, the account with the same ID number, and those of the same organisation."""
    row["name"] = masked(keys, "name", f"sso_binding.name:{row['subject']}", row["name_sealed"])
    row["from"] = PROVIDERS.get(row["provider"], row["provider"])
    a, o = account.c, organisation.c
    same = select(a.login_name).where(a.id_no_index == row["id_no_index"], a.state == "active")
    row["likely"] = connection.scalar(same) if row["id_no_index"] else None
    house = select(o.name).where(o.uscc == row["uscc"], o.closed_at.is_(None))
    row["organisation"] = connection.scalar(house) if row["uscc"] else None
    own = select(a.login_name).join(organisation, o.id == a.organisation_id).where(o.uscc == row["uscc"])
    own = own.where(a.state == "active").order_by(a.login_key).limit(SHOWN)
    row["colleagues"] = list(connection.scalars(own)) if row["uscc"] else []

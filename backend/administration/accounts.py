"""Accounts of people: created and changed; nobody deletes one, and no login name is used twice."""

import re
import unicodedata
import uuid
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from backend.administration.duty import need
from backend.administration.grants import administrator_role, live_roles
from backend.administration.labels import LABELS
from backend.administration.options import options_of
from backend.administration.personal import FIELDS, checked, sealed_columns
from backend.administration.revision import put
from backend.administration.standing import NEEDED, row_of
from backend.audit.service import Line, write_lines
from backend.crypto.keys import Keys
from backend.db import now, writing
from backend.identity import passwords
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.identity.roles import ROLES
from backend.identity.sign_in import login_key
from backend.models import account, organisation

LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,31}")
TAKEN = "这个登录名已有人使用（不分大小写和全半角，注销的账号也不放出），请换一个"


def create_account(
    engine: Engine,
    keys: Keys,
    actor: Principal,
    login_name: str,
    organisation_id: str,
    name: str,
    phone: str = "",
    id_no: str = "",
    clearance: int = 1,
    first_password: str | None = None,
) -> str:
    """Create an account without any role and give its id; raises Refused, Unfit.

    The first password must be changed at the first sign-in. Without one the account is entered by single sign-on only.
    """
    need(actor, NEEDED)
    if clearance > actor.clearance:
        raise Unfit("不能授予高于自己的数据等级", "clearance")
    personal = {"name": name, "phone": phone, "id_no": id_no}
    with writing(engine) as connection:
        return add_account(
            connection, keys, actor.name, login_name, organisation_id, personal, clearance, first_password
        )


def add_account(
    connection: Connection,
    keys: Keys,
    by: str,
    login_name: str,
    organisation_id: str,
    personal: dict[str, str],
    clearance: int = 1,
    first_password: str | None = None,
    must_change: bool = True,
) -> str:
    """The same within a transaction of `writing`, for a caller who has judged the right; `by` stands in the audit.

    personal: name, phone and id_no, of which the last two may be empty or missing. Raises Unfit.
    """
    login = _login(connection, login_name)
    house = _open_organisation(connection, organisation_id)
    fields = {field: checked(field, personal.get(field, "")) for field in FIELDS}
    _check_clearance(clearance)
    account_id, at = uuid.uuid4().hex, now()
    columns = sealed_columns(keys, account_id, fields)
    _check_id_no(connection, account_id, columns["id_no_index"])
    row = {"id": account_id, "login_name": login, "login_key": login_key(login), "organisation_id": organisation_id}
    state = {"state": "active", "clearance": clearance, "must_change": False, "demo": False}
    stamps = {"created_at": at, "version": 1, "changed_at": at}
    connection.execute(insert(account).values(**row, **columns, **state, **stamps))
    if first_password is not None:
        own = tuple(text for text in (login, fields["phone"], house["uscc"]) if text)
        passwords.check_quality(first_password, options_of(connection)["password_length"], own)
        passwords.set_password(connection, account_id, first_password, must_change)
    detail = {"login_name": login, "organisation": house["name"], "clearance": clearance}
    write_lines(connection, at, [Line(by, "identity:account:create", account_id, detail=detail)])
    return account_id


def change_account(
    engine: Engine,
    keys: Keys,
    actor: Principal,
    account_id: str,
    version: int,
    organisation_id: str | None = None,
    clearance: int | None = None,
    personal: dict[str, str] | None = None,
) -> None:
    """Change what is given of an account that still has the version its reader saw; raises Refused, Unfit.

    personal: those of name, phone and id_no that change; an empty text removes the latter two. The login name stays.
    """
    need(actor, NEEDED)
    with writing(engine) as connection:
        row = row_of(connection, account_id)
        if row["state"] == "closed":
            raise Unfit("已注销的账号不能修改")
        values = _personal(connection, keys, row, personal or {})
        if clearance is not None and clearance != row["clearance"]:
            _may_clear(actor, row, clearance)
            values["clearance"] = clearance
        if organisation_id is not None and organisation_id != row["organisation_id"]:
            _may_move(connection, account_id, organisation_id)
            values["organisation_id"] = organisation_id
        put(connection, account, account_id, version, values)
        # Of personal fields the audit tells that they changed, never what they were.
        detail = {"login_name": row["login_name"], "personal": sorted(personal or ())}
        detail |= {key: [row[key], values[key]] for key in ("clearance", "organisation_id") if key in values}
        write_lines(connection, now(), [Line(actor.name, "identity:account:change", account_id, detail=detail)])


def _personal(connection: Connection, keys: Keys, row: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    """The columns of the personal fields that change; raises Refused, Unfit."""
    fields = {field: checked(field, text) for field, text in given.items()}
    values: dict[str, Any] = sealed_columns(keys, row["id"], fields)
    if "id_no" in fields:
        _refuse_for_administrators(connection, row)
        _check_id_no(connection, row["id"], values["id_no_index"])
    return values


def account_named(connection: Connection, login_name: str) -> str | None:
    """The id of the account with this login name, whatever its case and width."""
    if not login_name.isprintable():
        return None
    return connection.scalar(select(account.c.id).where(account.c.login_key == login_key(login_name)))


def _login(connection: Connection, text: str) -> str:
    login = unicodedata.normalize("NFKC", text).strip()
    if not LOGIN.fullmatch(login):
        raise Unfit("登录名应为 3 到 32 位，只用字母、数字和 . _ -，以字母或数字开头", "login_name")
    if account_named(connection, login) is not None:
        raise Unfit(TAKEN, "login_name")
    return login


def _open_organisation(connection: Connection, organisation_id: str) -> dict[str, Any]:
    o = organisation.c
    row = (
        connection.execute(select(organisation).where(o.id == organisation_id, o.closed_at.is_(None)))
        .mappings()
        .first()
    )
    if row is None:
        raise Unfit("请选择一个没有撤销的单位", "organisation_id")
    return dict(row)


def _check_clearance(clearance: int) -> None:
    if clearance not in LABELS:
        raise Unfit("请选择数据等级", "clearance")


def _check_id_no(connection: Connection, own_id: str, index: str | None) -> None:
    a = account.c
    if index and connection.scalar(select(a.id).where(a.id_no_index == index, a.id != own_id)) is not None:
        raise Unfit("已有账号登记了这个证件号；一个人只用一个账号", "id_no")


def _may_clear(actor: Principal, row: dict[str, Any], clearance: int) -> None:
    _check_clearance(clearance)
    if row["id"] == actor.id:
        raise Refused("不能修改自己的数据等级，请由另一位系统管理员处理")
    if clearance > actor.clearance:
        raise Unfit("不能授予高于自己的数据等级", "clearance")


def _may_move(connection: Connection, account_id: str, organisation_id: str) -> None:
    kind = _open_organisation(connection, organisation_id)["kind"]
    stuck = [ROLES[role].label for role in live_roles(connection, account_id) if kind not in ROLES[role].kinds]
    if stuck:
        raise Unfit(f"新单位的人员不能担任{'、'.join(stuck)}，请先收回角色", "organisation_id")


def _refuse_for_administrators(connection: Connection, row: dict[str, Any]) -> None:
    """Single sign-on knows a person by his ID number: whoever could change an administrator's could enter as him."""
    if label := administrator_role(connection, row["id"]):
        raise Refused(f"{row['login_name']} 是{label}，不能修改他的证件号；请先由安全管理员收回角色")

"""Personal data of accounts: checked, sealed, shown masked, and revealed only for a reason that is put on record."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, select

from backend.administration.duty import need, plain, reason_of
from backend.administration.field_catalogue import CATALOGUE
from backend.administration.labels import LABELS, may_read
from backend.audit.service import Line, write_lines
from backend.crypto.errors import KeyMissing, SealBroken
from backend.crypto.fields import blind_index, seal, unseal
from backend.crypto.keys import Keys
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.models import account

FIELDS = {"name": "姓名", "phone": "手机号", "id_no": "证件号"}
UNREADABLE = "（无法还原）"
PHONE = re.compile(r"1[3-9]\d{9}", re.ASCII)
RESIDENT = re.compile(r"[1-9]\d{16}[0-9X]", re.ASCII)
DIGITS_ONLY = re.compile(r"\d{15,}[0-9X]?", re.ASCII)
OTHER_PAPER = re.compile(r"[A-Z0-9]{6,20}")  # passports, and permits of residents of Hong Kong, Macao and Taiwan
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"


def mask_name(name: str) -> str:
    """The first character and one star, however long the name is."""
    return name[:1] + "*" if name else ""


def mask_phone(phone: str) -> str:
    """The first three and the last four digits."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "*" * len(phone)


def mask_id_no(id_no: str) -> str:
    """The first three and the last two characters; nothing but stars of a short one."""
    return id_no[:3] + "*" * (len(id_no) - 5) + id_no[-2:] if len(id_no) >= 10 else "*" * len(id_no)


MASKS = {"name": mask_name, "phone": mask_phone, "id_no": mask_id_no}


def checked(field: str, text: str) -> str:
    """The text as it is sealed; raises Unfit. Only the name is required, so the others may be empty."""
    narrow = unicodedata.normalize("NFKC", text)
    if field == "name":
        return plain(narrow, "name", "姓名", 2, 50)
    joined = re.sub(r"[\s-]", "", narrow).upper()
    if field == "phone" and joined and not PHONE.fullmatch(joined):
        raise Unfit("手机号应为 1 开头的 11 位数字", "phone")
    if field == "id_no" and joined and not is_id_no(joined):
        raise Unfit("证件号不对：居民身份证为 18 位且校验位正确，其他证件为 6 到 20 位字母和数字", "id_no")
    return joined


def is_id_no(text: str) -> bool:
    """Whether a text can be the number of a resident's card (GB 11643, with its check character) or of other papers."""
    if RESIDENT.fullmatch(text):
        total = sum(int(digit) * weight for digit, weight in zip(text[:17], ID_WEIGHTS, strict=True))
        return text[17] == ID_CHECKS[total % 11]
    return OTHER_PAPER.fullmatch(text) is not None and not DIGITS_ONLY.fullmatch(text)


def id_no_index(keys: Keys, id_no: str) -> str:
    """By what an account is found when somebody proves an ID number: 64 hexadecimal digits."""
    return blind_index(keys, "id_no", id_no)


def sealed_columns(keys: Keys, account_id: str, fields: Mapping[str, str]) -> dict[str, str | None]:
    """The columns of the table account for personal fields that were checked; an empty text empties its column."""
    columns: dict[str, str | None] = {}
    for field, text in fields.items():
        columns[f"{field}_sealed"] = seal(keys, f"account.{field}:{account_id}", text) if text else None
    if "id_no" in fields:
        columns["id_no_index"] = id_no_index(keys, fields["id_no"]) if fields["id_no"] else None
    return columns


def masked(keys: Keys, field: str, place: str, sealed: str | None) -> str:
    """A field sealed for its place ("table.field:primary key") as lists show it; "" where nothing is on record."""
    if not sealed:
        return ""
    try:
        return MASKS[field](unseal(keys, place, sealed))
    except (SealBroken, KeyMissing):
        return UNREADABLE  # One broken row must not hide the others.


def note_read(connection: Connection, actor: Principal, tag: str, key: str, detail: dict[str, Any]) -> None:
    """Leave the line of a read of personal data, masked though it is, in the transaction that reads."""
    write_lines(connection, now(), [Line(actor.name, tag, key, detail=detail)])


def reveal(engine: Engine, keys: Keys, actor: Principal, account_id: str, field: str, reason: str) -> str:
    """A personal field in full. The line with the reason is committed before the text leaves; raises Refused, Unfit."""
    need(actor, "reveal:personal")
    if field not in FIELDS:
        raise Unfit("请选择要查看的内容", "field")
    label = CATALOGUE["account"][f"{field}_sealed"].data_class
    if not may_read(actor.clearance, label):
        raise Refused(f"{FIELDS[field]}属于{LABELS[label]}数据，您的可读数据等级不够")
    why = reason_of(reason)
    with writing(engine) as connection:
        a = account.c
        row = connection.execute(select(a.login_name, a[f"{field}_sealed"]).where(a.id == account_id)).first()
        if row is None or not row[1]:
            raise Unfit(f"这个账号没有登记{FIELDS[field]}", "field")
        try:
            text = unseal(keys, f"account.{field}:{account_id}", row[1])
        except (SealBroken, KeyMissing) as broken:
            raise Unfit(str(broken), "field") from broken
        detail = {"field": field, "reason": why, "login_name": row[0]}
        write_lines(connection, now(), [Line(actor.name, "identity:personal:reveal", account_id, detail=detail)])
    return text

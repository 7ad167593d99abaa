"""Who signed in: the fields that identity servers give, under whatever names, and the person that they make."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from backend.identity.sso.refusal import refused

Kind = Literal["natural", "legal"]
Fields = Mapping[str, tuple[str, ...]]

LABELS = {
    "subject": "用户编号",
    "kind": "用户类型",
    "name": "姓名",
    "uscc": "统一社会信用代码",
    "id_no": "证件号码",
    "mobile": "手机号码",
    "level": "实名等级",
    "organisation": "单位名称",
}
LONGEST = 200
USCC = re.compile(r"[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}")
# 个人 is tab 1 and 单位 tab 2 of the sign-in page of 秦务员.
KINDS: dict[str, Kind] = {
    **dict.fromkeys(("1", "natural", "person", "个人", "自然人"), "natural"),
    **dict.fromkeys(("2", "legal", "corp", "单位", "法人", "企业"), "legal"),
}

# The names are assumed; the settings replace them. A unit's 经办人 is the person, never its 法定代表人.
QINWUYUAN_FIELDS: Fields = MappingProxyType(
    {
        "subject": ("userId", "uuid", "id"),
        "kind": ("userType",),
        "name": ("agentName", "name", "userName", "realName", "loginName"),
        "uscc": ("uscc", "USCC", "creditCode", "socialCreditCode", "corpCode"),
        "id_no": ("agentIdNo", "idNo", "idCard", "certNo"),
        "mobile": ("agentMobile", "mobile", "phone"),
        "level": ("authLevel", "realLevel"),
        "organisation": ("corpName", "orgName"),
    }
)
SINGLE_WINDOW_FIELDS: Fields = MappingProxyType(
    {
        "subject": ("user",),
        "kind": ("userType",),
        "name": ("userName", "name", "opName", "displayName", "cn", "user"),
        "uscc": ("uscc", "socialCreditCode", "creditCode", "tradeCoScc"),
        "id_no": ("idNo", "idCard"),
        "mobile": ("mobile", "phone"),
        "level": ("authLevel",),
        "organisation": ("corpName", "etpsName", "tradeName", "companyName"),
    }
)


@dataclass(frozen=True)
class Person:
    """Somebody whom an identity server vouches for. It says who, never what he may do here.

    subject: stable and unique within the provider; level: 实名等级 in the provider's own words; session_ref: the access
    token or CAS ticket, which single logout needs. id_no is as given: 秦务员 may send it encrypted. What is personal or
    secret stays out of logs because repr leaves it out.
    """

    provider: str
    subject: str
    kind: Kind
    name: str = field(repr=False)
    uscc: str = ""
    id_no: str = field(default="", repr=False)
    mobile: str = field(default="", repr=False)
    level: str = ""
    organisation: str = ""
    session_ref: str = field(default="", repr=False)


def parse_fields(text: str, setting: str, usual: Fields) -> Fields:
    """Lay a setting such as "name=userName,id_no=idCard|certInfo.no" over the usual names.

    Several names of one field are tried in order; a dot leads into an object within. Raise ValueError in Chinese.
    """
    given: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        ours, equals, theirs = part.partition("=")
        names = tuple(name.strip() for name in theirs.split("|"))
        if ours.strip() not in LABELS:
            known = "、".join(LABELS)
            raise ValueError(f"{setting} 中的 {ours.strip()} 不是本平台的字段；可以写的有 {known}。")
        if not equals or not all(names) or ours.strip() in given:
            raise ValueError(f"{setting} 中的“{part}”写法不对；应写成 字段=对方的名称，例如 name=userName。")
        given[ours.strip()] = names
    return MappingProxyType({**usual, **given})


def person_of(provider: str, label: str, record: Mapping[str, Any], fields: Fields, session_ref: str) -> Person:
    """Make the person of what an identity server tells.

    Raise SsoRefused: unknown_field when a needed field is missing or contradicts another, garbage for unreadable ones.
    """
    found = {ours: _first(record, names, label) for ours, names in fields.items()}
    found["uscc"] = unicodedata.normalize("NFKC", found["uscc"]).upper()
    kind = _kind(found, label)
    if kind == "legal" and not USCC.fullmatch(found["uscc"]):
        raise _missing("uscc", label)
    found["name"] = found["name"] or (found["organisation"] if kind == "legal" else "")
    for needed in ("subject", "name"):
        if not found[needed]:
            raise _missing(needed, label)
    return Person(provider, kind=kind, session_ref=session_ref, **{k: v for k, v in found.items() if k != "kind"})


def _kind(found: Mapping[str, str], label: str) -> Kind:
    """Whoever has a 统一社会信用代码 is a unit; where the server names the kind as well, the two must agree."""
    by_code: Kind = "legal" if found["uscc"] else "natural"
    if found["kind"] and KINDS.get(found["kind"].lower()) != by_code:
        raise _missing("uscc" if KINDS.get(found["kind"].lower()) == "legal" else "kind", label)
    return by_code


def _missing(ours: str, label: str) -> Exception:
    words = f"没有给出{LABELS[ours]}，或者给出的不可用。请联系系统管理员核对字段对应关系，也可以先用本平台账号登录。"
    return refused("unknown_field", label, "{label}" + words)


def _first(record: Mapping[str, Any], names: tuple[str, ...], label: str) -> str:
    return next((text for name in names if (text := _text(_value(record, name), label))), "")


def _value(record: Mapping[str, Any], name: str) -> object:
    if name in record:
        return record[name]
    outer, dot, inner = name.partition(".")
    within = record.get(outer)
    return _value(within, inner) if dot and isinstance(within, dict) else None


def _text(value: object, label: str) -> str:
    """Return the one text of a value with blanks tidied; refuse what could not be one, or hides in a log or a page."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None:
        return ""
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise refused("garbage", label)
    text = " ".join(str(value).split())
    # Cc, Cf and Cs: control characters, invisible and turning ones, halves of pairs.
    if len(text) > LONGEST or any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in text):
        raise refused("garbage", label)
    return text

"""Chinese names of the keys that figures are grouped by; a key without a name stands for itself."""

import re

from geo.countries import name_of
from geo.districts import district_name, zone_of
from geo.ports import port_name

FUELS = {"BEV": "纯电动", "PHEV": "插电混动", "HEV": "混合动力", "PETROL": "汽油", "DIESEL": "柴油", "OTHER": "其他"}
MODES = {"3": "铁路", "4": "公路", "2": "海运", "5": "航空", "6": "邮件", "9": "其他"}
STATES = {
    "SUBMITTED": "已提交", "LODGED": "已申报", "PASSED": "已审结", "EXAMINED": "查验中", "SUSPENDED": "已挂起",
    "RELEASED": "已放行", "CLEARED": "已结关", "REJECTED": "已退单", "DELETED": "已删单",
}  # fmt: skip
PLACES = re.compile(r"^(陕西省?)?(西安市?)?")
KINDS = re.compile(
    r"(二手)?(车|汽车|机动车)?(国际)?(贸易|进出口|进出口贸易|销售|服务|科技|供应链管理|商贸)?(集团)?(股份)?(有限)?(责任)?公司$"
)


def short_name(name: str) -> str:
    """Return an enterprise's name without its place and kind: 西安秦岭行汽车进出口有限公司 is 秦岭行."""
    bare = KINDS.sub("", PLACES.sub("", name))
    return bare or name


def country_name(key: str) -> str:
    """Return the Chinese name of an ISO 3166 alpha-3 country."""
    return name_of(key) or key


def office_name(key: str) -> str:
    """Return the name of an exit office (four digits)."""
    return port_name(key)


def area_name(key: str) -> str:
    """Return the name of a county or district (six digits)."""
    return district_name(key) or key


def development_zone(key: str) -> str | None:
    """Return the name of a development zone (five digits), None for a code that is none."""
    zone = zone_of(key)
    return zone.name if zone else None

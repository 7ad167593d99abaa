"""The invented people who can sign in at the stand-ins; every name says 演示 and every number belongs to nobody."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from backend.demo.enterprises import make

SEED = 20260101  # that of the demo data, so that the units are enterprises which the demo knows
ENTERPRISES = 18
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"  # GB 11643-1999


@dataclass(frozen=True)
class DemoPerson:
    """Somebody with an account at an identity server; with uscc he acts for that unit."""

    login: str
    name: str
    id_no: str
    mobile: str
    level: str = ""
    organisation: str = ""
    uscc: str = ""

    @property
    def kind(self) -> str:
        """What the sign-in page of 秦务员 calls him."""
        return "单位" if self.uscc else "个人"

    def as_login_user(self) -> dict[str, Any]:
        """Return the object loginUser of 秦务员."""
        known = {"userId": f"QWY-{self.login}", "loginName": self.login, "userType": "2" if self.uscc else "1"}
        if not self.uscc:
            natural = {"name": self.name, "idType": "1", "idNo": self.id_no, "mobile": self.mobile}
            return {**known, **natural, "authLevel": self.level}
        unit = {"corpName": self.organisation, "uscc": self.uscc, "corpType": "1", "legalName": "演示法定代表人"}
        agent = {"agentName": self.name, "agentIdNo": self.id_no, "agentMobile": self.mobile}
        return {**known, **unit, **agent}

    def as_attributes(self) -> dict[str, str]:
        """Return the attributes that the CAS server of the single window gives."""
        known = {"userName": self.name, "idNo": self.id_no, "mobile": self.mobile}
        return {**known, "uscc": self.uscc, "corpName": self.organisation} if self.uscc else known


def demo_people() -> dict[str, DemoPerson]:
    """Return two natural persons, the second with 实名等级, and the agents of the first two demo enterprises."""
    first, second = make(SEED, ENTERPRISES, date(2026, 1, 1))[:2]
    people = (
        DemoPerson("demo-person-1", "演示个人甲", id_number(1), mobile(1)),
        DemoPerson("demo-person-2", "演示个人乙", id_number(2), mobile(2), level="3"),
        DemoPerson("demo-unit-1", "演示经办人甲", id_number(3), mobile(3), "", first.name, first.uscc),
        DemoPerson("demo-unit-2", "演示经办人乙", id_number(4), mobile(4), "", second.name, second.uscc),
    )
    return {person.login: person for person in people}


def id_number(serial: int) -> str:
    """Return a 公民身份号码 with the right check character and the area 000000, which no place has."""
    body = f"00000019900101{serial:03d}"
    return body + ID_CHECKS[sum(int(digit) * weight for digit, weight in zip(body, ID_WEIGHTS, strict=True)) % 11]


def mobile(serial: int) -> str:
    """Return eleven digits; no network of China has numbers that begin with 10."""
    return f"10{serial:09d}"

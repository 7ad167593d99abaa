"""The demo exporters: every name says 演示, every code is well formed and belongs to nobody."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from backend.demo import identifiers, places

NAMES = ("秦驿", "灞柳", "丰镐", "云驼", "雁塔行", "长乐坊", "陆港通", "终南路", "渭水东", "安远门", "汉风", "曲江月",
         "石榴花", "骊山北", "沣西里", "玉祥", "明城墙", "开远")  # fmt: skip
AUTHORITY = "陕西省商务厅"


@dataclass(frozen=True)
class Enterprise:
    """One exporter on record with its share of the trade; area is its county, zone its 境内货源地."""

    name: str
    uscc: str
    customs_code: str
    area: str
    zone: str
    kind: str
    recorded: date
    valid_until: date
    share: float


def make(seed: int, count: int, until: date) -> list[Enterprise]:
    """Return `count` exporters, larger ones first; the last runs out of its record soon, the one before it has."""
    rng = random.Random(f"{seed}/enterprises")
    first = rng.randrange(20000)
    return [make_one(rng, place, first + place, count, until) for place in range(count)]


def make_one(rng: random.Random, place: int, number: int, count: int, until: date) -> Enterprise:
    """Return the exporter at one place of the order."""
    area = rng.choices([code for code, _ in places.COUNTIES], [share for _, share in places.COUNTIES])[0]
    zone = rng.choices([code for code, _ in places.ZONES], [share for _, share in places.ZONES])[0]
    years = place // len(NAMES)
    name = f"西安{NAMES[place % len(NAMES)]}{years or ''}演示汽车贸易有限公司"
    # A record holds for one year.
    left = {count - 1: 20, count - 2: -9}.get(place, rng.randrange(45, 350))
    valid_until = until + timedelta(days=left)
    kind = "生产企业" if place % 9 == 8 else "流通企业"
    code = f"{zone}6{number % 10**4:04d}"
    recorded = valid_until - timedelta(days=365)
    return Enterprise(
        name, identifiers.uscc(area, number), code, area, zone, kind, recorded, valid_until, share=1 / (place + 3)
    )


def rows(enterprises: list[Enterprise]) -> list[dict[str, str]]:
    """Return the table of the record as the ministry's system exports it."""
    return [row(each) for each in enterprises]


def row(each: Enterprise) -> dict[str, str]:
    """Return one exporter's row."""
    return {
        "企业名称": each.name, "统一社会信用代码": each.uscc, "海关注册编码": each.customs_code,
        "所在区县": each.area, "企业类型": each.kind, "备案日期": str(each.recorded),
        "有效期至": str(each.valid_until), "备案机构": AUTHORITY,
    }  # fmt: skip

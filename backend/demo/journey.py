"""How a demo declaration fares at customs: which receipts come, and when."""

import random
from datetime import datetime, timedelta

from backend.demo.places import AIR, RAIL, WATER

# Receipt channels in the order of their notices, with their share. R counts, and D or A takes a declaration away.
FATES = (
    ("7LJPR", 73), ("7LJCPR", 7), ("7LGPR", 3), ("7LJKR", 1), ("7LHMJPR", 2), ("7LJTPR", 1), ("7LZ7LJPR", 2),
    ("7LJP", 3), ("7LE", 2), ("7LJPRD", 2), ("7LJA", 2), ("7L", 1), ("7", 1),
)  # fmt: skip
CLEARED = "7LJPR"
NOTES = {
    "7": "申报到海关预录入系统成功", "L": "海关入库成功", "J": "通关无纸化审结", "G": "接单交单", "C": "查验通知",
    "T": "需交税费", "H": "挂起", "M": "重审", "P": ";报关单放行", "K": "担保放行", "R": "结关", "E": "退单",
    "Z": "退回修改", "A": "放行前删除", "D": "放行后删单",
}  # fmt: skip
LINE_WAIT = {RAIL: (24, 30 * 24), WATER: (48, 12 * 24), AIR: (2, 48)}  # hours from 放行 to 结关; other ways below
ROAD_WAIT = (3, 72)

Notice = tuple[str, datetime]


def fate(rng: random.Random) -> str:
    """Return the channels through which a declaration will go."""
    return rng.choices([path for path, _ in FATES], [share for _, share in FATES])[0]


def notices(rng: random.Random, path: str, mode: str, declared: datetime) -> list[Notice]:
    """Return each channel with the time of its notice (Asia/Shanghai), the first at the time of declaration.

    Notices never go back in time; some share a second with the one before, as those of automatic steps do.
    """
    found: list[Notice] = []
    at = declared
    for channel in path:
        if found:
            at += wait(rng, channel, mode)
        found.append((channel, at))
    return found


def wait(rng: random.Random, channel: str, mode: str) -> timedelta:
    """Return how long customs takes for a step after the one before it."""
    if channel in "LJP" and rng.random() < 0.06:
        return timedelta(0)
    if channel in "LJG":
        return timedelta(seconds=rng.randrange(20, 5400))
    if channel == "R":
        least, most = LINE_WAIT.get(mode, ROAD_WAIT)
        return timedelta(hours=rng.randint(least, most), seconds=rng.randrange(3600))
    if channel in "DA7":
        return timedelta(days=rng.randint(1, 9), seconds=rng.randrange(7200))
    return timedelta(minutes=rng.randint(8, 40 * 60), seconds=rng.randrange(60))

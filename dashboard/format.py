"""Turns numbers into the words and digits that people read, by the one set of rules of every screen."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

NONE = "―"  # What stands where there is no base to compute from; never an empty cell.
YI_CENTS = 10_000_000_000  # 1 亿元 in cents.
WAN_CENTS = 1_000_000  # 1 万元 in cents.
FINE = 0.9995  # From 100 % on a decimal says nothing more and would not fit its column.
MANIFOLD = 10.0  # From a rise of 1000 % on, “12.3倍” is read faster than a four-digit percentage and keeps its column.


@dataclass(frozen=True)
class Money:
    """An amount as shown: digits and their unit, kept apart because they are set in different type."""

    text: str
    unit: str


@dataclass(frozen=True)
class Change:
    """A change as shown: glyph with unsigned size, and the tone (up, down, flat) that picks its colour."""

    text: str
    tone: str


def rounded(value: float | Decimal, digits: int = 0) -> str:
    """Round half up (as accountants do, not half to even) and write with thousands commas."""
    step = Decimal(1).scaleb(-digits)
    number = Decimal(str(value)).quantize(step, rounding=ROUND_HALF_UP)
    return f"{abs(number) if number == 0 else number:,}"


def money(cents: int | None) -> Money:
    """≥ 1 亿 as 亿元 with two decimals, below as whole 万元; null gives ― with an empty unit."""
    if cents is None:
        return Money(NONE, "")
    if abs(cents) >= YI_CENTS:
        return Money(rounded(Decimal(cents) / YI_CENTS, 2), "亿元")
    return Money(wan(cents), "万元")


def wan(cents: int | None) -> str:
    """Whole 万元, for columns whose rows share this unit."""
    return NONE if cents is None else rounded(Decimal(cents) / WAN_CENTS)


def wan_fine(cents: int | None) -> str:
    """万元 with one decimal, for a single event, which would otherwise lose its size in rounding."""
    return NONE if cents is None else rounded(Decimal(cents) / WAN_CENTS, 1)


def count(number: int | None) -> str:
    """Whole things (vehicles, countries) with thousands commas."""
    return NONE if number is None else f"{number:,}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share (0.58) as 58.0%."""
    return NONE if share is None else rounded(Decimal(str(share)) * 100, digits) + "%"


def days(value: float | None) -> str:
    """Days: one decimal under 10, whole from 10 on."""
    if value is None:
        return NONE
    return rounded(value, 1) if value < 9.95 else rounded(value)


def change(ratio: float | None) -> Change:
    """A relative change (0.365) as ▲ 36.5%; null as ―; what rounds to nothing is 持平, not ▲ 0.0%."""
    if ratio is None:
        return Change(NONE, "flat")
    size = percent(abs(ratio), 1 if abs(ratio) < FINE else 0)
    if size == "0.0%":
        return Change(f"{NONE} 持平", "flat")
    if abs(ratio) >= MANIFOLD:
        size = rounded(abs(ratio), 1 if abs(ratio) < 100 else 0) + "倍"
    return Change(f"▲ {size}", "up") if ratio > 0 else Change(f"▼ {size}", "down")


def delta(number: int | None) -> Change:
    """An absolute change (+2) as ▲ 2; null as ―; nothing as 持平."""
    if number is None:
        return Change(NONE, "flat")
    if number == 0:
        return Change(f"{NONE} 持平", "flat")
    return Change(f"▲ {number:,}", "up") if number > 0 else Change(f"▼ {-number:,}", "down")


def move(places: int | None) -> Change:
    """Places won (+) or lost against last year; null means that there was no place: 新."""
    if places is None:
        return Change("新", "flat")
    if places == 0:
        return Change(NONE, "flat")
    return Change(f"▲{places}", "up") if places > 0 else Change(f"▼{-places}", "down")


def clock_minute(moment: str) -> str:
    """HH:MM out of an ISO moment that is already in Asia/Shanghai."""
    return moment[11:16] if len(moment) >= 16 else NONE

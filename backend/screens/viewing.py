"""Whether a screen can be read from where people sit, and how its state is called."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from backend.screens.watch import SILENT

RATIO = 200  # Text must be at least the viewing distance divided by this (visual language, section 1).


class Sign(NamedTuple):
    """A shape and the words beside it: `shape` is fresh (disc), late (triangle), stale (square) or wait (ring)."""

    shape: str
    words: str


class Verdict(NamedTuple):
    """Whether the rule holds (None: not measured), in one word and in a sentence that says what to do."""

    good: bool | None
    word: str
    words: str


def readable(screen: Mapping[str, Any]) -> Verdict:
    """The viewing rule for a screen: smallest text >= distance / 200, both in millimetres."""
    share, height, distance = screen["text_share"], screen["height_m"], screen["distance_m"]
    if share is None:
        return Verdict(None, "未报告", "这块屏还没有报告字号。")
    if height is None or distance is None:
        return Verdict(None, "未填尺寸", "填写画面高度与观看距离后，可以判断最小的字能否看清。")
    text, needed = share * height * 1000, distance * 1000 / RATIO
    facts = f"最小的字高 {text:.0f} 毫米，{distance:g} 米处需要 {needed:.0f} 毫米"
    # What reads the same in whole millimetres must not be called too small.
    if round(text) >= round(needed):
        return Verdict(True, "合格", f"{facts}，看得清。")
    farthest = text * RATIO / 1000
    return Verdict(
        False, "偏小", f"{facts}，只适合 {farthest:.1f} 米以内；请换更大的屏、拉近座位，或改用内容较少的画面。"
    )


def state_of(screen: Mapping[str, Any], at: datetime, differs: bool) -> Sign:
    """The state of a screen at a moment; `differs`: an alert says that its figures are not right."""
    if at - screen["seen_at"] > SILENT:
        return Sign("stale", "失联") if screen["enabled"] else Sign("wait", "未开，不告警")
    return Sign("late", "数字不符") if differs else Sign("fresh", "在线")


def heard(at: datetime, moment: datetime) -> str:
    """How long ago a moment is, to the second while that matters."""
    seconds = max(0, int((at - moment).total_seconds()))
    for size, unit in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{seconds // size} {unit}前"
    return f"{seconds} 秒前"

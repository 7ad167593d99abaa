"""Whether a screen can be read from where people sit, and how its state is called."""

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any, NamedTuple

from backend.screens.programme import SCALES
from backend.screens.rhythm import SILENT

COLUMNS, ROWS, SMALLEST = 120, 67.5, 1.125  # rem: the 16:9 page and its smallest text (visual language, 1 and 2).
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
    farthest, tall = text * RATIO / 1000, ceil(height * needed / text * 10) / 10
    larger = [
        f"“{SCALES[scale]}”"
        for scale in SCALES
        if round(_share(scale, screen["size"]) * height * 1000) >= round(needed)
    ]
    other = f"改用{'或'.join(larger)}缩放" if larger else "拉近座位"
    return Verdict(False, "偏小", f"{facts}，只适合 {farthest:.1f} 米以内；画面须高 {tall:g} 米，或{other}。")


def _share(scale: str, size: str) -> float:
    """The smallest text as a share of the picture's height under another scale; 0 where pixels do not tell it."""
    width, height = (int(part) for part in size.split("x"))
    by_width = COLUMNS * height / width
    rows = {"fit": max(ROWS, by_width), "width": by_width, "stretch": ROWS}
    return SMALLEST / rows[scale] if scale in rows else 0.0


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

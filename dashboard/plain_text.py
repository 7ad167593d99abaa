"""Moments in words for a page that no script keeps up to date: age of the data, time of day (as 25-time.js has it)."""

from datetime import datetime

from dashboard.markup import Node, el

LATE, STALE = 60, 300  # seconds
STATES = {"fresh": "正常", "late": "迟到", "stale": "已陈旧"}
WEEK = "一二三四五六日"


def ago(seconds: int) -> str:
    """An age in its largest whole unit."""
    for size, unit in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{seconds // size} {unit}前"
    return f"{seconds} 秒前"


def state_of(seconds: int) -> str:
    """fresh up to 60 s, late up to 300 s, then stale."""
    return "fresh" if seconds <= LATE else "late" if seconds <= STALE else "stale"


def age(as_of: str, now: datetime) -> Node:
    """The head's line on the data. The age is that of the moment when the page was made, and says so."""
    if not as_of:
        return el("span", "fresh wait", el("i"), "正在读取")
    at = datetime.fromisoformat(as_of).astimezone(now.tzinfo)
    seconds = max(0, int((now - at).total_seconds()))
    state = state_of(seconds)
    time = f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%m-%d %H:%M:%S}"
    words = f"{ago(seconds)}，{STATES[state]}"
    return el(
        "span", f"fresh {state}", el("i"), "数据截至 ", el("span", "n", time), " · ", "刷新时 ", el("b", "", words)
    )


def clock(now: datetime) -> Node:
    """Date, weekday and time of the moment when the page was made."""
    date = f"{now.year}年{now.month}月{now.day}日 星期{WEEK[now.weekday()]}"
    return el("span", "clock n", el("span", "u", date), f"{now:%H:%M}")

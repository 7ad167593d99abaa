"""What a playlist shows at a moment: its items by hour and weekday, in Xi'an's time. Pure.

An item is `{"face", "seconds", "weekdays", "from", "to"}`: weekdays 1 (Monday) to 7, none of them meaning every day;
hours "HH:MM", `to` up to "24:00". Hours that end before they begin go over midnight and belong to the day on which they
begin. The browser decides by itself (assets/js/55-player.js, `itemsNow`), this page of Python only for the preview:
`tests/samples/playlist_cases.json` holds the cases on which both must agree.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from backend.clearance.states import SHANGHAI
from dashboard.face_names import FACES

Item = Mapping[str, Any]
WEEKDAYS = "一二三四五六日"
WHOLE_DAY = {"weekdays": [], "from": "00:00", "to": "24:00"}
SCALES = {"fit": "等比", "width": "宽度优先", "stretch": "拉伸", "none": "不缩放"}
AHEAD = 8  # Days to look ahead: after a week everything comes round again.


def items_now(items: Sequence[Item], moment: datetime) -> list[int]:
    """The positions of the items that are shown in turn at a moment (aware), in their order."""
    at = moment.astimezone(SHANGHAI)
    return [
        position for position, item in enumerate(items) if _applies(item, at.isoweekday(), at.hour * 60 + at.minute)
    ]


def next_change(items: Sequence[Item], moment: datetime) -> datetime | None:
    """The first later moment at which other items apply than now, in Xi'an's time; None where that never happens."""
    at, now = moment.astimezone(SHANGHAI), items_now(items, moment)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    edges = {minutes(item[end]) for item in items for end in ("from", "to")}
    moments = [midnight + timedelta(days=day, minutes=edge) for day in range(AHEAD) for edge in sorted(edges)]
    return next((m for m in sorted(moments) if m > at and items_now(items, m) != now), None)


def preview(items: Sequence[Item], moment: datetime) -> str:
    """What is shown at a moment and what comes after, in a sentence."""
    later = next_change(items, moment)
    words = f"现在播放：{_round(items, moment)}"
    if later is None:
        return f"{words}；一直如此。"
    days = (later.date() - moment.astimezone(SHANGHAI).date()).days
    week = "下" if days == 7 else ""
    day = ("", "明天 ")[days] if days < 2 else f"{week}星期{WEEKDAYS[later.weekday()]} "
    return f"{words}；{day}{later:%H:%M} 起：{_round(items, later)}。"


def hours(item: Item) -> str:
    """When an item is shown, for people."""
    days = "、".join(WEEKDAYS[day - 1] for day in item["weekdays"])
    day = f"星期{days}" if days else "每天"
    if (item["from"], item["to"]) == ("00:00", "24:00"):
        return f"{day}全天"
    night = "次日 " if minutes(item["to"]) < minutes(item["from"]) else ""
    return f"{day} {item['from']}–{night}{item['to']}"


def minutes(time: str) -> int:
    """Minutes since midnight of "HH:MM"."""
    hour, minute = time.split(":")
    return int(hour) * 60 + int(minute)


def face_name(key: str) -> str:
    """How a face is called."""
    return FACES.get(key, key)


def _applies(item: Item, weekday: int, minute: int) -> bool:
    start, end = minutes(item["from"]), minutes(item["to"])
    if start <= end:
        day = weekday if start <= minute < end else 0
    else:
        day = weekday if minute >= start else (weekday + 5) % 7 + 1 if minute < end else 0
    return bool(day) and (not item["weekdays"] or day in item["weekdays"])


def _round(items: Sequence[Item], moment: datetime) -> str:
    """The round of faces at a moment; a wall for which there is none shows the overview."""
    found = [items[position] for position in items_now(items, moment)]
    if not found:
        return f"没有到时间的画面，显示{FACES['overview']}"
    if len(found) == 1:
        return f"{face_name(found[0]['face'])}，不轮换"
    return " → ".join(f"{face_name(item['face'])} {item['seconds']} 秒" for item in found)

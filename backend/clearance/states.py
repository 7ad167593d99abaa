"""The states of a declaration and of a vehicle: what facts make of them, and which moves a user may make.

An authority's fact is always recorded, also when an earlier step of ours has no evidence (statistical rule 1); only
moves that users make are refused. Source: statistical rule 1 and the vehicle states of the export process.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Channel(NamedTuple):
    """A receipt's channel: what it tells people, the state it leads to, the time column that it fills."""

    label: str
    state: str | None
    fills: str | None = None


# The order is the rank by which receipts of one second are applied.
CHANNELS = {
    "7": Channel("申报成功，到海关预录入系统", "LODGED", "lodged_at"),
    "L": Channel("海关入库成功", "LODGED"),
    "J": Channel("通关无纸化审结", "PASSED", "passed_at"),
    "G": Channel("接单交单", "PASSED", "passed_at"),
    "C": Channel("查验通知", "EXAMINED"),
    "T": Channel("需交税费", None),
    "H": Channel("挂起，转人工", "SUSPENDED"),
    "M": Channel("重审", "SUSPENDED"),
    "W": Channel("无纸验放", "PASSED", "passed_at"),
    "I": Channel("放行", "RELEASED", "released_at"),
    "F": Channel("放行", "RELEASED", "released_at"),
    "P": Channel("报关单放行", "RELEASED", "released_at"),
    "K": Channel("担保放行", "RELEASED", "released_at"),
    "R": Channel("已结关", "CLEARED", "cleared_at"),
    "D": Channel("放行后删单", "DELETED", "deleted_at"),
    "A": Channel("放行前删除", "DELETED", "deleted_at"),
    "E": Channel("退单，不受理", "REJECTED"),
    "Z": Channel("退回修改", "REJECTED"),
    "X": Channel("准予进港", None),
    "Y": Channel("申报失败", "REJECTED"),
    "S": Channel("申报失败", "REJECTED"),
    "f0": Channel("申报失败", "REJECTED"),
    "F1": Channel("申报失败", "REJECTED"),
}
RANK = {channel: rank for rank, channel in enumerate(CHANNELS)}

DECLARATION_STATES = {
    "SUBMITTED": "已报送，未见回执",
    "LODGED": "已申报",
    "PASSED": "已审结",
    "EXAMINED": "查验中",
    "SUSPENDED": "挂起",
    "RELEASED": "已放行",
    "CLEARED": "已结关",
    "REJECTED": "已退单",
    "DELETED": "已删单",
}

VEHICLE_STATES = {
    "REGISTERED": "收购登记",
    "INSPECTED": "已检测",
    "TRANSFERRED": "转让待出口",
    "LICENSE_APPLIED": "许可证申领中",
    "LICENSED": "已领许可证",
    "DECLARED": "已报关",
    "PASSED": "已审结",
    "EXAMINED": "查验中",
    "RELEASED": "已放行",
    "CLEARED": "已结关",
    "VERIFIED": "报关数据已核验",
    "DEREGISTERED": "已注销",
    "REFUNDED": "已退税",
    "WITHDRAWN": "已退出出口",
}

# What a user may do next; everything else that changes a vehicle is a fact of an authority.
USER_MOVES = {
    None: {"REGISTERED"},
    "REGISTERED": {"INSPECTED", "TRANSFERRED", "WITHDRAWN"},
    "INSPECTED": {"TRANSFERRED", "WITHDRAWN"},
    "TRANSFERRED": {"LICENSE_APPLIED", "WITHDRAWN"},
    "LICENSE_APPLIED": {"LICENSED", "WITHDRAWN"},
    "LICENSED": {"WITHDRAWN"},
    "CLEARED": {"VERIFIED", "DEREGISTERED", "REFUNDED"},
    "VERIFIED": {"DEREGISTERED", "REFUNDED"},
    "DEREGISTERED": {"REFUNDED"},
    "REFUNDED": {"DEREGISTERED"},
}


class IllegalMove(Exception):
    """A user asked for a step that the vehicle's present state does not allow."""


class Notice(NamedTuple):
    """One receipt as far as the state needs it."""

    channel: str
    at: datetime


class Status(NamedTuple):
    """What all receipts of one declaration together say; times are aware UTC, days are Shanghai days."""

    state: str = "SUBMITTED"
    lodged_at: datetime | None = None
    passed_at: datetime | None = None
    released_at: datetime | None = None
    cleared_at: datetime | None = None
    deleted_at: datetime | None = None
    released_on: str | None = None
    cleared_on: str | None = None
    clearance_minutes: int | None = None
    counted: bool = False


def shanghai_day(at: datetime | None) -> str | None:
    """The calendar day in Asia/Shanghai of a moment, as YYYY-MM-DD."""
    return at.astimezone(SHANGHAI).date().isoformat() if at else None


def status_of(notices: Iterable[Notice]) -> Status:
    """Fold receipts by notice time, ties by rank, whatever their order of arrival (statistical rule 1)."""
    state = "SUBMITTED"
    times: dict[str, datetime] = {}
    for notice in sorted(set(notices), key=lambda n: (n.at, RANK.get(n.channel, len(RANK)))):
        channel = CHANNELS.get(notice.channel)
        if channel is None:
            continue
        state = _next_state(state, channel.state)
        if channel.fills:
            times.setdefault(channel.fills, notice.at)
    return _with_days(state, times)


def _next_state(state: str, to: str | None) -> str:
    """Deletion is for ever, and a cleared declaration is only ended by deletion."""
    if to is None or state == "DELETED" or (state == "CLEARED" and to != "DELETED"):
        return state
    return to


def _with_days(state: str, times: dict[str, datetime]) -> Status:
    lodged, cleared = times.get("lodged_at"), times.get("cleared_at")
    minutes = (cleared - lodged) // timedelta(minutes=1) if lodged and cleared else None
    return Status(
        state=state,
        **times,
        released_on=shanghai_day(times.get("released_at")),
        cleared_on=shanghai_day(cleared),
        clearance_minutes=minutes,
        counted=cleared is not None and "deleted_at" not in times,
    )


def check_user_move(current: str | None, to: str) -> None:
    """Refuse a user's step that does not follow from the present state.

    Raises IllegalMove with a sentence that names both states.
    """
    if to not in USER_MOVES.get(current, set()):
        now = VEHICLE_STATES[current] if current else "尚未登记"
        raise IllegalMove(f"车辆现为“{now}”，不能直接转为“{VEHICLE_STATES.get(to, to)}”")

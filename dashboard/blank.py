"""The wall before its first figures: the same trees, made from figures in which nothing is known yet."""

from functools import cache
from typing import Any

from dashboard.wall_text import wall_text

STAGES = ("收购", "待出口", "许可", "报关", "放行", "结关", "注销", "退税")
YEAR = (
    "cny_cents",
    "usd_cents",
    "vehicles",
    "declarations",
    "cny_yoy",
    "vehicles_yoy",
    "countries",
    "countries_delta",
    "enterprises",
    "enterprises_delta",
)


def blank_figures() -> dict[str, Any]:
    """Figures without a value; figures that are not there read ― and never 0."""
    stage = {"vehicles": None, "in_hand": None, "median_days": None, "source": True}
    return {
        "as_of": "", "today": "", "demo": False, "reconciled": True, "fault": None, "map_approval": "",
        "year": {"label": "", **dict.fromkeys(YEAR)},
        "month": {"label": "", "cny_cents": None, "cny_mom": None,
        "vehicles_mom": None, "countries_mom": None, "enterprises_mom": None},
        "goal": {}, "trend": [], "countries": [], "models": [], "enterprises": [], "fuel": [],
        "modes": [], "flows": [],
        "districts": [], "zones": [], "ticker": [], "alerts": [],
        "stages": [{"key": name, "name": name, **stage} for name in STAGES],
        **blank_faces(),
    }  # fmt: skip


def blank_faces() -> dict[str, Any]:
    """The same for the faces beside the overview."""
    total = ("cny_cents", "vehicles", "cny_yoy", "vehicles_yoy", "cny_share", "vehicles_share", "average_cny_cents")
    wall = ("top_share", "top_share_before", "entrants", "entrants_vehicles", "vehicles_each", "vehicles_each_yoy",
            "cny_each_cents", "cny_each_yoy")  # fmt: skip
    hours = ("median_minutes", "p90_minutes", "declarations", "median_minutes_before", "p90_minutes_before")
    data = ("declarations", "items", "vehicles", "enterprises")
    return {
        "asia": {
            "total": dict.fromkeys(total), "countries": [], "flows": [], "ports": [], "trend": [], "by_country": {},
        },
        "enterprise_wall": {**dict.fromkeys(wall), "top": [], "entrants_keys": [], "changes": [], "months": []},
        "operations": {
            "hours": dict.fromkeys(hours), "bands": [], "medians": [], "steps": [], "data": dict.fromkeys(data),
        },
    }  # fmt: skip


@cache
def blank_text() -> dict[str, Any]:
    """The trees of the first moment: no seal, no claim that anything is empty, only rules, titles and dashes."""
    text = wall_text(blank_figures())
    unknown = dict.fromkeys(
        (
            "ribbon",
            "seal",
            "fuel",
            "ports",
            "origins",
            "ticker",
            "lane",
            "lanetag",
            "alerts",
            "alertsnote",
            "approval",
            "asia-approval",
            "enterprises-changes",
            "enterprises-period",
            "operations-period",
        )
    )
    return {**text, **unknown, "period": "正在读取", "flownote": "台", "operations-flownote": "台"}

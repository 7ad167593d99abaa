"""The charts and tables of user behaviour, as pure functions of the figures that datasources.behaviour gives."""

import functools
import re
from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from backend.identity.roles import ROLES
from dashboard.format import count
from dashboard.theme import CN

PERIODS = (7, 30, 90)
CHARTS = {
    "daily": "每日访问次数与活跃用户",
    "hours": "访问时段（周几、几时）",
    "roles": "按角色",
    "functions": "按功能",
    "organisations": "按单位",
}
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
NO_ROLE = "尚无角色"
TOKENS = Path(__file__).resolve().parent.parent / "assets" / "00-tokens.css"
BAR_PX, TEXT_PX = 36, 14  # one row of a bar chart; the smallest text of a page


@functools.cache
def colours(theme: str = "light") -> dict[str, str]:
    """The colours of a theme by token; plotly draws what it is told and knows no variables of a style sheet."""
    block = re.search(rf'\[data-theme="{theme}"\]\s*{{(.*?)}}', TOKENS.read_text(encoding="utf-8"), re.S)
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block.group(1))) if block else {}


def drawn(name: str, figures: dict[str, Any]) -> go.Figure:
    """One of CHARTS."""
    if not figures["daily"] or not any(day["visits"] for day in figures["daily"]):
        return nothing()
    if name == "daily":
        return daily(figures["daily"])
    if name == "hours":
        return hours(figures["hours"])
    rest = name == "organisations" and figures[name][-1]["key"] == ""
    return bars(rows_of(name, figures), rest)


def nothing() -> go.Figure:
    """The chart of a period in which nobody came."""
    words = {"text": "这段时间没有访问记录", "showarrow": False, "xref": "paper", "yref": "paper", "x": 0, "y": 1}
    hidden = {"visible": False, "fixedrange": True}
    return go.Figure(layout=base(height=80, annotations=[words], xaxis=hidden, yaxis=hidden))


def base(**more: Any) -> dict[str, Any]:
    """What all charts share: flat ground, our type, no tools, nothing to drag."""
    tint = colours()
    return {
        "template": go.layout.Template(),
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {
            "family": f"{CN}, Noto Sans CJK SC, Microsoft YaHei, sans-serif",
            "size": TEXT_PX,
            "color": tint["ink-2"],
        },
        "hoverlabel": {"bgcolor": tint["ground-2"], "bordercolor": tint["hair-2"], "font": {"color": tint["ink"]}},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False,
        "dragmode": False,
        "separators": ".,",
        "bargap": 0.35,
        **more,
    }


def daily(days: list[dict[str, Any]]) -> go.Figure:
    """Visits of each day as columns, and below them on the same days the people who came: two units, two axes."""
    tint = colours()
    labels = [day["day"][5:] for day in days]
    shades = [tint["jade-2"]] * (len(days) - 1) + [tint["jade"]]
    visits = columns(days, labels, "visits", "次", shades, "y")
    users = columns(days, labels, "users", "人", [tint["ink-3"]] * len(days), "y2")
    axis = {"showgrid": False, "showticklabels": False, "zeroline": False, "fixedrange": True, "rangemode": "tozero"}
    layout = base(
        height=360,
        margin={"l": 8, "r": 8, "t": 34, "b": 28},
        xaxis={
            "type": "category",
            "tickvals": ticks(labels),
            "fixedrange": True,
            "linecolor": tint["hair-2"],
            "anchor": "y2",
        },
        yaxis={**axis, "domain": [0.42, 1], "range": [0, top(days, "visits")]},
        yaxis2={**axis, "domain": [0, 0.26], "range": [0, top(days, "users")]},
        annotations=[caption("访问（次）", 1), caption("活跃用户（人）", 0.29)],
    )
    return go.Figure([visits, users], layout)


def columns(
    days: list[dict[str, Any]], labels: list[str], what: str, unit: str, shades: list[str], axis: str
) -> go.Bar:
    """Columns from zero; the highest and the last are labelled, or all of them when they are few."""
    values = [day[what] for day in days]
    marked = set(range(len(days))) if len(days) <= 7 else {values.index(max(values)), len(days) - 1}
    texts = [count(value) if i in marked and value else "" for i, value in enumerate(values)]
    return go.Bar(
        x=labels,
        y=values,
        yaxis=axis,
        marker={"color": shades, "line": {"width": 0}},
        text=texts,
        textposition="outside",
        textangle=0,
        cliponaxis=False,
        constraintext="none",
        textfont={"color": colours()["ink"]},
        customdata=[day["day"] for day in days],
        hovertemplate=f"%{{customdata}}：%{{y:,}} {unit}<extra></extra>",
    )


def top(days: list[dict[str, Any]], what: str) -> float:
    """The upper end of an axis, which leaves room for a label above the highest column."""
    return max(1, max(day[what] for day in days)) * 1.25


def ticks(labels: list[str]) -> list[str]:
    """Seven days or fewer each have a date; of longer periods every fifth or fifteenth, counted back from today."""
    step = 1 if len(labels) <= 7 else 5 if len(labels) <= 30 else 15
    return labels[::-1][::step]


def caption(words: str, y: float) -> dict[str, Any]:
    """The name and unit of an axis, above its columns at the left."""
    return {
        "text": words,
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": y,
        "xanchor": "left",
        "yanchor": "bottom",
    }


def hours(table: list[list[int]]) -> go.Figure:
    """Visits by weekday and hour of day, the more the darker."""
    tint = colours()
    shades = [
        [0, tint["ground-2"]],
        [0.0001, tint["origin-1"]],
        [0.35, tint["jade-3"]],
        [0.7, tint["jade-2"]],
        [1, tint["jade"]],
    ]
    cells = go.Heatmap(
        z=table,
        x=[f"{hour} 时" for hour in range(24)],
        y=list(WEEKDAYS),
        colorscale=shades,
        zmin=0,
        xgap=2,
        ygap=2,
        hovertemplate="%{y} %{x}：%{z:,} 次<extra></extra>",
        colorbar={
            "thickness": 10,
            "len": 1,
            "outlinewidth": 0,
            "tickformat": ",",
            "nticks": 4,
            "title": {"text": "次"},
        },
    )
    axis = {"type": "category", "fixedrange": True, "showgrid": False, "ticks": ""}
    layout = base(
        height=300,
        xaxis={**axis, "dtick": 2, "automargin": True},
        yaxis={**axis, "autorange": "reversed", "automargin": True},
    )
    return go.Figure(cells, layout)


def bars(rows: list[tuple[str, int, int]], rest: bool = False) -> go.Figure:
    """One bar a name, the longest on top, each with its visits and people; the last one may stand for all the rest."""
    tint = colours()
    shades = [tint["jade-2"]] * (len(rows) - rest) + [tint["hair-2"]] * rest
    words = [f"{count(visits)} 次 · {count(users)} 人" for _, visits, users in rows]
    most = max((visits for _, visits, _ in rows), default=1)
    # A name out of a register is shown as it is: plotly would read tags in it.
    names = [escape(name, quote=False) for name, _, _ in rows]
    drawn_bars = go.Bar(
        x=[visits for _, visits, _ in rows],
        y=names,
        orientation="h",
        marker={"color": shades, "line": {"width": 0}},
        text=words,
        textposition="outside",
        cliponaxis=False,
        constraintext="none",
        textfont={"color": tint["ink"]},
        hovertemplate="%{y}：%{text}<extra></extra>",
    )
    layout = base(
        height=BAR_PX * len(rows) + 16,
        xaxis={"visible": False, "fixedrange": True, "range": [0, max(most, 1) * 1.6]},
        yaxis={"type": "category", "autorange": "reversed", "automargin": True, "fixedrange": True, "ticksuffix": "  "},
    )
    return go.Figure(drawn_bars, layout)


def rows_of(name: str, figures: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Names with visits and users of one of the bar charts."""
    named = role_name if name == "roles" else None
    return [(named(r["key"]) if named else r["name"], r["visits"], r["users"]) for r in figures[name]]


def role_name(key: str) -> str:
    """How a role is called."""
    return ROLES[key].label if key in ROLES else NO_ROLE

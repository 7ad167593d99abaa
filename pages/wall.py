"""The wall and its overview: what is where. Both compositions lie in assets/30-wall.css and 31-wall-wide.css."""

from typing import Any

from dash import dcc, html

from dashboard import figures, figures_map, figures_xian, ids
from dashboard.components import Clock, Fresh, Live, Roll
from dashboard.markup import el
from dashboard.pages_registry import Page, Visitor
from pages import wall_faces
from pages.wall_parts import chart, live, panel, untitled

PAGE = Page(
    "/wall",
    "全景大屏",
    "西安市二手车出口全景",
    order=10,
    layout="wall",
    permission="view:wall",
    summary="出口额、流向、排行与全流程，每分钟更新",
)
SECONDS = 6


def layout(_: tuple[Page, ...], __: Visitor) -> html.Main:
    """The whole wall with its titles, rules and dashes; figures arrive with the first generation."""
    panels = [
        head(),
        hero(),
        kpi(),
        trend(),
        map_(),
        lens(),
        *tables(),
        fuel(),
        xian(),
        flow(),
        port(),
        alerts(),
        *wall_faces.panels(),
        foot(),
    ]
    stores = [dcc.Store(id=store) for store in (ids.WALL_SHOWN, ids.WALL_ASK, ids.WALL_PAYLOAD)]
    return html.Main([*panels, *stores], id="wall", className="wall")


def head() -> html.Header:
    """Title, demo tag, the names of the faces, age of the data, time of day and the seal."""
    title = html.H1([PAGE.title, *wall_faces.titles()])
    parts = [title, live("ribbon", "span"), html.Span(className="sp"), wall_faces.choice()]
    return html.Header(
        [*parts, Fresh(id=ids.wall_part("fresh")), Clock(id=ids.wall_part("clock")), live("seal", "span", "sealed")],
        className="head",
    )


def hero() -> html.Section:
    """The first figure of the wall."""
    return panel("hero", "出口额", [live("hero", cls="figure")], live("period", "small"), ruled=False)


def kpi() -> html.Section:
    """Second figures."""
    return untitled("kpi", live("kpi", cls="tiles"), "出口车辆、目的国、出口企业")


def trend() -> html.Section:
    """Value by month."""
    note = html.Small(["万元", html.I(className="ly"), "上年同期"])
    return panel("trend", "月度出口额", [chart("trend", figures.trend_base())], note)


def map_() -> html.Section:
    """The flow map with its key and the approval number of the map."""
    drawn = chart("map", figures_map.world_base(), maps=["world"], crop=figures_map.WORLD_CROP)
    keys = Live(className="legend", tree=legend())
    parts = [drawn, html.H2("出口流向", className="mt"), keys, live("approval", "span", "appr")]
    return untitled("map", parts, "出口流向图")


def legend() -> list[Any]:
    """What the lines and tints of the map mean; dashes because hue alone must not tell modes apart."""
    modes = (("铁路", "6", ""), ("公路", "4", "10 5"), ("海运", "4", "3 4"))
    lines = [el("span", "", swatch(thick, dash), name) for name, thick, dash in modes]
    tints = el("i", "sw", *(el("i", "", style={"background": f"var(--val-{n})"}) for n in (1, 2, 3)))
    return [*lines, el("span", "", "线宽、数字为台数"), el("span", "", tints, "底色为金额")]


def swatch(thick: str, dash: str) -> Any:
    """A short piece of line as it looks on the map."""
    stroke = {"stroke": "var(--jade)", "strokeWidth": thick, **({"strokeDasharray": dash} if dash else {})}
    return el("svg", "", el("path", "", d="M0 6H48", **stroke), viewBox="0 0 48 12", **{"aria-hidden": True})


def lens() -> html.Section:
    """Central Asia, larger (ultra-wide walls only)."""
    drawn = chart("lens", figures_map.lens_base(), maps=["world"], crop=figures_map.LENS_CROP)
    return panel("lens", "中亚", [drawn], html.Small("五国 · 线路止于主要到站"), ruled=False)


def tables() -> list[html.Section]:
    """Rankings of destinations, models and enterprises."""
    places = html.Small("名次较上年同期", className="l")
    return [
        panel("ctry", "目的国", [live("countries", "table")], places, ruled=False),
        panel("modl", "车型", [live("models", "table")]),
        panel("ent", "企业", [live("enterprises", "table")]),
    ]


def fuel() -> html.Section:
    """Kinds of drive."""
    return panel("fuel", "动力类型", [live("fuel")], html.Small("台数占比"))


def xian() -> html.Section:
    """Where in the city the cars come from."""
    drawn = chart("xian", figures_xian.base(), maps=["xian"], crop=figures_xian.CROP)
    return panel("xian", "货源地", [html.Div([drawn, live("origins", "ol")], className="pair-plot")], html.Small("台"))


def flow() -> html.Section:
    """The eight stations from purchase to tax refund."""
    return panel("flow", "全流程", [live("flow", cls="stations")], live("flownote", "small"))


def port() -> html.Section:
    """Modes of transport and ports of exit."""
    return panel("port", "运输方式与离境口岸", [live("ports", cls="modes")], live("portsnote", "small"))


def alerts() -> html.Section:
    """Open alerts, shared with operations; in the overview on ultra-wide walls only: others have the lane."""
    return panel("alerts", "告警", [live("alerts", "ul")], live("alertsnote", "small"), also="operations")


def foot() -> html.Footer:
    """The lane of alerts and the newest events, one line each."""
    lane = html.Div(
        [live("lanetag", "span"), Roll(id=ids.wall_part("lane"), seconds=SECONDS, label="告警")], className="lane"
    )
    roll = Roll(id=ids.wall_part("ticker"), seconds=SECONDS, per=[1, 3], label="最新动态")
    return html.Footer(
        [lane, html.Div([html.Span("最新动态", className="tag tk"), roll], className="tick")], className="foot"
    )

"""The faces of the wall beside the overview: what is where. Their grids: assets/40-faces.css, 41-faces-wide.css."""

from typing import Any

from dash import html

from dashboard import figures, figures_asia, figures_enterprises, figures_operations
from dashboard.components import Live, labelled
from dashboard.face_names import FACES
from dashboard.markup import el
from pages.wall_parts import chart, live, panel, untitled


def choice() -> html.Nav:
    """The row of the faces' names; assets/js/45-faces.js opens them and marks the one that is shown."""
    return html.Nav([button(key, name) for key, name in FACES.items()], className="faces", **labelled("大屏的各面"))


def button(key: str, name: str) -> html.Button:
    """The way to one face."""
    opens: dict[str, Any] = {"data-face-key": key}
    return html.Button(name, type="button", **opens)


def titles() -> list[html.Span]:
    """Behind the name of the wall, which face it shows; the overview needs no more than the name."""
    shown = [(key, name) for key, name in FACES.items() if key != "overview"]
    return [html.Span(f"· {name}", className=f"face of-{key}") for key, name in shown]


def panels() -> list[Any]:
    """All panels of the faces; the style sheet shows those of one."""
    return [*asia(), *enterprises(), *operations()]


def ly(words: str) -> html.Small:
    """The note of a chart by month: its unit, and the short bar of last year."""
    return html.Small([words, html.I(className="ly"), "上年同期"])


def asia() -> list[Any]:
    """The corridor to Central Asia."""
    face = "asia"
    columns = chart("asia-trend", figures.trend_base())
    each = chart("asia-each", figures_asia.each_base())
    return [
        panel("hero", "中亚五国出口额", [live("asia-hero", cls="figure")], html.Small("人民币"), False, face),
        untitled("kpi", live("asia-kpi", cls="tiles"), "出口车辆与占比", face),
        corridor(),
        panel("trend", "月度出口额", [columns], ly("万元"), True, face),
        whole(),
        panel(
            "ctry",
            "五国",
            [live("asia-countries", "table")],
            html.Small("名次居全部目的国", className="l"),
            False,
            face,
        ),
        panel("port", "口岸与运输方式", [live("asia-ports", "table")], None, True, face),
        panel("matrix", "经何口岸", [live("asia-matrix")], html.Small("台；底色深者为多"), True, face),
        panel("each", "五国月度台数", [each], html.Small("台，同一标尺"), True, face),
    ]


def corridor() -> html.Section:
    """The large map with its key."""
    drawn = chart("asia-map", figures_asia.map_base(), maps=["world"], crop=figures_asia.MAP_CROP)
    heading = html.H2("走廊流向", className="mt")
    keys = Live(className="legend", tree=legend())
    return html.Section([drawn, heading, keys], className="map of-asia", **labelled("中亚走廊流向图"))


def legend() -> list[Any]:
    """What the lines of the corridor mean."""
    lines = [mode(name, thick, dash) for name, thick, dash in (("铁路", "6", ""), ("公路", "4", "10 5"))]
    return [*lines, el("span", "", "线宽、数字为台数"), el("span", "", "底色为金额")]


def mode(name: str, thick: str, dash: str) -> Any:
    """A mode of transport with its piece of line."""
    stroke = {"stroke": "var(--jade)", "strokeWidth": thick, **({"strokeDasharray": dash} if dash else {})}
    drawn = el("svg", "", el("path", "", d="M0 6H48", **stroke), viewBox="0 0 48 12", **{"aria-hidden": True})
    return el("span", "", drawn, name)


def whole() -> html.Section:
    """The whole map beside its cut, with the approval number of the map."""
    drawn = chart("asia-whole", figures_asia.whole_base(), maps=["world"], crop=figures_asia.WHOLE_CROP)
    return panel("whole", "全图", [drawn], live("asia-approval", "small"), True, "asia")


def enterprises() -> list[Any]:
    """The exporters and where they are."""
    face = "enterprises"
    base = figures_enterprises.map_base()
    city = chart("enterprises-map", base, maps=["xian"], crop=figures_enterprises.CROP)
    columns = chart("enterprises-months", figures.trend_base())
    return [
        panel(
            "hero",
            "出口企业",
            [live("enterprises-hero", cls="figure")],
            live("enterprises-period", "small"),
            False,
            face,
        ),
        untitled("kpi", live("enterprises-kpi", cls="tiles"), "新增企业与户均", face),
        panel("months", "月度活跃企业", [columns], ly("家"), True, face),
        panel(
            "changes", "新增与变动", [live("enterprises-changes", "ul")], html.Small("较上年同期，今年台数"), True, face
        ),
        panel(
            "rank",
            "企业",
            [live("enterprises-table", "table")],
            html.Small("名次较上年同期", className="l"),
            False,
            face,
        ),
        panel(
            "xian",
            "货源地",
            [city, live("enterprises-zones", "ol", "zones")],
            html.Small("台；圆点为开发区"),
            False,
            face,
        ),
        panel(
            "origins",
            "区县",
            [live("enterprises-districts", "ol", "two")],
            html.Small("台；按企业所在区县"),
            True,
            face,
        ),
    ]


def operations() -> list[Any]:
    """How the work runs: times, steps, the whole process, and the data themselves."""
    face = "operations"
    days = chart("operations-days", figures.trend_base())
    steps = chart("operations-steps", figures_operations.steps_base())
    keys = Live(tag="small", className="stepkeys", tree=step_keys())
    return [
        panel("hero", "报关至结关中位用时", [live("operations-hero", cls="figure")], None, False, face),
        untitled("kpi", live("operations-kpi", cls="tiles"), "用时的长尾", face),
        panel("bands", "用时分布", [live("operations-bands", "ul")], ly("份"), True, face),
        panel("months", "月度中位用时", [days], ly("天"), True, face),
        panel(
            "flow",
            "全流程",
            [live("operations-flow", cls="stations")],
            live("operations-flownote", "small"),
            False,
            face,
        ),
        panel("steps", "报关单", [steps], keys, True, face),
        panel("port", "口岸与运输方式", [live("operations-ports", "table")], None, True, face),
        panel("news", "最新动态", [live("operations-news", "ul")], html.Small("台，万元"), True, face),
        panel("data", "数据", [live("operations-data", "dl")], live("operations-period", "small"), True, face),
    ]


def step_keys() -> list[Any]:
    """The keys of the three columns, in their order."""
    made = [el("span", "", name, style={"--k": f"var(--{tint})"}) for _, name, tint in figures_operations.STEPS]
    return ["", "", "份", *made]

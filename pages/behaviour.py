"""What all users do on the platform: how many come, when, in which role, from where, and to use what."""

from typing import Any

from dash import dcc, html

from dashboard import ids
from dashboard.components import Live, labelled
from dashboard.figures_behaviour import CHARTS, PERIODS
from dashboard.pages_registry import Page, Visitor

PAGE = Page(
    path="/behaviour",
    name="行为统计",
    title="用户行为统计",
    order=90,
    permission="read:behaviour",
    summary="全部用户的访问次数、活跃人数和使用的功能",
)
# Nothing is fetched from other hosts, and there is no bar of tools that would offer to.
CONFIG: Any = {
    "displayModeBar": False,
    "displaylogo": False,
    "scrollZoom": False,
    "doubleClick": False,
    "showTips": False,
    "showLink": False,
    "plotlyServerURL": "",
    "topojsonURL": "/assets/",
}


def layout(declared: tuple[Page, ...], visitor: Visitor) -> html.Main:
    """Period, four figures, the chart of days, and the same visits seen by hour, role, function, firm and person."""
    head = html.Div([html.H1(PAGE.title), period()], className="analyst-head")
    said = Live(id=ids.BEHAVIOUR_SAID, tag="p", className="quiet")
    totals = Live(id=ids.BEHAVIOUR_TOTALS, tag="dl", className="facts")
    people = html.Section([html.H2("访问最多的用户"), Live(id=ids.BEHAVIOUR_PEOPLE, className="scroll")])
    rows = [chart("daily"), chart("hours"), html.Div([chart("roles"), chart("functions")], className="analyst-pair")]
    return html.Main([head, said, totals, *rows, chart("organisations"), people], className="analyst")


def period() -> html.Fieldset:
    """The choice of days."""
    options = [{"label": f"近 {days} 日", "value": days} for days in PERIODS]
    choice = dcc.RadioItems(options, PERIODS[1], id=ids.BEHAVIOUR_PERIOD, inline=True, className="choice")
    return html.Fieldset([html.Legend("时段"), choice], className="period")


def chart(name: str) -> html.Section:
    """A chart under its title, and below it the same figures as a table for who does not see it."""
    title = CHARTS[name]
    drawn = dcc.Graph(id=ids.behaviour_chart(name), config=CONFIG, responsive=True, className=f"graph {name}")
    table = html.Details([html.Summary("以表格显示"), Live(id=ids.behaviour_table(name), className="scroll")])
    image: dict[str, Any] = {"role": "img", **labelled(f"{title}，数据见其后的表格")}
    return html.Section([html.H2(title), html.Div(drawn, **image), table])

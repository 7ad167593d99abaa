"""The statistics of behaviour: a period is chosen, and every chart and table shows it."""

from collections.abc import Callable
from typing import Any

from dash import Dash, Input, Output, no_update
from dash.exceptions import PreventUpdate

from dashboard import ids
from dashboard.behaviour_text import people_text, said_text, table_text, totals_text
from dashboard.figures_behaviour import CHARTS, PERIODS, drawn

OUTPUTS = [
    Output(ids.BEHAVIOUR_SAID, "tree"),
    Output(ids.BEHAVIOUR_TOTALS, "tree"),
    Output(ids.BEHAVIOUR_PEOPLE, "tree"),
    *(Output(ids.behaviour_chart(name), "figure") for name in CHARTS),
    *(Output(ids.behaviour_chart(name), "style") for name in CHARTS),
    *(Output(ids.behaviour_table(name), "tree") for name in CHARTS),
]


def register(app: Dash, behaviour: Callable[[int], dict[str, Any]]) -> None:
    """Wire the page to `behaviour`, which gives the figures of so many days (7, 30 or 90), or {} if it has none."""

    @app.callback(OUTPUTS, Input(ids.BEHAVIOUR_PERIOD, "value"))
    def show(days: Any) -> list[Any]:
        if days not in PERIODS:
            raise PreventUpdate
        return answer(behaviour(days))


def answer(figures: dict[str, Any]) -> list[Any]:
    """One value for each output; without figures only the sentence that says so, and what was shown stays."""
    if not figures:
        return [said_text(figures), *[no_update] * (len(OUTPUTS) - 1)]
    charts = [drawn(name, figures) for name in CHARTS]
    heights = [{"height": f"{chart.layout.height}px"} for chart in charts]
    tables = [table_text(name, figures) for name in CHARTS]
    return [said_text(figures), totals_text(figures), people_text(figures), *charts, *heights, *tables]

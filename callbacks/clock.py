"""The tick that all pages share: tells the browser which generation is current, and what time it is."""

import time
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from dashboard import ids


def register(app: Dash, published: Any, build: str = "") -> None:
    """Wire the timer. While a tick is under way the timer stands still, so a slow answer is never overtaken by the next tick."""

    @app.callback(
        Output(ids.GENERATION, "data"),
        Output(ids.PULSE, "data"),
        Input(ids.TICK, "n_intervals"),
        State(ids.GENERATION, "data"),
        running=[(Output(ids.TICK, "disabled"), True, False)],
    )
    def tick(_: int | None, known: str | None) -> tuple[Any, dict[str, Any]]:
        return news(published.pointer(), known), {"now": round(time.time() * 1000), "build": build}

    app.clientside_callback(
        ClientsideFunction("clock", "count"),
        Output(ids.LIFE, "data"),
        Input(ids.TICK, "n_intervals"),
        State(ids.TICK, "interval"),
    )
    app.clientside_callback(
        ClientsideFunction("clock", "pulse"), Output(ids.LIFE, "data", allow_duplicate=True), Input(ids.PULSE, "data"), prevent_initial_call=True
    )


def news(current: str | None, known: str | None) -> Any:
    """The current generation if the browser does not know it yet, else nothing."""
    return no_update if current is None or current == known else current

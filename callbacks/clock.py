"""The tick that all pages share: which generation is current, how recent its data are, what time it is."""

import time
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from dashboard import ids
from dashboard.panels_process import fault_text


def register(app: Dash, published: Any, build: str = "") -> None:
    """Wire the timer. It stands still while a tick is under way: the next one must never overtake a slow answer."""

    @app.callback(
        Output(ids.GENERATION, "data"),
        Output(ids.PULSE, "data"),
        Input(ids.TICK, "n_intervals"),
        State(ids.GENERATION, "data"),
        running=[(Output(ids.TICK, "disabled"), True, False)],
    )
    def tick(_: int | None, known: str | None) -> tuple[Any, dict[str, Any]]:
        pointer, fault = published.current(), published.fault()
        return news(pointer, known), pulse(pointer, fault, build)

    count_and_keep_time(app)


def count_and_keep_time(app: Dash) -> None:
    """The browser's half: slow down while nobody answers, take over the server's time (assets/js/30-clock.js)."""
    ticks = Input(ids.TICK, "n_intervals")
    app.clientside_callback(
        ClientsideFunction("clock", "count"), Output(ids.LIFE, "data"), ticks, State(ids.TICK, "interval")
    )
    app.clientside_callback(
        ClientsideFunction("clock", "pulse"),
        Output(ids.LIFE, "data", allow_duplicate=True),
        Input(ids.PULSE, "data"),
        prevent_initial_call=True,
    )


def news(pointer: Any, known: str | None) -> Any:
    """The current generation if the browser does not know it yet, else nothing."""
    return no_update if pointer is None or pointer.generation == known else pointer.generation


def pulse(pointer: Any, fault: dict[str, Any] | None, build: str) -> dict[str, Any]:
    """What every tick says. `as_of` may move on while the generation stays: it was looked at again, and is the same.

    `unproved` lists the figures that a fault concerns (see datasources.reconcile_locate).
    """
    said: dict[str, Any] = {"now": round(time.time() * 1000), "build": build}
    if pointer is not None:
        said |= {"generation": pointer.generation, "as_of": pointer.as_of}
    return said | ({"fault": fault_text(fault), "unproved": fault.get("figures", [])} if fault else {})

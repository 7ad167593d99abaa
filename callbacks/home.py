"""The few figures of the front page, and the demo tag that every ordinary page carries."""

from collections.abc import Callable
from typing import Any

import orjson
from dash import Dash, Input, Output
from dash.exceptions import PreventUpdate

from dashboard import ids
from dashboard.own_figures import own_text


def register(app: Dash, published: Any) -> None:
    """The city's figures: published bytes as they are whenever the generation changes."""
    app.callback(Output(ids.HOME_FIGURES, "tree"), Input(ids.GENERATION, "data"))(answer(published, "home"))


def register_ribbon(app: Dash, published: Any) -> None:
    """The demo tag."""
    app.callback(Output(ids.RIBBON, "tree"), Input(ids.GENERATION, "data"))(answer(published, "ribbon"))


def register_own(app: Dash, own: Callable[[], Any]) -> None:
    """The figures of the visitor's own enterprise; whose they are comes from the session, never from the browser."""

    @app.callback(Output(ids.HOME_OWN, "tree"), Input(ids.GENERATION, "data"))
    def figures(_: str | None) -> Any:
        found = own()
        if found is None:
            raise PreventUpdate
        return own_text(found)


def answer(published: Any, part: str) -> Any:
    """A callback that returns one published part."""

    def read(_: str | None) -> orjson.Fragment:
        found = published.part(part)
        if found is None:
            raise PreventUpdate
        return orjson.Fragment(found[1])

    return read

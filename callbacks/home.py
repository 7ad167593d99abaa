"""The few figures of the front page, and the demo tag that every ordinary page carries."""

from typing import Any

import orjson
from dash import Dash, Input, Output
from dash.exceptions import PreventUpdate

from dashboard import ids


def register(app: Dash, published: Any) -> None:
    """Hand out published bytes as they are whenever the generation changes."""
    for target, part in ((ids.HOME_FIGURES, "home"), (ids.RIBBON, "ribbon")):
        app.callback(Output(target, "tree"), Input(ids.GENERATION, "data"))(answer(published, part))


def answer(published: Any, part: str) -> Any:
    """A callback that returns one published part."""

    def read(_: str | None) -> orjson.Fragment:
        found = published.part(part)
        if found is None:
            raise PreventUpdate
        return orjson.Fragment(found[1])

    return read

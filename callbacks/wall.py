"""How the figures of a generation reach the wall: by bytes from their own address, or through a plain callback."""

from typing import Any

import orjson
from dash import ClientsideFunction, Dash, Input, Output
from dash.exceptions import PreventUpdate

from dashboard import ids


def register(app: Dash, published: Any) -> None:
    """Wire both forms of delivery; the browser picks one (assets/js/40-wall.js)."""
    app.clientside_callback(
        ClientsideFunction("wall", "want"), Output(ids.WALL_ASK, "data"), Input(ids.GENERATION, "data")
    )
    app.clientside_callback(
        ClientsideFunction("wall", "take"),
        Output(ids.WALL_SHOWN, "data"),
        Input(ids.WALL_PAYLOAD, "data"),
        prevent_initial_call=True,
    )

    @app.callback(Output(ids.WALL_PAYLOAD, "data"), Input(ids.WALL_ASK, "data"), prevent_initial_call=True)
    def payload(_: str | None) -> orjson.Fragment:
        return fragment(published, "wall")


def fragment(published: Any, part: str) -> orjson.Fragment:
    """The bytes of a part as they are: Dash's own serialiser (orjson) copies a Fragment without looking into it.

    Raises PreventUpdate while nothing has been published.
    """
    found = published.part(part)
    if found is None:
        raise PreventUpdate
    return orjson.Fragment(found[1])

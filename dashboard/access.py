"""Which permission each page and each callback needs, taken down while they are registered."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from dash import Dash

from dashboard import ids
from dashboard.pages_registry import Registered

PLACE_OUTPUT = f"{ids.CONTENT}.children"
# Inputs that change by themselves: a callback that only these set off does not show that somebody is there.
BY_ITSELF = (
    f"{ids.TICK}.n_intervals",
    f"{ids.GENERATION}.data",
    f"{ids.PULSE}.data",
    f"{ids.WALL_ASK}.data",
    f"{ids.WALL_PAYLOAD}.data",
)


def named(parts: list[dict[str, Any]]) -> tuple[str, ...]:
    """The names of a callback's inputs or state, in their order."""
    return tuple(f"{part['id']}.{part['property']}" for part in parts)


class Access:
    """Permissions by callback output and by page address; a callback registered outside `granting` stays refused."""

    def __init__(self, csrf_cookie: str = "panorama_csrf") -> None:
        self.csrf_cookie = csrf_cookie
        self.outputs: MutableMapping[str, str] = {}
        self.shapes: MutableMapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self.addresses: MutableMapping[str, str] = {}
        self.screens: list[tuple[str, str, str]] = []  # address, name and permission of each page, in their order

    @contextmanager
    def granting(self, app: Dash, permission: str) -> Iterator[None]:
        """Every callback registered inside needs this permission."""
        before = set(app.callback_map)
        yield
        for output in set(app.callback_map) - before:
            self.outputs[output] = permission
            told = app.callback_map[output]
            if "callback" in told:  # The others run in the browser; nobody has reason to ask the server for them.
                self.shapes[output] = named(told["inputs"]), named(told["state"])

    def pages(self, found: dict[str, Registered]) -> None:
        """Take down what the pages declare; a page that declares nothing is for whoever is signed in."""
        self.addresses.update({path: entry.page.permission or "self" for path, entry in found.items()})
        self.screens += [(path, entry.page.name, self.addresses[path]) for path, entry in found.items()]

"""A server with the real screens over published sample figures, which a test can change, break and mend."""

import copy
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, request

from cache.store import Pointer
from dashboard.pages_registry import Visitor
from dashboard.publish import render
from dashboard.shell import TICK_MS, build_dash
from tests.browser.serving import QUICK, add_outlines, add_policy, served

SAMPLE = Path(__file__).parent.parent / "samples" / "wall_figures.json"
SHANGHAI = timezone(timedelta(hours=8))
logging.getLogger("werkzeug").setLevel(logging.ERROR)  # hundreds of lines a page would bury the reason of a failure


def sample_figures() -> dict[str, Any]:
    """The sample minute."""
    loaded: dict[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return loaded


class Stand:
    """Published sample figures; `away` answers everything, or one path, with 503, `signed_out` with a sign-in."""

    def __init__(self) -> None:
        self.figures = sample_figures()
        self.number, self.signed_out, self.payloads = 0, False, 0
        self.away: bool | str = False
        self.broken: dict[str, Any] | None = None
        self.address = ""
        self.publish()

    def publish(self, age: float = 0.0, **changed: Any) -> None:
        """Publish the figures again with these values changed, as of so many seconds ago."""
        self.number += 1
        as_of = (datetime.now(SHANGHAI) - timedelta(seconds=age)).isoformat(timespec="seconds")
        figures = {**copy.deepcopy(self.figures), **changed, "generation": f"g{self.number}", "as_of": as_of}
        # Drawn before it is told: a tick meanwhile would fetch the old bytes under the new name, and never again.
        self.parts = render(figures)
        self.figures = figures

    def current(self) -> Pointer:
        """As cache.published has it."""
        return Pointer(self.figures["generation"], 1, self.figures["as_of"], self.figures["as_of"])

    def fault(self) -> dict[str, Any] | None:
        """As cache.published has it."""
        return self.broken

    def part(self, name: str) -> tuple[str, bytes]:
        """As cache.published has it."""
        return self.figures["generation"], self.parts[name]


@contextmanager
def standing(tick_ms: int = QUICK) -> Iterator[Stand]:
    """A stand that answers at `address`."""
    stand = Stand()
    with served(build(stand, tick_ms)) as stand.address:
        yield stand


def build(stand: Stand, tick_ms: int = TICK_MS) -> Flask:
    """The Flask server: the screens, the bytes of the wall, the outlines, and the content policy of the real thing."""
    server = Flask("stand")

    @server.before_request
    def refuse() -> Response | None:
        if stand.signed_out:
            return Response("<form>请登录</form>", 401, content_type="text/html")
        return abort(503) if stand.away in (True, request.path) else None

    @server.get("/payload/<name>")
    def payload(name: str) -> Response:
        stand.payloads += 1
        answer = Response(stand.part(name)[1], content_type="application/json")
        answer.set_etag(stand.part(name)[0])
        return answer.make_conditional(request)  # type: ignore[return-value]

    add_outlines(server)
    visitor = Visitor("张三", permissions=frozenset({"view:wall", "view:overview"}))
    dash = build_dash(server, stand, lambda: visitor, tick_ms=tick_ms)
    add_policy(server, dash)
    return server

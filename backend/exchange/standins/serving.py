"""What both stand-ins share: real HTTP on the loopback, the page with the demo people, and the switch for faults."""

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from functools import wraps
from hmac import compare_digest
from pathlib import Path
from typing import Any, ClassVar

from flask import Flask, Response, jsonify, redirect, render_template, request, send_from_directory
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response as AnyResponse

from backend.exchange.standins.people import DemoPerson, demo_people

ASSETS = Path(__file__).resolve().parents[3] / "assets"  # the platform's style: the demo looks like one piece
FAULTS = ("none", "garbage", "silence", "clock", "expired", "error500", "truncated", "gbk")
SILENCE = 60.0
WRONG_BY = 3600  # seconds by which the clock is wrong under the fault clock
CLIENT, SECRET = "000000099", "standin-secret"  # what the stand-ins know the platform by; good for nothing else


class IdentityServer:
    """One stand-in. redirect_uris: the exact addresses that the client may be sent back to."""

    base: ClassVar[str]
    name: ClassVar[str]
    cookie: ClassVar[str]

    def __init__(self, redirect_uris: Iterable[str], client: str = CLIENT, secret: str = SECRET) -> None:
        self.clients: dict[str, tuple[str, frozenset[str]]] = {}
        self.register(client, secret, redirect_uris)
        self.people = demo_people()
        self.logins: dict[str, DemoPerson] = {}
        self.fault = "none"
        self.released = threading.Event()
        self.ahead = 0.0
        self.app = self._app()

    def register(self, client: str, secret: str, redirect_uris: Iterable[str]) -> None:
        """Make a client known."""
        self.clients[client] = (secret, frozenset(redirect_uris))

    def pass_time(self, seconds: float) -> None:
        """Let the server's clock go ahead, so that what it has issued grows old."""
        self.ahead += seconds

    def now(self) -> float:
        """Seconds since 1970 by the server's clock."""
        return time.time() + self.ahead

    def claimed_now(self) -> float:
        """Return the moment that the server puts into its answers."""
        return self.now() + (WRONG_BY if self.fault == "clock" else 0)

    def knows(self, client: str, secret: str) -> bool:
        """Whether this is the secret of this client."""
        return client in self.clients and compare_digest(self.clients[client][0].encode(), secret.encode())

    def _app(self) -> Flask:
        app = Flask(__name__, template_folder="templates", static_folder=None)
        app.json.ensure_ascii = False  # type: ignore[attr-defined]  # escaped text would be the same in GBK as in UTF-8
        app.add_url_rule("/standin/fault", view_func=self.set_fault, methods=["POST"])
        app.add_url_rule("/standin/00-tokens.css", "tokens", lambda: send_from_directory(ASSETS, "00-tokens.css"))
        app.add_url_rule("/standin/door.css", "door", lambda: send_from_directory(ASSETS / "head", "door.css"))
        self.add_rules(app)
        return app

    def add_rules(self, app: Flask) -> None:
        """Add the addresses of one kind of server."""
        raise NotImplementedError

    def add(self, app: Flask, path: str, view: Callable[[], Any], methods: tuple[str, ...] = ("GET",)) -> None:
        """Add an address for browsers."""
        app.add_url_rule(self.base + path, path, view, methods=methods)

    def add_for_servers(
        self, app: Flask, path: str, view: Callable[[], Any], methods: tuple[str, ...] = ("GET",)
    ) -> None:
        """Add an address for servers, whose answers the fault spoils."""

        @wraps(view)
        def spoiled() -> Response:
            return self.spoil(app.make_response(view()))

        self.add(app, path, spoiled, methods)

    def spoil(self, answer: Response) -> Response:
        """Do to an answer what the fault says; clock and expired are in what the answer says."""
        if self.fault == "silence":
            self.released.wait(SILENCE)
        if self.fault == "garbage":
            return Response("<!DOCTYPE html><html><h1>系统升级中</h1>", content_type="text/html")
        if self.fault == "error500":
            return Response("java.lang.NullPointerException", 500, content_type="text/plain")
        if self.fault == "truncated":
            answer.set_data(answer.get_data()[: len(answer.get_data()) // 2])
        if self.fault == "gbk":
            answer.set_data(answer.get_data().decode().encode("gb18030"))
        return answer

    def set_fault(self) -> tuple[Response, int]:
        """Take {"kind": …}: one of FAULTS, for all answers to servers until the next change."""
        asked = request.get_json(silent=True)
        kind = asked.get("kind") if isinstance(asked, dict) else None
        if kind not in FAULTS:
            return jsonify(error="unknown fault", kinds=FAULTS), 400
        self.fault = str(kind)
        return jsonify(kind=kind), 200

    def ask(self, go_on: Callable[[str, DemoPerson, bool], str], cancelled: str | None) -> AnyResponse:
        """Send somebody who is or has just been signed in to go_on(login, person, new), else show the demo people.

        cancelled: where somebody goes who does not want to sign in.
        """
        chosen = self.people.get(request.form.get("person", ""))
        login = secrets.token_urlsafe(24) if chosen else request.cookies.get(self.cookie, "")
        if chosen:
            self.logins[login] = chosen
        if person := self.logins.get(login):
            answer = redirect(go_on(login, person, chosen is not None), 302)
            answer.set_cookie(self.cookie, login, httponly=True, samesite="Lax", path=self.base)
            return answer
        page = render_template("choose.html", name=self.name, people=self.people.values(), cancelled=cancelled)
        return Response(page)

    def page(self, words: str, status: int = 200) -> Response:
        """A page that says one thing."""
        return Response(render_template("words.html", name=self.name, words=words), status)


class QuietHandler(WSGIRequestHandler):
    """Writes no line for a request: its address may hold a secret or a token."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Stay silent."""


class StandIn:
    """A stand-in that runs in a thread of this process for as long as the with block lasts; port 0 takes a free one."""

    def __init__(self, kind: type[IdentityServer], *, port: int = 0, **arguments: Any) -> None:
        self.site = kind(**arguments)
        self.server = make_server("127.0.0.1", port, self.site.app, threaded=True, request_handler=QuietHandler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.url = self.origin + kind.base
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "StandIn":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.site.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def no(error: str, description: str, status: int = 400) -> Any:
    """An error as OAuth 2 writes it."""
    return jsonify(error=error, error_description=description), status

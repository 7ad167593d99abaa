"""The server in front of Flask: instant answers stay behind the guard, and nobody waits for a slow neighbour."""

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, request

from backend.identity.admission import Admission
from backend.identity.sessions import csrf_of
from backend.identity.tokens import create_token
from cache.published import Published
from cache.store import Pointer
from dashboard import ids
from dashboard.bridge import Bridge, environ
from dashboard.server import MOST_BODY, Front
from tests.test_door import house  # noqa: F401

TICK = {
    "output": f"{ids.WALL_PAYLOAD}.data",
    "outputs": {"id": ids.WALL_PAYLOAD, "property": "data"},
    "inputs": [{"id": ids.WALL_ASK, "property": "data", "value": "x"}],
    "changedPropIds": [f"{ids.WALL_ASK}.data"],
}


def ask(app: Any, method: str, path: str, body: bytes = b"", cookie: str = "") -> tuple[int, dict[str, str], bytes]:
    """One request through the ASGI protocol, without a socket."""
    sent: list[dict[str, Any]] = []
    headers = [(b"cookie", cookie.encode()), (b"content-type", b"application/json")]
    headers.append((b"x-csrftoken", csrf_of(cookie.partition("=")[2]).encode()))
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    scope |= {"http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1)}
    parts = [
        {"type": "http.request", "body": body[i : i + 65536], "more_body": True} for i in range(0, len(body), 65536)
    ]
    parts.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, Any]:
        return parts.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    # The browser of other tests keeps an event loop in the main thread, and a thread has room for one only.
    with ThreadPoolExecutor(1) as own:
        own.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, sent[1]["body"]


@pytest.fixture
def front(house: Any) -> Front:  # noqa: F811
    """The server's front on the door's application, with its bytes in memory."""
    made = Front(house[0], 4)
    deadline = time.monotonic() + 5
    while made.published.ready("wall") is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return made


@pytest.fixture
def cookie(house: Any) -> str:  # noqa: F811
    """A screen's cookie."""
    return f"panorama_screen={create_token(house[1], 'screen', '前门', 'wall')}"


def test_the_fast_ways_are_shut_without_a_token(front: Front) -> None:
    tick = json.dumps(TICK, separators=(",", ":")).encode()
    for cookie in ("", "panorama_screen=forged"):
        assert ask(front, "GET", "/payload/wall", cookie=cookie)[0] == 401
        assert ask(front, "POST", "/_dash-update-component", tick, cookie)[0] == 401


def test_a_screen_is_remembered_over_its_ticks_and_not_beyond_its_token(house: Any) -> None:  # noqa: F811
    admission = Admission(house[1])

    def seconds(kind: str, token: str) -> float:
        admission.holder(kind, token)
        return admission.known[kind, token][0] - time.monotonic()

    lasting, ending, ended = (
        create_token(house[1], "screen", f"屏{life}", "wall", life and timedelta(seconds=life))
        for life in (None, 9, -1)
    )
    assert seconds("screen", lasting) > 3 * 5.5 and seconds("screen", ending) <= 9
    assert seconds("screen", ended) <= 5 and admission.known["screen", ended][1] is None
    assert seconds("api", create_token(house[1], "api", "程序", "commerce")) <= 5


def test_all_ways_give_the_same_bytes(front: Front, cookie: str) -> None:
    first = ask(front, "GET", "/payload/wall", cookie=cookie)
    fast = ask(front, "GET", "/payload/wall", cookie=cookie)  # Now the screen is remembered.
    assert first[0] == fast[0] == 200 and first[2] == fast[2]
    for separators in ((",", ":"), (", ", ": ")):
        answer = ask(front, "POST", "/_dash-update-component", json.dumps(TICK, separators=separators).encode(), cookie)
        assert answer[0] == 200
        assert json.loads(answer[2])["response"][ids.WALL_PAYLOAD]["data"] == json.loads(fast[2])


@pytest.mark.parametrize(
    ("method", "path", "on_the_spot"),
    [
        ("POST", "/_dash-update-component", True),
        ("GET", "/_dash-update-component", False),
        ("POST", "/screen/beat", False),
        ("POST", "/sign-in", False),
        ("POST", "/_dash-update-component/", False),
    ],
)
def test_only_a_callback_is_answered_on_the_spot(
    front: Front, cookie: str, method: str, path: str, on_the_spot: bool
) -> None:
    """The loop that reads from all clients does no other work for a body that merely begins like a callback."""
    threads: list[str] = []
    front.flask.wsgi = front.doors.wsgi = noting(front.flask.wsgi, threads)
    assert ask(front, "GET", "/payload/wall", cookie=cookie)[0] == 200  # Now the screen is remembered.
    threads.clear()
    ask(front, method, path, json.dumps(TICK, separators=(",", ":")).encode(), cookie)
    assert [not name.startswith("flask") for name in threads] == [on_the_spot]


def noting(wsgi: Any, threads: list[str]) -> Any:
    """The same application, which notes the thread that each request runs in."""

    def noted(environ: Any, start: Any) -> Any:
        threads.append(threading.current_thread().name)
        return wsgi(environ, start)

    return noted


def test_a_body_beyond_all_forms_is_refused(front: Front) -> None:
    assert ask(front, "POST", "/_dash-update-component", b"x" * (MOST_BODY + 70_000))[0] == 413


def test_head_has_no_body(front: Front) -> None:
    status, headers, body = ask(front, "HEAD", "/healthz")
    assert (status, body) == (200, b"") and int(headers["content-length"]) > 0


def test_a_header_cannot_pass_for_another(front: Front) -> None:
    scope = {"method": "GET", "path": "/路", "query_string": b"a=1", "http_version": "1.1"}
    scope["headers"] = [(b"x_forwarded", b"evil"), (b"x-a", b"1"), (b"x-a", b"2"), (b"content-length", b"999")]
    found = environ(scope, b"abc")
    assert "HTTP_X_FORWARDED" not in found
    assert (found["HTTP_X_A"], found["CONTENT_LENGTH"]) == ("1,2", "3")
    assert found["PATH_INFO"].encode("latin-1").decode() == "/路"


def test_the_bridge_gives_flask_what_was_sent() -> None:
    app = Flask("bridge")

    @app.post("/<name>")
    def echo(name: str) -> tuple[dict[str, Any], int]:
        return {"name": name, "body": request.get_data(as_text=True), "q": request.args["q"]}, 201

    async def front(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await Bridge(app.wsgi_app, 1)({**scope, "query_string": b"q=%E8%BD%A6"}, b"\xe8\xbd\xa6", send)

    status, _, body = ask(front, "POST", "/辆")
    assert (status, json.loads(body)) == (201, {"name": "辆", "body": "车", "q": "车"})


class Slow:
    """A store that answers after a second."""

    def pointer(self) -> Pointer:
        time.sleep(1)
        return Pointer("g", 1, "2026-01-01T00:00:00+08:00", "2026-01-01T00:00:00+08:00")

    def fault(self) -> None:
        return None

    def get(self, name: str) -> bytes:
        return b"bytes"


def test_nobody_waits_for_a_slow_store() -> None:
    published = Published(Slow())  # type: ignore[arg-type]
    published.keep_fresh(["wall"])
    assert published.ready("wall") is None
    deadline = time.monotonic() + 5
    while published.ready("wall") is None and time.monotonic() < deadline:
        time.sleep(0.05)
    started = time.monotonic()
    for _ in range(100):
        assert published.part("wall") == published.ready("wall") == ("g", b"bytes")
    assert time.monotonic() - started < 0.5

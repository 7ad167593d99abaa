"""Ways to sign in for tests of single sign-on: stand-ins with a browser led by hand, and servers that misbehave."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from backend.exchange.standins import IdentityServer, QinWuYuanServer, SingleWindowServer, StandIn
from backend.exchange.standins.people import demo_people
from backend.exchange.standins.serving import CLIENT, SECRET
from backend.identity.sso import Person, Provider, SsoRefused, providers_of

CALLBACK = "http://127.0.0.1:9/sso/callback"
STATE = "a-state-of-one-browser"
PEOPLE = demo_people()
FLOWS = ("qinwuyuan", "cas3", "oauth2")
PATIENCE = 1.0  # seconds that a client waits for a server that will not answer
EASE = 20.0  # and for one that will, on a busy machine
WHAT_TO_DO = re.compile("请回到登录页|请稍后重试|请联系系统管理员")
Answer = tuple[int, dict[str, str], bytes]
JSON = {"Content-Type": "application/json"}
XML = {"Content-Type": "application/xml"}
GOOD_TOKEN = (200, JSON, b'{"access_token": "AT", "expires_in": 7200}')
GOOD_USER = (200, JSON, '{"loginUser": {"userId": "1", "name": "演示"}}'.encode())


class Flow:
    """One way to sign in with its stand-in; the browser is requests, led by hand."""

    def __init__(self, name: str, standin: StandIn) -> None:
        self.name = name
        self.standin = standin
        self.provider = provider(name, standin.url)
        self.browser = requests.Session()

    def visit(self, callback: str = CALLBACK, state: str = STATE, person: str = "demo-unit-1") -> dict[str, str]:
        """Sign in on the page of the identity server and return the arguments with which it sends the browser back."""
        address = self.provider.begin(callback, state)
        page = self.browser.get(address, allow_redirects=False, timeout=5)
        if page.status_code == 200:
            assert f"{self.standin.site.name}</title>" in page.text
            assert f'value="{person}"' in page.text
            page = self.browser.post(address, data={"person": person}, allow_redirects=False, timeout=5)
        assert page.status_code == 302, page.text
        assert page.headers["Location"].startswith(callback)
        return dict(parse_qsl(urlsplit(page.headers["Location"]).query))

    def complete(self, arguments: Mapping[str, str], callback: str = CALLBACK, state: str = STATE) -> Person:
        """Bring the arguments to the platform's side."""
        return self.provider.complete(callback, arguments, state)

    def hurry(self) -> None:
        """Wait only PATIENCE from now on."""
        self.provider = provider(self.name, self.standin.url, PATIENCE)

    def fault(self, kind: str) -> None:
        """Turn the switch of the stand-in, over HTTP as in a rehearsal."""
        answer = requests.post(f"{self.standin.origin}/standin/fault", json={"kind": kind}, timeout=5)
        assert answer.json() == {"kind": kind}


def settings_for(name: str, url: str, /, **more: str) -> SimpleNamespace:
    """Settings for one of the FLOWS with the client that the stand-ins know; more: without their prefix."""
    prefix = "sso_qinwuyuan" if name == "qinwuyuan" else "sso_single_window"
    given = {f"{prefix}_url": url, f"{prefix}_client": CLIENT, f"{prefix}_secret": SECRET}
    named = {f"{prefix}_{key}": value for key, value in more.items()}
    protocol = {} if name == "qinwuyuan" else {"sso_single_window_protocol": name}
    return SimpleNamespace(**{**given, **protocol, **named})


def provider(name: str, url: str, seconds: float = EASE, /, **more: str) -> Provider:
    """The one provider that these settings switch on."""
    [found] = providers_of(settings_for(name, url, **more), seconds).values()
    return found


def kind_of(name: str) -> type[IdentityServer]:
    """The stand-in for one of the FLOWS."""
    return QinWuYuanServer if name == "qinwuyuan" else SingleWindowServer


def refusal(work: Callable[[], Any], code: str, status: int) -> SsoRefused:
    """Do something that must be refused, with this code and status and words that say what to do."""
    with pytest.raises(SsoRefused) as caught:
        work()
    assert (caught.value.code, caught.value.status) == (code, status), caught.value.message
    assert WHAT_TO_DO.search(caught.value.message)
    assert (
        "秦务员" in caught.value.message or "车辆出口通关" in caught.value.message or code in ("wrong_state", "expired")
    )
    assert SECRET not in caught.value.message
    hidden = caught.value.__suppress_context__ or caught.value.__context__ is None
    assert hidden  # the words of causes hold addresses with secrets in them, and a log would show them
    return caught.value


class Speaker:
    """A server that says exactly what a test wants, and remembers what it was asked."""

    def __init__(self, answers: Mapping[str, Answer], slow: float = 0) -> None:
        self.answers = answers
        self.slow = slow
        self.asked: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        speaker = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                speaker.speak(self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def speak(self, handler: BaseHTTPRequestHandler) -> None:
        """Note the request and give its answer."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.asked.append((handler.command, handler.path, body))
        self.headers.append(dict(handler.headers.items()))
        path = urlsplit(handler.path).path
        status, headers, words = self.answers.get(path, (200, {}, b""))
        if self.slow:
            self.drip(handler)
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(words)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(words)

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """One byte of a header at a time: no single wait is long."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        until = time.monotonic() + self.slow
        while time.monotonic() < until:
            handler.wfile.write(b"x")
            time.sleep(0.1)

    def __enter__(self) -> "Speaker":
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def scripted(name: str, slow: float = 0, /, **answers: Answer) -> Iterator[Any]:
    """A provider that talks to a Speaker, and how to complete a sign-in with it."""
    paths = {
        "qinwuyuan": {"token": "/accessToken", "user": "/userInfo", "out": "/logout"},
        "cas3": {"token": "/p3/serviceValidate"},
        "oauth2": {"token": "/oauth2.0/accessToken", "user": "/oauth2.0/profile"},
    }[name]
    with Speaker({paths[what]: answer for what, answer in answers.items()}, slow) as speaker:
        made = provider(name, speaker.url, PATIENCE if slow else EASE)
        arguments = {"state": STATE, "code": "C-1", "ticket": "ST-1-x"}
        yield SimpleNamespace(
            speaker=speaker, provider=made, complete=lambda: made.complete(CALLBACK, arguments, STATE)
        )


def xml(text: str) -> Answer:
    """An answer of a CAS server."""
    return 200, XML, text.encode()


def token_with(**more: object) -> bytes:
    """The body of an answer to a token request, with something more in it."""
    return json.dumps({"access_token": "AT", **more}).encode()


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    return "/".join(url.split("/")[:3])

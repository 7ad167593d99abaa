"""The cookies of the platform: how they are named, set and taken away."""

import secrets
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask, Response, current_app, g, request
from werkzeug.wrappers import Response as AnyResponse

from backend.identity.admission import SCREEN, SESSION, VISIT, cookies_of
from backend.identity.sessions import csrf_of

CSRF = "panorama_csrf"  # Readable by our scripts, which repeat it in a header; worth nothing without the session.


def named(name: str) -> str:
    """The full name of a cookie: __Host- over TLS, so that no neighbouring host can plant one."""
    return f"{current_app.config['COOKIE_PREFIX']}{name}"


def put(answer: AnyResponse, name: str, value: str, age: int | None = None, readable: bool = False) -> None:
    """Set a cookie for this host alone."""
    secure = current_app.config["COOKIE_PREFIX"] != ""
    answer.set_cookie(named(name), value, max_age=age, path="/", httponly=not readable, secure=secure, samesite="Lax")


def drop(answer: AnyResponse, *names: str) -> None:
    """Take cookies away."""
    for name in names:
        answer.delete_cookie(named(name), path="/", secure=current_app.config["COOKIE_PREFIX"] != "", samesite="Lax")


def admit_session(answer: AnyResponse, token: str) -> None:
    """Give the browser its session number; it ends with the browser."""
    put(answer, SESSION, token)
    put(answer, CSRF, csrf_of(token), readable=True)


def admit_screen(answer: AnyResponse, token: str, age: int) -> None:
    """Give a screen its token."""
    put(answer, SCREEN, token, age)
    put(answer, CSRF, csrf_of(token), age, readable=True)
    answer.headers["Cache-Control"] = "no-store"


def keep_cookies(app: Flask) -> None:
    """Visitors get a number before they sign in, so that the sign-in form cannot be sent by another site."""

    @app.after_request
    def complete(answer: Response) -> Response:
        if visit := g.get("new_visit"):
            put(answer, VISIT, visit)
        known = g.get("principal")
        page = answer.mimetype == "text/html" and answer.status_code == 200
        if known is not None and page and cookies_of(request.headers.get("Cookie", "")).get(named(CSRF)) != known.csrf:
            put(answer, CSRF, known.csrf, readable=True)
        return answer


def begin_visit() -> None:
    """Make sure that the form about to be shown has something to repeat."""
    if not g.csrf:
        g.new_visit = secrets.token_urlsafe(24)
        g.csrf = csrf_of(g.new_visit)


def safe_next(given: Any) -> str:
    """A path of this platform to go on to; what might lead to another host becomes the front page."""
    text = given if isinstance(given, str) else ""
    for plain in (text, unquote(text), unquote(unquote(text))):
        bad = not plain.startswith("/") or plain.startswith("//") or "\\" in plain
        if bad or any(ord(c) < 32 or ord(c) == 127 for c in plain) or urlsplit(plain).netloc:
            return "/"
    return text

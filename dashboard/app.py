"""The only module that knows every folder: puts counter, kitchen and windows onto one Flask server."""

import functools

from dash import Dash
from flask import Flask, Response, g, request
from werkzeug.wrappers import Response as AnyResponse

from backend.app import create_app
from backend.db import make_engine
from backend.identity.views import is_demo
from cache.delivery import FOLDER, deliver
from cache.published import Published
from cache.store import open_store
from dashboard.pages_registry import Visitor
from dashboard.settings import Settings, get_settings
from dashboard.shell import build_dash


def build_app(settings: Settings | None = None) -> Flask:
    """The whole web application; `extensions` hold engine, admission and published for whoever serves it."""
    settings = settings or get_settings()
    published = Published(open_store(settings))
    server = create_app(settings, make_engine(settings.database), published)
    server.extensions["published"] = published

    @server.get(f"{FOLDER}<part>")
    def payload(part: str) -> AnyResponse:
        status, headers, body = deliver(published, part, request.headers.get("If-None-Match", ""))
        return Response(body, status, headers)

    dash = build_dash(server, published, lambda: Visitor(signed_in=g.get("visitor") is not None, demo=is_demo()))
    protect(server, dash)
    warm_up(server)
    return server


def protect(server: Flask, dash: Dash) -> None:
    """Headers that keep the browser from talking to anybody else, and others from framing us."""

    @functools.cache
    def policy() -> str:
        hashes = " ".join(f"'{h}'" if not h.startswith("'") else h for h in dash.csp_hashes())
        return (
            f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; "
            "frame-ancestors 'none'; form-action 'self'"
        )

    @server.after_request
    def headers(answer: Response) -> Response:
        answer.headers.setdefault("Content-Security-Policy", policy())
        answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        answer.headers.setdefault("Referrer-Policy", "same-origin")
        return answer


def warm_up(server: Flask) -> None:
    """Dash imports and sets itself up at its first request; several of them at once would fail."""
    with server.test_client() as client:
        client.get("/healthz")
    server.extensions["admission"].known.clear()

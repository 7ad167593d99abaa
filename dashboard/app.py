"""The only module that knows every folder: puts counter, kitchen and windows onto one Flask server."""

import functools
import json
from datetime import datetime
from typing import Any

from dash import Dash
from flask import Flask, Response, current_app, g, request
from werkzeug.wrappers import Response as AnyResponse

from backend.app import create_app
from backend.clearance.states import SHANGHAI
from backend.crypto.keys import open_keys
from backend.db import make_engine
from backend.frame.allow import allow, grant
from backend.frame.page import is_demo, main_links, roles_named
from backend.identity.cookies import CSRF
from cache.delivery import FOLDER, deliver
from cache.published import Published
from cache.store import open_store
from dashboard.access import BY_ITSELF, PLACE_OUTPUT, Access
from dashboard.asof import add_asof
from dashboard.pages_registry import Visitor
from dashboard.plain_page import add_plain
from dashboard.proofs import add_proof
from dashboard.settings import Settings, get_settings
from dashboard.shell import build_dash
from datasources.asof_readers import AsOfReaders
from datasources.behaviour import behaviour

# Dash's own routes; what is not named here stays refused, as /_reload-hash does.
OF_DASH = {
    "_dash_assets.static": "public",
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": "public",
    "/_favicon.ico": "public",
    "/_dash-layout": "self",
    "/_dash-dependencies": "self",
    "/_dash-update-component": "self",
    "/": "page",
    "/<path:path>": "page",
}


def build_app(settings: Settings | None = None) -> Flask:
    """The whole web application; `extensions` hold engine, admission and published for whoever serves it."""
    settings = settings or get_settings()
    published = Published(open_store(settings))
    server = create_app(settings, make_engine(settings.database), published, open_keys(settings.key_folder))
    server.extensions["published"] = published

    @server.get(f"{FOLDER}<part>")
    @allow("view:wall")
    def payload(part: str) -> AnyResponse:
        status, headers, body = deliver(published, part, request.headers.get("If-None-Match", ""))
        return Response(body, status, headers)

    add_plain(server, published)
    moments = AsOfReaders(server.extensions["readers"])
    add_proof(server, server.extensions["readers"], moments)
    add_asof(server, published, moments, server.extensions["statistics"].cache)
    access = Access(server.config["COOKIE_PREFIX"] + CSRF)
    read = functools.partial(behaviour, settings.database)
    dash = build_dash(server, published, who_is_there, access, own_figures, read)
    open_doors(server, access)
    protect(server, dash, settings)
    warm_up(server)
    return server


def open_doors(server: Flask, access: Access) -> None:
    """Tell the guard what pages, callbacks and Dash's own routes need."""
    for endpoint, permission in OF_DASH.items():
        grant(server, endpoint, permission)
    rights = server.extensions["callback_rights"]
    rights.of, rights.shapes, rights.pages = access.outputs, access.shapes, access.addresses
    rights.place, rights.by_itself = PLACE_OUTPUT, BY_ITSELF
    server.extensions["screens"] = access.screens


def who_is_there() -> Visitor:
    """What a layout may know of the person, screen or stranger in front of it."""
    visitor = g.get("principal")
    if visitor is None:
        return Visitor(demo=is_demo())
    screens = {path for path, *_ in current_app.extensions["screens"]}
    links = [(e.path, e.name, e.summary) for e in main_links(visitor) if e.path not in screens]
    person = visitor.kind == "account"
    return Visitor(
        name=visitor.name if person else "",
        roles=roles_named(visitor) if person and not visitor.demo else "",
        demo=is_demo(),
        csrf=visitor.csrf,
        permissions=visitor.permissions,
        entries=tuple(links) if person else (),
    )


def own_figures() -> dict[str, Any] | None:
    """This year's figures of the rows that the visitor may see; None before the first generation."""
    today = datetime.now(SHANGHAI).date()
    body = current_app.extensions["statistics"].answer(
        "country", today.replace(month=1, day=1), today, g.principal.scope
    )
    return json.loads(body) if body else None


def protect(server: Flask, dash: Dash, settings: Settings) -> None:
    """Headers that keep the browser from talking to anybody else, others from framing us, and pages out of caches."""

    @functools.cache
    def policy() -> str:
        hashes = " ".join(f"'{h}'" if not h.startswith("'") else h for h in dash.csp_hashes())
        return (
            f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; "
            "frame-ancestors 'none'; form-action 'self'"
        )

    always = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if settings.secure:
        always["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    @server.after_request
    def headers(answer: Response) -> Response:
        answer.headers.setdefault("Content-Security-Policy", policy())
        for name, value in always.items():
            answer.headers.setdefault(name, value)
        if answer.mimetype == "text/html" or answer.status_code >= 400:
            answer.headers["Cache-Control"] = "no-store"
        if request_id := g.get("request_id"):
            answer.headers["X-Request-Id"] = request_id
        return answer


def warm_up(server: Flask) -> None:
    """Dash imports and sets itself up at its first request; several of them at once would fail."""
    with server.test_client() as client:
        client.get("/healthz")
    server.extensions["admission"].known.clear()

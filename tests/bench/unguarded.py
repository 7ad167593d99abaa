"""The web server with its gate taken out: only to measure what the gate costs, against the same server with it."""

from flask import Flask, g

from backend.identity.principal import Principal, scope_of
from backend.identity.roles import ROLES
from dashboard.app import build_app
from dashboard.server import Front
from dashboard.settings import get_settings

ANYBODY = Principal("screen", "bench", "压测", ("wall",), ROLES["wall"].permissions, scope_of("platform", None, None))


def without_gate(app: Flask) -> Flask:
    """Take the guard off; what views expect to know of the visitor is a constant."""
    guard = app.extensions["guard"]
    before = app.before_request_funcs[None]
    before[before.index(guard.admit)] = anybody  # in the list itself: the application has answered a request already
    return app


def anybody() -> None:
    """Stands where the gate stood."""
    g.principal, g.csrf, g.request_id = ANYBODY, "", ""


def web() -> Front:
    """Made in each web process."""
    settings = get_settings()
    return Front(without_gate(build_app(settings)), settings.threads)


def guarded() -> Front:
    """The same without the change."""
    settings = get_settings()
    return Front(build_app(settings), settings.threads)

"""Signing in by way of 秦务员 and the single window: out with a state, back with a code or ticket."""

import hmac
import secrets
import time
from typing import Any

from flask import Blueprint, current_app, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from backend.frame.allow import allow, engine, keys
from backend.identity.cookies import safe_next
from backend.identity.entrance import entered, origin
from backend.identity.limits import limiter
from backend.identity.principal import Principal
from backend.identity.refusal import Refused
from backend.identity.sso import Person, Provider, SsoRefused, ticket_of_logout_request
from backend.identity.sso_binding import Waiting, end_by_reference, enter, reference_of

PATIENCE = 600  # Seconds that somebody may take at the other system's sign-in page.
sso = Blueprint("sso", __name__, url_prefix="/sso", template_folder="templates")


def provider_of(key: str) -> Provider | None:
    """The provider of that name, None where the settings do not name one."""
    found: dict[str, Provider] = current_app.extensions["providers"]
    return found.get(key)


def address_of(endpoint: str, **values: Any) -> str:
    """An address of ours as the outside world writes it."""
    base = current_app.config["PUBLIC_URL"] or request.host_url
    return base.rstrip("/") + url_for(endpoint, **values)


def refuse(label: str, words: str, status: int, again: str = "") -> AnyResponse:
    """A page that says what happened and what to do."""
    return make_response(render_template("sso_refused.html", label=label, words=words, again=again), status)


@sso.get("/<key>/begin")
@allow("public")
@limiter.limit("120/minute")
def begin(key: str) -> AnyResponse:
    """Send the browser to the other system, with a state that only this browser can bring back."""
    provider = provider_of(key)
    if provider is None:
        return refuse("统一认证", "本平台没有启用这种登录方式。", 404)
    state = secrets.token_urlsafe(24)
    session["sso"] = {"state": state, "key": key, "at": time.time(), "next": safe_next(request.args.get("next"))}
    answer = redirect(provider.begin(address_of("sso.callback", key=key), state), 303)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@sso.get("/<key>/callback")
@allow("public")
@limiter.limit("120/minute")
def callback(key: str) -> AnyResponse:
    """The browser comes back: turn its code or ticket into a person, and the person into a session."""
    provider = provider_of(key)
    if provider is None:
        return refuse("统一认证", "本平台没有启用这种登录方式。", 404)
    begun: dict[str, Any] = session.pop("sso", None) or {}
    again = url_for("sso.begin", key=key)
    try:
        person = provider.complete(address_of("sso.callback", key=key), request.args, expected(begun, key))
        found = enter(engine(), keys(), person, origin())
    except SsoRefused as refused:
        return refuse(provider.label, refused.message, refused.status, again)
    except Refused as refused:
        return refuse(provider.label, f"{refused}。", 403)
    return admitted(found, provider, person, str(begun.get("next", "/")))


def expected(begun: dict[str, Any], key: str) -> str:
    """The state that this browser was sent away with; none that is right when it was too long ago or for another."""
    fresh = time.time() - float(begun.get("at", 0)) < PATIENCE
    return str(begun["state"]) if fresh and hmac.compare_digest(str(begun.get("key", "")), key) else ""


def admitted(found: str | Waiting, provider: Provider, person: Person, after: str) -> AnyResponse:
    """Into the platform, or to the page that says what is waited for."""
    if isinstance(found, str):
        return entered(found, safe_next(after))
    shown = render_template("sso_waiting.html", label=provider.label, asked_at=found.asked_at)
    return make_response(shown, 202)


@sso.post("/<key>/callback")
@allow("public")
@limiter.limit("300/minute")
def signed_out_there(key: str) -> tuple[str, int]:
    """The single window tells that a ticket was signed out there: the session here ends as well.

    Whoever knows a ticket may end its session, and nothing else; so no form token is asked for.
    """
    ticket = ticket_of_logout_request(request.form.get("logoutRequest", ""))
    if provider_of(key) is None or ticket is None:
        return "", 400
    end_by_reference(engine(), keys(), ticket)
    return "", 204


signed_out_there.from_outside = True  # type: ignore[attr-defined]


def farewell(actor: Principal) -> str | None:
    """Sign out with the authority that the session came from; gives where the browser must go for it."""
    came_from = reference_of(engine(), keys(), actor)
    provider = provider_of(came_from[0]) if came_from else None
    if came_from is None or provider is None:
        return None
    home = address_of("door.sign_in_page")
    provider.logout(came_from[1], home)
    return provider.logout_url(came_from[1], home)

"""Pages of what is in use: live sessions of people, and the tokens of walls and programs."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import render_template, request

from backend.administration import people_forms as forms
from backend.administration.account_views import organisation_choices
from backend.administration.online import METHODS, end_online, online_page, session_marked
from backend.administration.people_pages import filled, once, people
from backend.administration.token_issue import KINDS, end_token, issue_token, token_of, tokens_page
from backend.frame.allow import allow, engine, principal
from backend.frame.deeds import NUMBER, Shown, attempt, done, page_number
from backend.identity.roles import PROGRAMS


@people.get("/sessions")
@allow("read:sessions")
def sessions() -> Shown:
    """Who is signed in at this moment."""
    page = online_page(engine(), principal(), page_number())
    return render_template("administration/sessions.html", page=page, methods=METHODS, own=principal().session)


@people.route("/sessions/<mark>/end", methods=["GET", "POST"])
@allow("end:sessions")
def end_one_session(mark: str) -> Shown:
    """Ask once more, and end a session."""
    found = session_marked(engine(), principal(), mark)
    words = f"{found['login_name']} 的这个会话已结束。"
    end = partial(end_online, engine(), principal(), mark)
    return once_sure(end, words, "people.sessions", "session_end.html", session=found, methods=METHODS)


def once_sure(verb: Callable[[], Any], words: str, way: str, template: str, **shown: Any) -> Shown:
    """Ask with this page, and once the answer is yes do it, say so in these words and go on to another page."""
    form = forms.Sure()
    return done(words, way) if attempt(form, verb)[0] else filled(template, form=form, **shown)


@people.get("/tokens")
@allow("manage:tokens")
def tokens() -> Shown:
    """Tokens of walls and programs."""
    page = tokens_page(engine(), principal(), page_number())
    return render_template("administration/tokens.html", page=page)


@people.route("/tokens/new", methods=["GET", "POST"])
@allow("manage:tokens")
def new_token() -> Shown:
    """A new token, whose text is shown once."""
    form = forms.NewToken()
    form.organisation_id.choices = organisation_choices(engine(), "enterprise")
    made, token = attempt(form, lambda: _issue(form))
    if not made:
        return filled("token_new.html", form=form)
    screen = KINDS[form.role.data or ""] == "screen"
    secret = f"{request.host_url}enter?token={token}" if screen else token
    what = "screen" if screen else "api"
    return once(what=what, title=f"令牌“{form.name.data}”已建立", secret=secret)


def _issue(form: forms.NewToken) -> str:
    chosen = form.organisation_id.data or None
    return issue_token(engine(), principal(), form.name.data or "", form.role.data or "", form.days.data or 0, chosen)


@people.route(f"/tokens/<{NUMBER}:token_id>/end", methods=["GET", "POST"])
@allow("manage:tokens")
def end_one_token(token_id: int) -> Shown:
    """Ask once more, and revoke a token."""
    found = token_of(engine(), principal(), token_id)
    words = f"令牌“{found['name']}”已吊销。"
    end = partial(end_token, engine(), principal(), token_id)
    return once_sure(end, words, "people.tokens", "token_end.html", token=found, roles=PROGRAMS)

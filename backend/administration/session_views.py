"""Pages of what is in use: live sessions of people, and the tokens of walls and programs."""

from flask import render_template, request

from backend.administration import people_forms as forms
from backend.administration.account_views import organisation_choices
from backend.administration.online import METHODS, end_online, online_page, session_marked
from backend.administration.people_pages import (
    NUMBER,
    Shown,
    attempt,
    done,
    filled,
    once,
    page_number,
    people,
)
from backend.administration.token_issue import KINDS, end_token, issue_token, token_of, tokens_page
from backend.frame.allow import allow, engine, principal
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
    found, form = session_marked(engine(), principal(), mark), forms.Sure()
    made, login = attempt(form, lambda: end_online(engine(), principal(), mark))
    if made:
        return done(f"{login} 的这个会话已结束。", "people.sessions")
    return filled("session_end.html", form=form, session=found, methods=METHODS)


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
    found, form = token_of(engine(), principal(), token_id), forms.Sure()
    made, _ = attempt(form, lambda: end_token(engine(), principal(), token_id))
    if made:
        return done(f"令牌“{found['name']}”已吊销。", "people.tokens")
    return filled("token_end.html", form=form, token=found, roles=PROGRAMS)

"""What all pages of people and rights share: the blueprint, how a verb's no is shown, and the way on after a deed."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from backend.frame.page import Form, complain
from backend.frame.stopped import say_where_it_stopped
from backend.identity.refusal import Unfit

Shown = str | AnyResponse | tuple[str, int]
NUMBER = "int(max=9007199254740991)"  # what both databases take as a row's number
people = Blueprint("people", __name__, url_prefix="/administration", template_folder="templates")
say_where_it_stopped(people, "/administration", "基础管理")


def page_number() -> int:
    """Which page of a list was asked for."""
    return request.args.get("page", 1, type=int)


def asked(name: str) -> str:
    """A text from the filters of a list; no database searches for characters that cannot be seen."""
    return "".join(character for character in request.args.get(name, "")[:100] if character.isprintable())


def attempt(form: Form, verb: Callable[[], Any]) -> tuple[bool, Any]:
    """Do a deed once its form is sound: whether it was done, and what it gave. A complaint stands in the form."""
    if not form.validate_on_submit():
        return False, None
    try:
        return True, verb()
    except Unfit as unfit:
        complain(form, str(unfit), unfit.field)
        return False, None


def filled(template: str, **words: Any) -> Shown:
    """A page with a form: 200 when it was asked for, 400 when what was sent did not fit."""
    return render_template(f"administration/{template}", **words), 200 if request.method == "GET" else 400


def once(**words: Any) -> AnyResponse:
    """A page with a secret that is shown this one time and kept by no browser."""
    answer = make_response(render_template("administration/once.html", **words))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def done(words: str, endpoint: str, **values: Any) -> AnyResponse:
    """Go on to another page and say there what was done."""
    flash(words, "good")
    return redirect(url_for(endpoint, **values), 303)

"""How the pages of the counter do a deed: what their addresses and answers are, a verb's no, and the way on."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from backend.frame.page import Form, complain
from backend.identity.refusal import Unfit

Shown = str | AnyResponse | tuple[str, int]
NUMBER = "int(max=9007199254740991)"  # what both databases take as a row's number


def page_number() -> int:
    """Which page of a list was asked for."""
    return request.args.get("page", 1, type=int)


def attempt(form: Form, verb: Callable[[], Any]) -> tuple[bool, Any]:
    """Do a deed once its form is sound: whether it was done, and what it gave. A complaint stands in the form."""
    if not form.validate_on_submit():
        return False, None
    try:
        return True, verb()
    except Unfit as unfit:
        complain(form, str(unfit), unfit.field)
        return False, None


def status() -> int:
    """Of a page with a form: 200 when it was asked for, 400 when what was sent did not fit."""
    return 200 if request.method == "GET" else 400


def done(words: str, endpoint: str, **values: Any) -> AnyResponse:
    """Go on to another page and say there what was done."""
    flash(words, "good")
    return redirect(url_for(endpoint, **values), 303)

"""What all pages of people and rights share: the blueprint, how a verb's no is shown, and the way on after a deed."""

from typing import Any

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from backend.frame.deeds import Shown, status
from backend.frame.stopped import say_where_it_stopped

people = Blueprint("people", __name__, url_prefix="/administration", template_folder="templates")
say_where_it_stopped(people, "/administration", "基础管理")


def asked(name: str) -> str:
    """A text from the filters of a list; no database searches for characters that cannot be seen."""
    return "".join(character for character in request.args.get(name, "")[:100] if character.isprintable())


def filled(template: str, **words: Any) -> Shown:
    """A page with a form."""
    return render_template(f"administration/{template}", **words), status()


def once(**words: Any) -> AnyResponse:
    """A page with a secret that is shown this one time and kept by no browser."""
    answer = make_response(render_template("administration/once.html", **words))
    answer.headers["Cache-Control"] = "no-store"
    return answer

"""The front page of administration: what the visitor may open there."""

from flask import Blueprint, render_template

from backend.frame.allow import allow, principal
from backend.frame.page import entries_for

index = Blueprint("administration", __name__, template_folder="templates")


@index.get("/administration")
@allow("self")
def overview() -> str:
    """A list of the visitor's own pages of administration."""
    return render_template("administration_index.html", entries=entries_for(principal()))

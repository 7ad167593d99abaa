"""What the pages of settings, codes and audit share: the blueprint, and how a refusal is shown."""

from flask import Blueprint, render_template

from backend.identity.refusal import Refused, Unfit

system = Blueprint("system", __name__, url_prefix="/administration", template_folder="templates")


@system.errorhandler(Refused)
def refused(no: Refused) -> tuple[str, int]:
    """The actor may not; nothing was changed."""
    return render_template("system/stopped.html", title="这一步不能由您来做", words=str(no)), 403


@system.errorhandler(Unfit)
def unfit(no: Unfit) -> tuple[str, int]:
    """There is no such thing."""
    return render_template("system/stopped.html", title="没有可以显示的内容", words=str(no)), 404

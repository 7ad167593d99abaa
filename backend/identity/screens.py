"""The way in for screens: a token in the address becomes a cookie; a refused wall never sees a form."""

from datetime import timedelta

from flask import Blueprint, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from backend.frame.allow import allow, engine
from backend.frame.page import is_demo
from backend.identity.cookies import admit_screen
from backend.identity.limits import limiter
from backend.identity.tokens import create_token

SCREEN_LIFE = timedelta(days=90)
screens = Blueprint("screens", __name__, template_folder="templates")


@screens.get("/enter")
@allow("public")
@limiter.limit("60/minute")
def enter() -> AnyResponse | tuple[str, int]:
    """A screen's way in: the token goes from the address into a cookie, off the screen and out of the logs."""
    token = request.args.get("token", "")
    if current_app.extensions["admission"].holder("screen", token) is None:
        return render_template("gone.html", words="屏幕令牌无效、已吊销或已过期，请向管理员索取新的大屏地址"), 401
    return to_the_wall(token)


@screens.get("/demo/screen")
@allow("public")
@limiter.limit("60/minute")
def demo_screen() -> AnyResponse | tuple[str, int]:
    """In the demo anybody may open the wall: hand out a screen token."""
    if not is_demo():
        return render_template("gone.html", words="本平台不是演示环境，请使用管理员发给的大屏地址"), 404
    return to_the_wall(create_token(engine(), "screen", "演示大屏", "wall", SCREEN_LIFE))


def to_the_wall(token: str) -> AnyResponse:
    """On to the wall, with the token in a cookie."""
    answer = redirect("/wall", 303)
    admit_screen(answer, token, int(SCREEN_LIFE.total_seconds()))
    return answer

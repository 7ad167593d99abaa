"""The door of the web: the guard before every request, the way in by screen token, and the front page."""

from datetime import timedelta

from flask import Blueprint, Flask, Response, current_app, g, jsonify, redirect, render_template, request
from sqlalchemy import Engine
from werkzeug.wrappers import Response as AnyResponse

from backend.administration.facts import DEMO, platform_fact_of
from backend.identity.admission import API_FOLDER, SCREEN_COOKIE, Admission, is_open
from backend.identity.tokens import create_token

SCREEN_LIFE = timedelta(days=90)
door = Blueprint("door", __name__, template_folder="templates")


def guard(app: Flask, admission: Admission) -> None:
    """Refuse every request by default; this runs before any page, callback or file is looked up."""

    @app.before_request
    def admit() -> AnyResponse | tuple[AnyResponse, int] | None:
        cookies, authorization = request.headers.get("Cookie", ""), request.headers.get("Authorization", "")
        g.visitor = admission.visitor(request.path, cookies, authorization)
        if is_open(request.path) or (g.visitor and not foreign()):
            return None
        return refused()


def foreign() -> bool:
    """A request that another site made the browser send; it must change nothing here."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return request.method not in ("GET", "HEAD") and site not in ("same-origin", "none")


def refused() -> tuple[AnyResponse, int]:
    """401 for programs in JSON; the front page for people who came to the front door."""
    if request.path == "/" and request.method == "GET":
        return current_app.make_response(render_template("front.html", demo=is_demo())), 200
    words = "没有令牌或令牌无效、已吊销、已过期"
    if request.path.startswith(API_FOLDER):
        answer = jsonify(error="unauthorized", message=f"{words}；请在 Authorization 头中带上 Bearer 令牌")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer, 401
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return current_app.make_response(render_template("refused.html", demo=is_demo())), 401
    return jsonify(error="unauthorized", message=words), 401


def engine() -> Engine:
    """The transaction database of this application."""
    found: Engine = current_app.extensions["engine"]
    return found


def is_demo() -> bool:
    """Whether the installation shows demo data."""
    return platform_fact_of(engine(), DEMO) is not None


@door.get("/enter")
def enter() -> AnyResponse:
    """A screen's way in: the token goes from the address into a cookie, off the screen and out of the logs."""
    token = request.args.get("token", "")
    if current_app.extensions["admission"].holder("screen", token) is None:
        return Response("屏幕令牌无效、已吊销或已过期", 401, mimetype="text/plain")
    return _with_cookie(token)


@door.get("/demo/screen")
def demo_screen() -> AnyResponse:
    """In the demo anybody may open the wall: hand out a screen token."""
    if not is_demo():
        return Response("本平台不是演示环境，请使用管理员发给的大屏地址", 404, mimetype="text/plain")
    return _with_cookie(create_token(engine(), "screen", "演示大屏", "wall", SCREEN_LIFE))


def _with_cookie(token: str) -> AnyResponse:
    answer = redirect("/wall", 303)
    answer.set_cookie(
        SCREEN_COOKIE,
        token,
        max_age=int(SCREEN_LIFE.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer

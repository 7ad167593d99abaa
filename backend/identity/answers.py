"""How a refusal is said: in JSON to programs and screens, as a page that tells people what to do."""

from enum import Enum
from typing import NamedTuple
from urllib.parse import quote

from flask import current_app, jsonify, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from backend.identity.principal import Principal


class Said(NamedTuple):
    """Status, code for programs, and the sentence for people."""

    status: int
    code: str
    words: str


class Verdict(Enum):
    """Why a request is refused."""

    ANONYMOUS = Said(401, "unauthorized", "没有登录，或登录已失效")
    UNDECLARED = Said(403, "undeclared", "这个功能没有开放")
    FORBIDDEN = Said(403, "forbidden", "您的角色没有这项权限")
    UNFINISHED = Said(403, "unfinished", "登录还没有完成")
    NETWORK = Said(403, "network", "管理功能只能从指定的网络打开")
    FOREIGN = Said(403, "foreign", "这个请求是别的网站发来的，已拒绝")
    FORGED = Said(403, "forged", "页面已经过期，请返回上一页刷新后重试")
    INSECURE = Said(308, "insecure", "请改用加密地址")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.value.status


WALL_AGAIN = "60"  # Seconds: nobody stands at a screen to reload it once its token is good again.
STAGES = {"factor": "/sign-in/factor", "change": "/account/password", "enrol": "/account/factor"}


def answer(verdict: Verdict, visitor: Principal | None) -> AnyResponse:
    """The answer to a refused request."""
    if verdict is Verdict.INSECURE:
        return redirect(current_app.config["PUBLIC_URL"].rstrip("/") + request.full_path.rstrip("?"), 308)
    if verdict is Verdict.ANONYMOUS and request.path == "/" and request.method == "GET":
        return make_response(render_template("front.html", providers=current_app.extensions["providers"].values()))
    if not for_people():
        return spoken(verdict)
    if verdict is Verdict.UNFINISHED and visitor is not None and request.method == "GET":
        return redirect(STAGES[visitor.stage], 303)
    return page(verdict, visitor)


def for_people() -> bool:
    """Whether a person's browser wants to show a page."""
    if request.path.startswith(("/api/", "/_dash", "/payload/")):
        return False
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def spoken(verdict: Verdict) -> AnyResponse:
    """A refusal in JSON."""
    said = verdict.value
    words, bearer = said.words, request.path.startswith("/api/") and said.status == 401
    if bearer:
        words = "没有令牌，或令牌无效、已吊销、已过期；请在 Authorization 头中带上 Bearer 令牌"
    found = make_response(jsonify(error=said.code, message=words), said.status)
    if bearer:
        found.headers["WWW-Authenticate"] = "Bearer"
    return found


def page(verdict: Verdict, visitor: Principal | None) -> AnyResponse:
    """A refusal as a page. A wall never shows a form: whoever stands before it can do nothing with one."""
    wall = request.path.rstrip("/") == "/wall" or request.path.startswith("/wall/")
    way = "/sign-in?next=" + quote(request.full_path.rstrip("?"), safe="/") if request.method == "GET" else "/sign-in"
    shown = render_template("refused.html", verdict=verdict.name, words=verdict.value.words, wall=wall, way=way)
    found = make_response(shown, verdict.status)
    if verdict is Verdict.ANONYMOUS and not wall and request.method == "GET":
        found.headers["Refresh"] = f"0; url={way}"
    elif wall and (visitor is None or visitor.kind == "screen"):
        found.headers["Refresh"] = WALL_AGAIN
    return found

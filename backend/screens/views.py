"""The address that screens beat at, and the administrator's pages about them."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from backend.db import now
from backend.frame.allow import allow, engine, principal
from backend.frame.deeds import NUMBER, Shown, attempt, done, page_number, status
from backend.frame.page import Entry
from backend.frame.stopped import say_where_it_stopped
from backend.identity.refusal import Refused, Unfit
from backend.screens import service
from backend.screens.attestation import subject_of
from backend.screens.forms import Message, Place
from backend.screens.playlists import list_playlists
from backend.screens.programme import SCALES, face_name
from backend.screens.rhythm import SILENT
from backend.screens.service import KINDS, order_state
from backend.screens.told import composition, told_of
from backend.screens.viewing import heard, readable, state_of
from backend.screens.watch import open_subjects

ORDERS = {"waiting": "等待屏幕领取", "taken": "屏幕已领取", "void": "已作废（5 分钟内没有领取）"}
NAVIGATION = [
    Entry(
        "/administration/screens",
        "大屏",
        "walls.index",
        "墙上的每块屏：是否在线、显示什么、轮播什么、能否看清，远程重载与发消息",
    )
]
walls = Blueprint("walls", __name__, template_folder="templates")
say_where_it_stopped(walls, "/administration/screens", "大屏清单")


@walls.route("/screen/beat", methods=["GET", "POST"])
@allow("view:wall")
def beat() -> AnyResponse | tuple[AnyResponse, int]:
    """GET tells a browser whether it counts as a screen; POST is a heartbeat, answered with order and programme."""
    if request.method == "GET":
        return jsonify(screen=principal().kind == "screen")
    try:
        answer = service.beat(engine(), principal(), told_of(request.get_json(silent=True)), request.remote_addr)
    except Refused as no:
        return jsonify(error="no_screen", message=str(no)), 403
    except Unfit as unfit:
        return jsonify(error="unfit", message=str(unfit)), 400
    return jsonify(command=answer.command, programme=answer.programme, now=now().isoformat())


@walls.get("/administration/screens")
@allow("manage:tokens")
def index() -> Shown:
    """Every screen."""
    page = service.list_screens(engine(), principal(), page_number())
    page.rows[:] = _told(page.rows)
    return render_template("screens/list.html", page=page, silent=SILENT.seconds)


@walls.get(f"/administration/screens/<{NUMBER}:screen_id>")
@allow("manage:tokens")
def one(screen_id: int) -> Shown:
    """One screen with all that is known of it."""
    return render_template("screens/one.html", s=_one_told(screen_id))


@walls.post(f"/administration/screens/<{NUMBER}:screen_id>/<any(reload, identify):kind>")
@allow("manage:tokens")
def ask(screen_id: int, kind: str) -> Shown:
    """Ask a screen to reload or to show which one it is."""
    service.ask_screen(engine(), principal(), screen_id, kind)
    return _asked(screen_id, KINDS[kind])


@walls.route(f"/administration/screens/<{NUMBER}:screen_id>/message", methods=["GET", "POST"])
@allow("manage:tokens")
def message(screen_id: int) -> Shown:
    """Show a message on a screen."""
    screen, form = service.screen_of(engine(), principal(), screen_id), Message()
    if attempt(form, lambda: _say(screen_id, form))[0]:
        return _asked(screen_id, KINDS["message"])
    return _form("screens/message.html", form, screen)


@walls.route(f"/administration/screens/<{NUMBER}:screen_id>/change", methods=["GET", "POST"])
@allow("manage:tokens")
def change(screen_id: int) -> Shown:
    """Name and place a screen."""
    screen = service.screen_of(engine(), principal(), screen_id)
    form = Place(data=dict(screen))
    form.offer(list_playlists(engine(), principal()))
    made, name = attempt(form, lambda: _place(screen_id, form))
    if made:
        return done(f"“{name}”的登记已保存。", "walls.one", screen_id=screen_id)
    return _form("screens/change.html", form, screen)


def _say(screen_id: int, form: Message) -> None:
    words, seconds = form.text.data or "", form.seconds.data or 0
    service.ask_screen(engine(), principal(), screen_id, "message", words, seconds)


def _place(screen_id: int, form: Place) -> str:
    wish = form.placing()
    service.change_screen(engine(), principal(), screen_id, wish)
    return wish.name


def _form(template: str, form: Message | Place, screen: Any) -> tuple[str, int]:
    return render_template(template, form=form, s=screen), status()


def _asked(screen_id: int, deed: str) -> AnyResponse:
    """Say what will happen, and go back to the list."""
    s = _one_told(screen_id)
    if s["sign"].shape in ("fresh", "late"):
        flash(f"已交给“{s['name']}”：{deed}，约 15 秒内执行。", "good")
    else:
        flash(f"“{s['name']}”现在没有心跳；5 分钟内恢复才会执行“{deed}”，否则作废。", "warning")
    return redirect(url_for("walls.index"), 303)


def _one_told(screen_id: int) -> dict[str, Any]:
    return _told([dict(service.screen_of(engine(), principal(), screen_id))])[0]


def _told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Screens with what the pages say about them."""
    at = now()
    with engine().connect() as connection:
        wrong = open_subjects(connection)
    return [row | _words(row, at, subject_of(row["id"]) in wrong) for row in rows]


def _words(row: dict[str, Any], at: datetime, differs: bool) -> dict[str, Any]:
    return {
        "sign": state_of(row, at, differs),
        "heard": heard(at, row["seen_at"]),
        "rule": readable(row),
        "composition": composition(row["size"], row["scale_shown"]),
        "face_name": face_name(row["face"]),
        "scale_name": SCALES[row["scale_shown"]],
        "order": ORDERS.get(order_state(row, at), ""),
        "order_name": KINDS[row["wanted"]["kind"]] if row["wanted"] else "",
    }

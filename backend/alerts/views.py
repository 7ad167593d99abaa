"""The pages of alerts: what is open comes first, and each alert tells who did what about it."""

from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import Engine
from werkzeug.wrappers import Response as AnyResponse
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from backend.administration.audit_words import detail_name
from backend.alerts import service
from backend.alerts.service import RULES, SEVERITIES, STATES
from backend.db import now
from backend.frame.allow import allow, engine, principal
from backend.frame.deeds import page_number
from backend.frame.page import Entry, Form
from backend.identity.refusal import Refused, Unfit

View = str | AnyResponse | tuple[str, int]
SHOWN = {"open": "未了结", "resolved": "已恢复", "all": "全部"}
STEPS = {"firing": "触发", "acked": "认领", "resolved": "恢复"}
VERBS = {"acknowledge": (service.acknowledge, "已认领。"), "resolve": (service.resolve, "已恢复。")}
NAVIGATION = [Entry("/alerts", "告警", "alerts.index", "账号锁定、越权、审计链断裂等需要处理的事")]
alerts = Blueprint("alerts", __name__, url_prefix="/alerts", template_folder="templates")


class Handling(Form):
    """What somebody found out, or did about it."""

    note = TextAreaField(
        "处理说明",
        [InputRequired("请写明情况")],
        description="写明核实到什么、做了什么，2 到 200 个字",
        render_kw={"rows": 3},
    )


@alerts.app_template_filter("ago")
def ago(at: datetime) -> str:
    """How long ago a moment is, in words."""
    minutes = max(0, int((now() - at).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} 分钟前" if minutes else "刚刚"
    return f"{minutes // 60} 小时前" if minutes < 1440 else f"{minutes // 1440} 天前"


@alerts.context_processor
def words() -> dict[str, object]:
    """How rules, states and severities are called."""
    return {"rules": RULES, "states": STATES, "severities": SEVERITIES, "steps_named": STEPS, "named": detail_name}


@alerts.get("")
@allow("read:alerts")
def index() -> View:
    """The list; unless asked otherwise, of what is not settled yet."""
    state, rule = request.args.get("state", "open"), request.args.get("rule", "")
    if state not in SHOWN or (rule and rule not in RULES):
        abort(404)
    with engine().connect() as connection:
        page = service.list_alerts(connection, "" if state == "all" else state, rule, page_number())
        counts = service.count_alerts(connection)
    return render_template("alerts/list.html", page=page, counts=counts, state=state, rule=rule, shown=SHOWN)


@alerts.get("/<int:number>")
@allow("read:alerts")
def one(number: int) -> View:
    """One alert with what happened to it."""
    return shown(engine(), number, Handling())


@alerts.post("/<int:number>/<any(acknowledge, resolve):verb>")
@allow("handle:alerts")
def handle(number: int, verb: str) -> View:
    """Take an alert on, or close it."""
    form = Handling()
    act, done = VERBS[verb]
    if form.validate_on_submit():
        try:
            act(engine(), principal(), number, form.note.data or "")
            flash(done, "good")
            return redirect(url_for("alerts.one", number=number), 303)
        except (Refused, Unfit) as no:
            (form.note.errors if getattr(no, "field", "") == "note" else form.form_errors).append(str(no))
    return shown(engine(), number, form), 400


def shown(database: Engine, number: int, form: Handling) -> str:
    """The page of one alert."""
    with database.connect() as connection:
        found = service.alert_of(connection, number)
    if found is None:
        abort(404)
    alert, steps = found
    return render_template("alerts/one.html", alert=alert, steps=steps, form=form)

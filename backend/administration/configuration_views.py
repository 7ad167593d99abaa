"""Pages of settings: two lists, one for each administrator, and a page with the history of each setting."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, url_for
from wtforms import HiddenField, RadioField, StringField
from wtforms.validators import InputRequired

from backend.administration import configuration as settings
from backend.administration.system_pages import system
from backend.frame.allow import allow, engine, principal
from backend.frame.deeds import Shown, attempt, status
from backend.frame.page import Form

NEEDED = InputRequired("请填写")
LISTS = {
    "configuration": ("运行设置", "change:configuration", "平台运行中可以修改的设置。保存后立即生效，不需要重新启动。"),
    "policy": (
        "安全策略",
        "change:policy",
        "登录、密码、会话与告警的安全策略。保存后立即生效，已打开的页面下一次操作时按新策略判断。",
    ),
}


class Change(Form):
    """Another value, and why."""

    value = StringField("新的值", [NEEDED], render_kw={"inputmode": "numeric", "autocomplete": "off"})
    reason = StringField(
        "修改理由", [NEEDED], description="4 到 200 个字，写入审计日志", render_kw={"autocomplete": "off"}
    )
    seen = HiddenField()


class Undo(Form):
    """An earlier version, and why."""

    version = RadioField("恢复到", coerce=int, validate_choice=False)
    reason = StringField("恢复理由", [NEEDED], id="undo-reason", render_kw={"autocomplete": "off"})
    seen = HiddenField(id="undo-seen")


@system.get("/configuration")
@allow("change:configuration")
def configuration() -> Shown:
    """The settings of the platform's running."""
    return listed("configuration")


@system.get("/policy")
@allow("change:policy")
def policy() -> Shown:
    """The settings of security."""
    return listed("policy")


@system.route("/configuration/<key>", methods=["GET", "POST"])
@allow("change:configuration")
def configuration_option(key: str) -> Shown:
    """One setting of the platform's running."""
    return changed("configuration", key)


@system.route("/policy/<key>", methods=["GET", "POST"])
@allow("change:policy")
def policy_option(key: str) -> Shown:
    """One setting of security."""
    return changed("policy", key)


@system.post("/configuration/<key>/undo")
@allow("change:configuration")
def configuration_undo(key: str) -> Shown:
    """Back to an earlier value."""
    return undone("configuration", key)


@system.post("/policy/<key>/undo")
@allow("change:policy")
def policy_undo(key: str) -> Shown:
    """Back to an earlier value."""
    return undone("policy", key)


def listed(name: str) -> Shown:
    """A list of settings."""
    title, permission, lead = LISTS[name]
    with engine().connect() as connection:
        found = list(settings.settings_for(connection, permission))
    return render_template("system/settings.html", name=name, title=title, lead=lead, settings=found)


def changed(name: str, key: str) -> Shown:
    """Change a setting, or show the form for it."""
    form = Change()
    return deed(name, key, form, Undo(formdata=None), form, lambda: settings.change(
        engine(), principal(), key, form.value.data or "", form.reason.data or "", seen(form)))  # fmt: skip


def undone(name: str, key: str) -> Shown:
    """Put an earlier version in force."""
    form = Undo()
    return deed(name, key, Change(formdata=None), form, form, lambda: settings.undo(
        engine(), principal(), key, form.version.data if form.version.data is not None else -1, form.reason.data or "",
        seen(form)))  # fmt: skip


def deed(name: str, key: str, change: Change, undo: Undo, sent: Form, verb: Callable[[], Any]) -> Shown:
    """Do what was sent, or show the page of the setting with what is wrong about it."""
    option = settings.option_of(principal(), key)
    if attempt(sent, verb)[0]:
        flash(f"{option.label}已修改，立即生效。", "good")
        return redirect(url_for(f"system.{name}_option", key=key), 303)
    with engine().connect() as connection:
        setting = settings.setting_of(connection, option)
    change.seen.data = undo.seen.data = setting.version
    words = {"name": name, "title": LISTS[name][0], "setting": setting, "change": change, "undo": undo}
    return render_template("system/setting.html", **words), status()


def seen(form: Change | Undo) -> int:
    """The version that the form was filled in before."""
    text = str(form.seen.data or "")
    return int(text) if text.isdigit() and len(text) < 10 else -1

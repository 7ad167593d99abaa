"""The frame's words: what every template may say about the visitor, the time and the demo, and the forms' base."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_wtf import FlaskForm
from markupsafe import Markup, escape

from backend.administration.facts import DEMO, platform_fact_of
from backend.clearance.states import SHANGHAI
from backend.frame.allow import engine, permission_of
from backend.identity.principal import Principal
from backend.identity.roles import ROLES

ADMINISTRATION = "/administration"


@dataclass(frozen=True)
class Entry:
    """A page of the counter in the navigation; shown to those who may open it."""

    path: str
    name: str
    endpoint: str
    summary: str = ""


class Form(FlaskForm):
    """A form of the counter. The guard has compared its token with the session before any view runs."""

    class Meta:
        csrf = False


def complain(form: Form, words: str, field: str = "") -> None:
    """Put a verb's complaint under its field, or on top of the form."""
    if field in form:
        form[field].errors = [*form[field].errors, words]
    else:
        form.form_errors.append(words)


def frame(app: Flask, navigation: list[Entry]) -> None:
    """Give every template the frame's words."""
    app.extensions["navigation"] = navigation

    @app.context_processor
    def words() -> dict[str, Any]:
        visitor: Principal | None = g.get("principal")
        return {
            "visitor": visitor,
            "demo": is_demo(),
            "entries_for": entries_for,
            "main_links": main_links,
            "token_field": token_field,
            "roles_named": roles_named,
        }

    app.jinja_env.globals["page_address"] = page_address  # also for macros that are imported without their context
    app.add_template_filter(moment, "moment")
    app.add_template_filter(device, "device")


def entries_for(visitor: Principal | None) -> list[Entry]:
    """The pages of the counter that a visitor may open."""
    entries: list[Entry] = current_app.extensions.get("navigation", [])
    return [e for e in entries if visitor and visitor.may(permission_of(current_app, e.endpoint) or "?")]


def main_links(visitor: Principal) -> list[Entry]:
    """The top navigation: the screens that the visitor may open, the counter's pages, one way to administration."""
    screens: list[tuple[str, str, str]] = current_app.extensions.get("screens", [])
    links = [Entry(path, name, "") for path, name, permission in screens if visitor.may(permission)]
    entries = entries_for(visitor)
    links += [e for e in entries if not e.path.startswith(ADMINISTRATION)]
    if any(e.path.startswith(ADMINISTRATION) for e in entries):
        links.append(Entry(ADMINISTRATION, "管理", "", "账号、角色、设置、日志等管理功能"))
    return links


def is_demo() -> bool:
    """Whether the installation shows demo data."""
    return platform_fact_of(engine(), DEMO) is not None


def token_field() -> Markup:
    """The hidden field that shows that a form came from a page of ours."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(escape(g.get("csrf", "")))


def roles_named(visitor: Principal) -> str:
    """The visitor's roles as people call them."""
    return "、".join(ROLES[role].label for role in visitor.roles) or "尚无角色"


def moment(at: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str:
    """A moment as people in Xi'an write it; a dash where there is none."""
    return at.astimezone(SHANGHAI).strftime(form) if at else "―"


# The first that matches counts: most browsers also call themselves by the names of older ones.
BROWSERS = (
    ("QIHU|360SE|360EE", "360 浏览器"), ("Qaxbrowser", "奇安信浏览器"), ("MicroMessenger", "微信"), ("Edg", "Edge"),
    ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Windows", "Windows"), ("Android", "安卓"), ("iPhone|iPad", "苹果手机或平板"), ("Mac OS", "苹果电脑"),
    ("Linux", "Linux"),
)  # fmt: skip


def device(agent: str) -> str:
    """A browser's self-description in a few words."""
    named = [next((name for sign, name in kinds if re.search(sign, agent)), "") for kinds in (BROWSERS, SYSTEMS)]
    return " · ".join(name for name in named if name) or agent[:40] or "未知设备"


def page_address(page: int) -> str:
    """The address of another page of the same list, its filters kept."""
    kept = {key: value for key, value in request.args.items() if key != "page"}
    return url_for(request.endpoint or "", **{**(request.view_args or {}), **kept, "page": page})

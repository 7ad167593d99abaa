"""The frame of all pages: document, style sheets, navigation, routing, and the one Dash application."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from dash import Dash, Input, Output, dcc, html
from flask import Flask

import callbacks.behaviour
import callbacks.clock
import callbacks.home
import callbacks.wall
import pages.behaviour
import pages.home
import pages.wall
from dashboard import ids
from dashboard.access import Access
from dashboard.components import Frame, Live
from dashboard.pages_registry import Page, Registered, Visitor, register_pages

NAME = "西安市二手车信息共享服务平台"
TICK_MS = 5000
ASSETS = Path(__file__).resolve().parent.parent / "assets"
FONT_SHEETS = (
    "noto-sans-sc/index.css",
    "noto-serif-sc/index.css",
    "ibm-plex-sans-condensed/400.css",
    "ibm-plex-sans-condensed/500.css",
    "ibm-plex-sans-condensed/600.css",
)
PAGES: tuple[ModuleType, ...] = (pages.home, pages.wall, pages.behaviour)

INDEX = """<!doctype html>
<html lang="zh-CN">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" href="/assets/head/icon.svg">
<script src="/assets/head/theme.js"></script>
<link rel="stylesheet" href="/assets/00-tokens.css">
FONTS
{%css%}
</head>
<body>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""


def build_dash(
    server: Flask,
    published: Any,
    visitor: Callable[[], Visitor] = Visitor,
    access: Access | None = None,
    own: Callable[[], Any] = dict,
    behaviour: Callable[[int], Any] = lambda days: {},
    tick_ms: int = TICK_MS,
) -> Dash:
    """The Dash application on this Flask server, with every page and callback registered.

    published: has part(name) -> (generation, bytes) | None and pointer() -> generation | None.
    visitor, own: asked inside a request, tell who is there and the figures of his own rows. behaviour: days -> figures.
    access: takes down the permission of every page and callback. tick_ms: how often a page asks what is new.
    """
    access = access or Access()
    app = Dash(
        NAME,
        server=server,  # type: ignore[arg-type]  # Dash takes a Flask here and declares less
        assets_folder=str(ASSETS),
        assets_path_ignore=["^vendor", "^head"],
        assets_ignore=r"^00-tokens\.css$",
        external_scripts=["/assets/vendor/echarts/echarts.min.js"],
        index_string=index_string(),
        title=NAME,
        update_title=None,  # type: ignore[arg-type]  # None is how Dash says never
        serve_locally=True,
        suppress_callback_exceptions=True,
        enable_mcp=False,
        csrf_token_name=access.csrf_cookie,
    )
    found = register_pages(PAGES)
    access.pages(found)
    with access.granting(app, "self"):
        app.layout = partial(root, tick_ms)
        register_routes(app, found, visitor)
        callbacks.clock.register(app, published, build_mark())
        callbacks.home.register_ribbon(app, published)
    with access.granting(app, "view:wall"):
        callbacks.wall.register(app, published)
    with access.granting(app, "view:overview"):
        callbacks.home.register(app, published)
    with access.granting(app, "view:own"):
        callbacks.home.register_own(app, own)
    with access.granting(app, "read:behaviour"):
        callbacks.behaviour.register(app, behaviour)
    return app


def index_string() -> str:
    """The document that every address answers with; all that is linked lies on this server."""
    links = "\n".join(f'<link rel="stylesheet" href="/assets/vendor/fonts/{sheet}">' for sheet in FONT_SHEETS)
    return INDEX.replace("FONTS", links)


def build_mark() -> str:
    """A mark of the code that a browser has loaded: when an asset or page of ours changes, screens reload."""
    sources = [*ASSETS.glob("*.css"), *ASSETS.glob("*/*.js"), *Path(__file__).parent.parent.glob("pages/*.py")]
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def register_routes(app: Dash, found: dict[str, Registered], visitor: Callable[[], Visitor]) -> None:
    """Put the page of the address into the frame. Only the page asked for is built and sent."""
    declared = tuple(entry.page for entry in found.values())

    @app.callback(Output(ids.CONTENT, "children"), Input(ids.PLACE, "pathname"))
    def place(pathname: str | None) -> Any:
        entry = found.get(str(pathname or "/").rstrip("/") or "/")
        return framed(entry, declared, visitor()) if entry else missing(declared, visitor())


def root(tick_ms: int = TICK_MS) -> html.Div:
    """What outlives every change of page: the address, the timer and what it knows."""
    return html.Div(
        [
            dcc.Location(id=ids.PLACE, refresh="callback-nav"),
            dcc.Interval(id=ids.TICK, interval=tick_ms),
            dcc.Store(id=ids.GENERATION),
            dcc.Store(id=ids.PULSE),
            dcc.Store(id=ids.LIFE),
            html.Div(id=ids.CONTENT),
        ]
    )


def framed(entry: Registered, declared: tuple[Page, ...], visitor: Visitor) -> list[Any]:
    """A page in its frame: a wall has the screen to itself, other pages have a bar with the navigation above them."""
    frame = Frame(id=ids.FRAME, layout=entry.page.layout, title=f"{entry.page.title} · {NAME}")
    content = entry.layout(declared, visitor)
    return [frame, content] if entry.page.layout == "wall" else [frame, bar(declared, visitor), content]


def bar(declared: tuple[Page, ...], visitor: Visitor) -> html.Header:
    """Name of the platform, demo tag, links to what the visitor may open, and who he is."""
    links: list[Any] = [dcc.Link(page.name, href=page.path) for page in declared if visitor.may(page.permission)]
    links += [html.A(name, href=path) for path, name, _ in visitor.entries]
    parts = [html.Span(NAME, className="name"), Live(id=ids.RIBBON, tag="span"), html.Nav(links)]
    return html.Header([*parts, *([who(visitor)] if visitor.signed_in else [])], className="topbar")


def who(visitor: Visitor) -> html.Div:
    """The person's name, which leads to his account, and the way out; a form, so that no link can sign anybody out."""
    token = dcc.Input(type="hidden", name="csrf_token", value=visitor.csrf)
    out = html.Form([token, html.Button("退出", type="submit", className="plain")], action="/sign-out", method="post")
    return html.Div([html.A(visitor.name, href="/account"), html.Span(visitor.roles), out], className="who")


def missing(declared: tuple[Page, ...], visitor: Visitor) -> list[Any]:
    """The answer to an address that no page has."""
    words = html.Main([html.H1("没有这个页面"), html.P(dcc.Link("回到首页", href="/"))], className="page")
    return [Frame(id=ids.FRAME, layout="page", title=NAME), bar(declared, visitor), words]

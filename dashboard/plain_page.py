"""GET /wall/plain: the wall as one document without any script, for browsers that can not read the other one."""

import functools
import re
from datetime import datetime
from typing import Any

import orjson
from flask import Flask, Response, request

from backend.clearance.states import SHANGHAI
from backend.frame.allow import allow
from dashboard.blank import blank_figures
from dashboard.plain_seals import sealed
from dashboard.plain_text import age, clock
from dashboard.plain_wall import AGE, CLOCK, LANE, SEAL, STATE, TAG, TITLE, in_fault, plain
from dashboard.shell import FONT_SHEETS, NAME
from dashboard.tree_html import html_of

ADDRESS = "/wall/plain"
SECONDS = 60
THEME = re.compile(r"dark|light|print")
DOCUMENT = """<!doctype html>
<html lang="zh-CN" data-theme="{theme}">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="{seconds}">
<title>{title} · {name}</title>
<link rel="icon" href="/assets/head/icon.svg">
<link rel="stylesheet" href="/assets/00-tokens.css">
{fonts}
<link rel="stylesheet" href="/assets/head/plain.css">
</head>
<body>
{body}
</body>
</html>"""
FONTS = "\n".join(f'<link rel="stylesheet" href="/assets/vendor/fonts/{sheet}">' for sheet in FONT_SHEETS)


def add_plain(server: Flask, published: Any) -> None:
    """Add the address, and lead browsers without scripts or below the floor from the walls to it.

    published: has part(name), current() and fault() as cache.published has them.
    """

    @server.get(ADDRESS)
    @allow("view:wall")
    def plain_wall() -> Response:
        return Response(
            document(published, theme_asked(), datetime.now(SHANGHAI)), content_type="text/html; charset=utf-8"
        )

    @server.after_request
    def lead(answer: Response) -> Response:
        # One index serves every page of the screens, so what only the document of a wall says is put in here.
        if is_wall(request.path) and answer.status_code == 200 and answer.mimetype == "text/html":
            answer.set_data(answer.get_data().replace(b"<head>", f"<head>\n{way(theme_asked())}".encode(), 1))
        return answer


def is_wall(path: str) -> bool:
    """Whether an address is that of a wall which needs scripts."""
    return f"{path}/".startswith("/wall/") and path.rstrip("/") != ADDRESS


def theme_asked() -> str:
    """The theme of the address: dark unless it says otherwise."""
    asked = request.args.get("theme", "")
    return asked if THEME.fullmatch(asked) else "dark"


def way(theme: str) -> str:
    """How the wall's document leads to this one, in the same theme: by itself where scripts are off, else by a script.

    The script comes before all others, so that it runs where those can not be read.
    """
    return (
        f'<noscript><meta http-equiv="refresh" content="0; url={ADDRESS}?theme={theme}"></noscript>\n'
        '<script src="/assets/head/floor.js"></script>'
    )


def document(published: Any, theme: str, now: datetime) -> str:
    """The whole document; before the first generation the composition with its dashes."""
    found = published.part("plain")
    part = orjson.loads(found[1]) if found else waiting()
    fault = published.fault()
    return DOCUMENT.format(
        theme=theme,
        seconds=SECONDS,
        title=TITLE,
        name=NAME,
        fonts=FONTS,
        body=filled(faulty(part, fault) if fault else part, data_as_of(part, published.current()), now),
    )


def faulty(part: dict[str, Any], fault: dict[str, Any]) -> dict[str, Any]:
    """The part while something is wrong: its slots say so, and the figures that are concerned carry a seal."""
    return {**part, **in_fault(fault), "body": sealed(part["body"], fault.get("figures", []), part["as_of"])}


def filled(part: dict[str, Any], as_of: str, now: datetime) -> str:
    """The body with its slots filled for this moment."""
    body: str = part["body"]
    slots = {AGE: html_of(age(as_of, now)), CLOCK: html_of(clock(now)), STATE: part["state"]}
    for slot, words in (slots | {SEAL: part["seal"], LANE: part["lane"], TAG: part["tag"]}).items():
        body = body.replace(slot, words)
    return body


def data_as_of(part: dict[str, Any], pointer: Any) -> str:
    """As of when the data are: a generation that was looked at again and found unchanged is as of that later moment."""
    same = pointer is not None and pointer.generation == part["generation"]
    return str(pointer.as_of if same else part["as_of"])


@functools.cache
def waiting() -> dict[str, Any]:
    """The wall before its first figures: no seal and no claim about alerts."""
    return {**plain(blank_figures()), "seal": "", "tag": "", "lane": ""}

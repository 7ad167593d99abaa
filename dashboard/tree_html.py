"""Element trees (see dashboard.markup) as HTML text, for pages that must do without a script."""

import re
from collections.abc import Iterable
from html import escape
from typing import Any

from dashboard.markup import Node

# The same lists as in assets/js/20-live.js: nothing in a tree can load, run or navigate away by itself.
WORDS = re.compile(r"\S+")
TAGS = frozenset(
    WORDS.findall(
        "div aside span b i s em small strong p ul ol li dl dt dd h2 h3 table thead tbody tr td th caption time "
        "svg path rect"
    )
)
ATTRIBUTES = frozenset(
    WORDS.findall(
        "className style title role scope colSpan lang dateTime viewBox d width height x y fill stroke strokeWidth "
        "strokeDasharray aria-label aria-hidden data-key data-proof"
    )
)
AS_WRITTEN = {"className": "class", "strokeWidth": "stroke-width", "strokeDasharray": "stroke-dasharray"}
CAPITAL = re.compile(r"[A-Z]")


def html_of(node: Node | None, without: str = "") -> str:
    """The HTML of a tree; elements of the class `without` are left out with all that is in them."""
    if node is None:
        return ""
    if isinstance(node, str):
        return escape(node)
    tag, given, *children = node
    attributes = {"className": given} if isinstance(given, str) else dict(given or {})
    if without and without in str(attributes.get("className", "")).split():
        return ""
    inner = html_of_all(children, without)
    if tag == "":
        return inner
    return f"<{tag}{written(attributes)}>{inner}</{tag}>" if tag in TAGS else ""


def html_of_all(nodes: Iterable[Node], without: str = "") -> str:
    """The HTML of several trees, one after the other."""
    return "".join(html_of(node, without) for node in nodes)


def written(attributes: dict[str, Any]) -> str:
    """Attributes as text, with a space before each; what is not allowed or is empty is left out."""
    return "".join(
        f' {AS_WRITTEN.get(name, name)}="{escape(value_of(value))}"'
        for name, value in attributes.items()
        if name in ATTRIBUTES and value != ""
    )


def value_of(value: Any) -> str:
    """One attribute's value: a style is a dict of CSS names, and true is written out as ARIA has it."""
    if isinstance(value, dict):
        return ";".join(f"{css_name(name)}:{given}" for name, given in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def css_name(name: str) -> str:
    """strokeWidth as stroke-width; a custom property (--w) stays as it is."""
    return name if name.startswith("--") else CAPITAL.sub(lambda capital: "-" + capital.group().lower(), name)

"""Compact trees of page elements, as plain JSON, which the browser component `Live` turns into real elements.

A node is a text or a list [tag, attributes, child, …]; attributes are a class name or a dict. They are data, not HTML:
nothing in them is ever parsed, so a name out of a declaration can not smuggle in markup. Plain JSON because the minute
worker writes them without Dash.
"""

from typing import Any

Node = str | list[Any]


def el(tag: str, cls: str = "", *children: Node, **attributes: Any) -> Node:
    """One element: el("td", "n up", "▲ 3%", title="…"). Empty children are left out; `style` is a dict of CSS names."""
    if attributes and cls:
        attributes["className"] = cls
    return [tag, attributes or cls, *(child for child in children if child != "")]


def group(*children: Node) -> Node:
    """Several nodes side by side without an element around them."""
    return ["", "", *(child for child in children if child != "")]


def number(text: str, cls: str = "", proof: str = "") -> Node:
    """Digits in the figure typeface; `proof` is the key of the figure's proof."""
    return el("span", f"n {cls}".strip(), text, **proved(text, proof))


def proved(text: str, key: str) -> dict[str, Any]:
    """The attribute of an element whose whole text is a figure with a proof; a figure that is not there has none."""
    return {"data-proof": key} if key and any(letter.isdigit() for letter in text) else {}

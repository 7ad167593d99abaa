"""Turns the figures of a minute into the bytes that screens are served: made once by the worker, never per viewer."""

from typing import Any

import orjson

from dashboard import figures as plain
from dashboard import figures_map, figures_xian
from dashboard.panels import ribbon
from dashboard.plain_wall import plain as plain_wall
from dashboard.wall_text import home_text, wall_text

# Dash escapes these in every answer it serialises; a part that has none left is passed on without being rewritten.
ESCAPES = ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"/", b"\\u002f"))


def render(figures: dict[str, Any]) -> dict[str, bytes]:
    """Part name -> JSON bytes: "wall" (one object), "home" and "ribbon" (a tree each), "plain" (see plain_wall)."""
    parts = {"wall": wall(figures), "home": home_text(figures), "ribbon": ribbon(figures)}
    parts["plain"] = plain_wall(figures)
    return {name: serialised(part) for name, part in parts.items()}


def wall(figures: dict[str, Any]) -> dict[str, Any]:
    """Everything the wall needs in one go."""
    head = {key: figures[key] for key in ("generation", "as_of", "now", "today", "demo", "reconciled", "fault")}
    charts = {
        "map": figures_map.world(figures),
        "lens": figures_map.lens(figures),
        "xian": figures_xian.option(figures),
        "trend": plain.trend(figures),
    }
    return {**head, "text": wall_text(figures), "charts": charts}


def serialised(part: Any) -> bytes:
    """JSON bytes without the characters that Dash would have to escape; these occur only inside JSON strings."""
    raw = orjson.dumps(part)
    for plain_byte, escaped in ESCAPES:
        raw = raw.replace(plain_byte, escaped)
    return raw

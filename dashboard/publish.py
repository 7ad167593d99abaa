"""Turns the figures of a minute into the bytes that screens are served: made once by the worker, never per viewer.

What can not be made is left out and said so: screens go on showing the last good one of it, and all others are new.
"""

from typing import Any

import orjson

from dashboard import figures as plain
from dashboard import figures_asia, figures_enterprises, figures_map, figures_operations, figures_xian
from dashboard.format import clock_minute
from dashboard.panels import ribbon
from dashboard.panels_process import alert_text
from dashboard.plain_wall import plain as plain_wall
from dashboard.wall_text import TEXTS, Figures, Part, drawn, home_text

# Dash escapes these in every answer it serialises; a part that has none left is passed on without being rewritten.
ESCAPES = ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"/", b"\\u002f"))
HEAD = ("generation", "as_of", "now", "today", "demo", "reconciled", "fault")
CHARTS: dict[str, Part] = {
    "map": figures_map.world,
    "lens": figures_map.lens,
    "xian": figures_xian.option,
    "trend": plain.trend,
    "asia-map": figures_asia.corridor,
    "asia-whole": figures_asia.whole,
    "asia-trend": figures_asia.months,
    "asia-each": figures_asia.each,
    "enterprises-months": figures_enterprises.months,
    "enterprises-map": figures_xian.option,
    "operations-days": figures_operations.days,
    "operations-steps": figures_operations.steps,
}


def render(figures: Figures) -> dict[str, bytes]:
    """Part name -> JSON bytes: "wall" (one object), "home" and "ribbon" (a tree each), "plain" (see plain_wall)."""
    parts, _ = drawn({"wall": wall, "home": home_text, "ribbon": ribbon, "plain": plain_wall}, figures)
    return {name: serialised(part) for name, part in parts.items()}


def wall(figures: Figures) -> Figures:
    """Everything the wall needs in one go; `failed` names the parts that are not in it, and since when."""
    text, failed_text = drawn(TEXTS, figures)
    charts, failed_charts = drawn(CHARTS, figures)
    since = clock_minute(figures["now"])
    failed = {f"wall-{name}": since for name in failed_text} | {f"wall-chart-{name}": since for name in failed_charts}
    head = {key: figures[key] for key in HEAD}
    return {**head, "text": text | alert_text(figures), "charts": charts, "failed": failed}


def serialised(part: Any) -> bytes:
    """JSON bytes without the characters that Dash would have to escape; these occur only inside JSON strings."""
    raw = orjson.dumps(part)
    for plain_byte, escaped in ESCAPES:
        raw = raw.replace(plain_byte, escaped)
    return raw

"""Value by month as SVG text: columns from zero, the last one bright, last year as a short bar across each."""

from html import escape
from typing import Any

from dashboard import figures as chart
from dashboard.plain_map import svg, text
from dashboard.plain_outlines import UNIT, Sheet

Figures = dict[str, Any]

WIDTH, HEIGHT = 28.0, 17.5  # rem, as in assets/head/plain.css
SIDE, EDGE = 0.4, 1.9  # rem left free at the sides, and above and below the columns
FILLED = 0.46  # of a month's room is its column
BAR, BAR_HIGH = 24.0, 2.6  # units: the short bar of last year
SHEET = Sheet(WIDTH, HEIGHT, (0.0, 0.0, WIDTH, HEIGHT))
BASE_LINE, ROOM = (HEIGHT - EDGE) * UNIT, (HEIGHT - 2 * EDGE) * UNIT


def trend(figures: Figures) -> str:
    """The whole chart."""
    months = figures["trend"]
    rule = f'<path class="axis" d="M{SIDE * UNIT:g},{BASE_LINE:g}H{(WIDTH - SIDE) * UNIT:g}"/>'
    return svg(SHEET, chart.in_words(months, chart.VALUE, "近十二个月"), columns(months) + rule)


def columns(months: list[Figures]) -> str:
    """A column with its label, last year's bar and its month, for each month."""
    if not months:
        return ""
    end, labels = chart.axis_end(months, chart.VALUE), chart.month_labels(months)
    before = chart.last_year(months, chart.VALUE)["data"]
    drawn = zip(chart.column_data(months, chart.VALUE), before, labels, strict=True)
    step = (WIDTH - 2 * SIDE) * UNIT / len(months)
    return "".join(month(SIDE * UNIT + (i + 0.5) * step, step, end, *one) for i, one in enumerate(drawn))


def month(x: float, step: float, end: float, column: Figures, before: float | None, label: str) -> str:
    """One month around its middle `x`; values in 万元, `end` is the value at the top of the axis."""
    high, wide = column["value"] / end * ROOM, step * FILLED
    tint = column["itemStyle"]["color"]["__token__"]
    box = f'x="{x - wide / 2:.1f}" y="{BASE_LINE - high:.1f}" width="{wide:.1f}" height="{high:.1f}"'
    bar = f'<rect class="{tint}" {box}/>'
    return (
        bar
        + last_year(x, end, before)
        + figure(x, high, column)
        + text((x, BASE_LINE + 17), escape(label), "t axis-label")
    )


def last_year(x: float, end: float, before: float | None) -> str:
    """The same month a year ago."""
    if before is None:
        return ""
    y = BASE_LINE - before / end * ROOM - BAR_HIGH / 2
    return f'<rect class="before" x="{x - BAR / 2:.1f}" y="{y:.1f}" width="{BAR:g}" height="{BAR_HIGH:g}"/>'


def figure(x: float, high: float, column: Figures) -> str:
    """The value above a column, on those that the wall labels."""
    if not column["label"]["show"]["__by__"]["base"]:
        return ""
    away = column["label"]["distance"]["__rem__"] * UNIT
    return text((x, BASE_LINE - high - away - 8), f"{round(column['value']):,}", "t value")

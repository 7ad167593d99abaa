"""Red seals on the wall without scripts: marks in its HTML the figures that a fault concerns, as 65-seals.js does."""

import re
from html import unescape
from typing import Any

from datasources.figure_keys import Figure, figure_of
from datasources.reconcile_locate import EVERY

PROVED = re.compile(r'data-proof="([^"]*)"')
Lines = list[dict[str, Any]]


def sealed(body: str, lines: Lines, as_of: str) -> str:
    """The body with data-unproved on every figure that the lines (see datasources.reconcile_locate) concern.

    as_of: ISO, of the figures that are shown; their year and month run until then.
    """
    if not lines:
        return body

    def marked(found: re.Match[str]) -> str:
        figure = figure_of(unescape(found[1]))
        return f'{found[0]} data-unproved=""' if concerned(figure, lines, as_of) else found[0]

    return PROVED.sub(marked, body)


def concerned(figure: Figure, lines: Lines, as_of: str) -> bool:
    """Whether a figure is concerned: a total by any line of its metric, one of keys by lines that name each of them."""
    near = [line for line in lines if line["metric"] == figure.counted and covers(figure.period, line["period"], as_of)]
    return any(
        one["dimension"] == EVERY or named(figure, [line for line in near if line["period"] == one["period"]])
        for one in near
    )


def covers(period: str, month: str, as_of: str) -> bool:
    """Whether a figure's period (see datasources.figure_keys) holds a month 'YYYY-MM'."""
    if period == "year":
        return month[:4] == as_of[:4]
    return month == (as_of[:7] if period == "month" else period)


def named(figure: Figure, lines: Lines) -> bool:
    """Whether lines of one month name a key of every dimension that the figure is filtered by."""
    keys = {line["dimension"]: line["keys"] for line in lines}
    return all(set(values) & set(keys.get(dimension, ())) for dimension, values in figure.filters.items())

"""Periods and their comparisons: 同比, 环比 and 累计同比 of running periods compare the same elapsed days."""

import calendar
from datetime import date, timedelta
from typing import NamedTuple


class Span(NamedTuple):
    """Days from first to last, both included."""

    first: date
    last: date


def clipped(year: int, month: int, day: int) -> date:
    """Return a day of a month, the month's last day where it has no such day (29 February, 31 November)."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def year_to_date(today: date) -> Span:
    """Return 1 January to today."""
    return Span(date(today.year, 1, 1), today)


def month_to_date(today: date) -> Span:
    """Return the first of the month to today."""
    return Span(today.replace(day=1), today)


def month_of(month: str, today: date) -> Span:
    """Return a month 'YYYY-MM' as a span: to today while it runs, whole when it is over."""
    first = date.fromisoformat(f"{month}-01")
    return Span(first, min(month_end(first), max(today, first)))


def month_end(day: date) -> date:
    """Return the last day of a day's month."""
    return clipped(day.year, day.month, 31)


def year_before(span: Span) -> Span:
    """Return the same days a year earlier; 29 February is compared with the 28th."""
    return Span(*(clipped(day.year - 1, day.month, day.day) for day in span))


def month_before(span: Span) -> Span:
    """Return the same elapsed days of the month before a running month, clipped to that month's length."""
    previous = span.first - timedelta(days=1)
    return Span(previous.replace(day=1), clipped(previous.year, previous.month, span.last.day))


def months_back(today: date, count: int) -> list[str]:
    """Return the last `count` months as 'YYYY-MM', oldest first, this month last."""
    index = today.year * 12 + today.month - 1
    return [f"{(index - back) // 12}-{(index - back) % 12 + 1:02d}" for back in range(count - 1, -1, -1)]


def year_earlier(month: str) -> str:
    """Return the same month of the year before, both 'YYYY-MM'."""
    year, number = month.split("-")
    return f"{int(year) - 1}-{number}"


def month_label(month: str) -> str:
    """Return what a month 'YYYY-MM' is called on an axis: 3月."""
    return f"{int(month[5:])}月"


def change(now: int, base: int) -> float | None:
    """Return the relative change of a sum, None where the base is 0 (shown as —)."""
    return None if base == 0 else (now - base) / base


def share(part: int, whole: int) -> float | None:
    """Return a part of a whole, None where the whole is 0."""
    return None if whole == 0 else part / whole


def cents_each(cents: int, units: int) -> int | None:
    """Return money divided by a count in integer cents, half up away from zero; None where the count is 0.

    Integers all the way: a float would lose cents above nine million yuan, and DuckDB divides in floats.
    """
    if units == 0:
        return None
    size = (2 * abs(cents) + units) // (2 * units)
    return size if cents >= 0 else -size

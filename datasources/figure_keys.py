"""The keys of figures: one short text says what a figure on a screen counts, so that its proof can be asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote, unquote

from datasources.periods import Span, month_end, month_to_date, year_to_date
from datasources.query import Question, QuestionError, check

MOST_LETTERS = 4000
SHARE = "vehicles_share"  # a part of all vehicles; the declarations behind it are those of the part
PROVABLE = ("vehicles", "cny_cents", "usd_cents", "declarations", "countries", "enterprises", SHARE)
RUNNING = {"year": year_to_date, "month": month_to_date}
PLAIN = re.compile(r"[a-z_]+")
MONTH = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])")


class MalformedKey(ValueError):
    """The text is no key at all; the message is for people."""


class UnknownFigure(LookupError):
    """The key is well written but names nothing that is counted; the message is for people."""


@dataclass(frozen=True)
class Figure:
    """What a figure counts: `period` is year or month (both running) or a whole month 'YYYY-MM'; any of the values."""

    period: str
    metric: str
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The key, for example year/vehicles/country=KAZ,RUS; values are percent-encoded, so every value has one."""
        parts = (f"{name}={','.join(quote(v, safe='') for v in values)}" for name, values in self.filters.items())
        return "/".join([self.period, self.metric, *parts])

    @property
    def counted(self) -> str:
        """The metric that is added: of a share its part."""
        return "vehicles" if self.metric == SHARE else self.metric

    def span(self, today: date) -> Span:
        """The days of clearance that count, seen from the day of the data."""
        if self.period in RUNNING:
            return RUNNING[self.period](today)
        first = date.fromisoformat(f"{self.period}-01")
        return Span(first, month_end(first))

    def question(self, today: date) -> Question:
        """The question whose answer is the figure."""
        return Question((self.counted,), (), self.filters, *self.span(today))


def key_of(period: str, metric: str, **filters: str | tuple[str, ...]) -> str:
    """The key of a figure; a filter is one value or several."""
    wanted = {name: (values,) if isinstance(values, str) else values for name, values in filters.items()}
    return Figure(period, metric, wanted).key


def figure_of(key: str) -> Figure:
    """Read a key; raises MalformedKey and UnknownFigure."""
    period, metric, *conditions = _parts(key)
    if period not in RUNNING and not MONTH.fullmatch(period):
        raise UnknownFigure(f"没有这个期间：{period}")
    if metric not in PROVABLE:
        raise UnknownFigure(f"没有这个数字：{metric}")
    figure = Figure(period, metric, _filters(conditions))
    try:
        check(Question((figure.counted,), (), figure.filters))
    except QuestionError as error:
        raise UnknownFigure(str(error)) from error
    return figure


def _parts(key: str) -> list[str]:
    parts = key.split("/")
    if len(key) > MOST_LETTERS or len(parts) < 2 or not PLAIN.fullmatch(parts[1]):
        raise MalformedKey("数字的编号写法不对，应如 year/vehicles/country=KAZ")
    return parts


def _filters(conditions: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for condition in conditions:
        name, mark, values = condition.partition("=")
        if not mark or not PLAIN.fullmatch(name) or name in found:
            raise MalformedKey("数字的编号写法不对：每个条件应为 维度=取值，且只出现一次")
        try:
            found[name] = tuple(unquote(value, errors="strict") for value in values.split(","))
        except UnicodeDecodeError as error:
            raise MalformedKey("数字的编号写法不对：取值不是有效的文字") from error
    return found

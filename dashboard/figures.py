"""Columns by month as pure functions of the figures: one form for whatever a face of the wall counts by month."""

from dataclasses import dataclass
from typing import Any

from pyecharts import options as opts
from pyecharts.charts import Bar
from pyecharts.commons.utils import JsCode

from dashboard import format as f
from dashboard.options import described, from_pyecharts
from dashboard.theme import NUM, T_MIN, by_composition, rem, text, token

Figures = dict[str, Any]

PLOT_REM, LABEL_REM, LABEL_GAP = 13.7, 1.5, 0.2  # height of the columns' room and of a label; label above its column
COLUMN_GAP = "54%"
HEADROOM = 1.14  # the value axis ends this much above the highest column, which leaves its label room


@dataclass(frozen=True)
class Measure:
    """What columns count: the names of this year's and last year's value, its words and unit, its colours.

    scale: how many of the figure's units make one of the axis.
    """

    name: str
    before: str
    words: str
    bright: str
    dull: str
    scale: float = 1.0
    digits: int = 0

    def value(self, month: Figures, name: str) -> float | None:
        """A value in the unit of the axis; None where there is none."""
        found = month[name]
        return None if found is None else found / self.scale

    def told(self, value: float | None) -> str:
        """A value as its label has it."""
        return "" if value is None else f.rounded(value, self.digits)


VALUE = Measure("cny_cents", "last_year_cny_cents", "出口额，万元", "gold", "gold-2", f.WAN_CENTS)
ACTIVE = Measure("active", "last_year", "活跃企业，家", "ink", "hair-2")
DAYS = Measure("median_minutes", "last_year", "报关至结关中位用时，天", "ink", "hair-2", 1440, 1)


def month_axis() -> dict[str, Any]:
    """The axis below columns by month: a hairline with every month's name."""
    label = {"fontFamily": NUM, "fontSize": rem(1.125), "color": token("ink-2"), "interval": 0, "margin": rem(0.5)}
    return {
        "type": "category",
        "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": token("hair-2"), "width": rem(0.0625)}},
        "axisLabel": label,
    }


def trend_base() -> dict[str, Any]:
    """What of the monthly chart does not depend on the figures."""
    return {
        "animation": False,
        "grid": {"left": rem(0.4), "right": rem(0.4), "top": rem(1.9), "bottom": rem(1.9), "containLabel": False},
        "xAxis": month_axis(),
        "yAxis": {"type": "value", "show": False, "min": 0},
    }


def trend(figures: Figures) -> dict[str, Any]:
    """The city's exports by month; a click on a month opens its proof."""
    return by_month(figures["trend"], VALUE, "近十二个月", keyed=True)


def by_month(months: list[Figures], measure: Measure, words: str, keyed: bool = False) -> dict[str, Any]:
    """Columns from zero for twelve months, the last one bright; last year as a short bar across each.

    keyed: whether a column tells its month when it is clicked. words: what stands before the measure's for readers.
    """
    option = from_pyecharts(columns(months, measure))
    bars = option["series"][0]
    # pyecharts knows no lengths in root units, so the markers for size and colour join its label here.
    label = {**bars["label"], **text(T_MIN, NUM, 600)}
    data = column_data(months, measure)
    data = [{**one, "key": month["month"]} for one, month in zip(data, months, strict=True)] if keyed else data
    drawn = {
        "xAxis": {"data": month_labels(months)},
        "yAxis": {"max": axis_end(months, measure)},
        "series": [{**bars, "id": "value", "label": label, "data": data}, last_year(months, measure)],
    }
    return described(drawn, in_words(months, measure, words))


def columns(months: list[Figures], measure: Measure) -> Bar:
    """The pyecharts chart."""
    chart = Bar()
    chart.add_xaxis([m["label"] for m in months])
    values = [measure.value(month, measure.name) for month in months]
    chart.add_yaxis(measure.words, values, category_gap=COLUMN_GAP, label_opts=label_options())
    return chart


def label_options() -> opts.LabelOpts:
    """Figures above the columns; which columns have one is decided with the data."""
    return opts.LabelOpts(
        is_show=True,
        position="top",
        distance=rem(LABEL_GAP),
        formatter=JsCode("thousands"),
        font_family=NUM,
        font_weight=600,
    )


def column_data(months: list[Figures], measure: Measure) -> list[Figures]:
    """Values with colour; the first, highest and last column have a label (on ultra-wide walls all have)."""
    values = [measure.value(month, measure.name) or 0.0 for month in months]
    marked, last, end = labelled(values), len(values) - 1, axis_end(months, measure)
    return [column(m, measure, i == last, by_composition(i in marked, True), end) for i, m in enumerate(months)]


def column(month: Figures, measure: Measure, last: bool, shown: Any, end: float) -> dict[str, Any]:
    """One column. Where last year's bar lies just above it, the label stands above that bar instead of across it."""
    value, before = measure.value(month, measure.name), measure.value(month, measure.before) or 0.0
    above = (before - (value or 0.0)) / end * PLOT_REM
    distance = round(above + 0.35, 2) if -0.2 < above < LABEL_REM else LABEL_GAP
    label = {"show": shown, "distance": rem(distance)}
    if measure.digits:  # The registered function of the labels writes whole numbers.
        label["formatter"] = measure.told(value)
    return {
        "value": None if value is None else round(value, 2),
        "itemStyle": {"color": token(measure.bright if last else measure.dull)},
        "label": label,
    }


def axis_end(months: list[Figures], measure: Measure) -> float:
    """Upper end of the value axis in the measure's unit."""
    both = [measure.value(month, name) or 0.0 for month in months for name in (measure.name, measure.before)]
    return max([1.0, *both]) * HEADROOM


def labelled(values: list[float]) -> set[int]:
    """Indexes of the first, highest and last value; the highest gives way where its label would touch a neighbour's."""
    if not values:
        return set()
    last, highest = len(values) - 1, max(range(len(values)), key=lambda i: values[i])
    return {0, last} | ({highest} if 1 < highest < last - 1 else set())


def last_year(months: list[Figures], measure: Measure) -> dict[str, Any]:
    """The same month a year ago: a line without a line, only its short bars.

    Their edge of the ground's colour tells them from a column of ink.
    """
    values = [measure.value(month, measure.before) for month in months]
    edge = {"borderColor": token("ground"), "borderWidth": rem(0.09)} if measure.bright == "ink" else {}
    return {
        "id": "last_year",
        "type": "line",
        "symbol": "rect",
        "showSymbol": True,
        "showAllSymbol": True,
        "symbolSize": [rem(1.6), rem(0.3)] if edge else [rem(1.5), rem(0.16)],
        "lineStyle": {"width": 0},
        "itemStyle": {"color": token("ink"), **edge},
        "z": 4,
        "data": [None if value is None else round(value, 2) for value in values],
    }


def month_labels(months: list[dict[str, Any]]) -> list[str]:
    """1月 and the ends in full, the others as bare numbers: twelve labels in 28 rem. Two full ones never touch."""
    labels = [str(m["label"]) for m in months]
    full = {len(labels) - 1, *(i for i, label in enumerate(labels) if label == "1月")}
    full |= {0} if 1 not in full else set()
    return [label if i in full else label.removesuffix("月") for i, label in enumerate(labels)]


def in_words(months: list[Figures], measure: Measure, words: str) -> str:
    """The chart in words, for readers who do not see it."""
    told = (f"{m['month']} {measure.told(measure.value(m, measure.name)) or f.NONE}" for m in months)
    return f"{words}{measure.words}：" + "，".join(told)

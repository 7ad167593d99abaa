"""The plain charts as pure functions of the figures: value by month."""

from typing import Any

from pyecharts import options as opts
from pyecharts.charts import Bar
from pyecharts.commons.utils import JsCode

from dashboard import format as f
from dashboard.options import described, from_pyecharts
from dashboard.theme import NUM, T_MIN, by_composition, rem, text, token

PLOT_REM, LABEL_REM, LABEL_GAP = 13.7, 1.5, 0.2  # height of the columns' room and of a label; label above its column
COLUMN_GAP = "54%"
HEADROOM = 1.14  # the value axis ends this much above the highest column, which leaves its label room


def trend_base() -> dict[str, Any]:
    """What of the monthly chart does not depend on the figures."""
    axis = {"fontFamily": NUM, "fontSize": rem(1.125), "color": token("ink-2"), "interval": 0, "margin": rem(0.5)}
    return {
        "animation": False,
        "grid": {"left": rem(0.4), "right": rem(0.4), "top": rem(1.9), "bottom": rem(1.9), "containLabel": False},
        "xAxis": {
            "type": "category",
            "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": token("hair-2"), "width": rem(0.0625)}},
            "axisLabel": axis,
        },
        "yAxis": {"type": "value", "show": False, "min": 0},
    }


def trend(figures: dict[str, Any]) -> dict[str, Any]:
    """Columns from zero for twelve months, the last one bright; last year as a short bar across each."""
    months = figures["trend"]
    option = from_pyecharts(columns(months))
    bars = option["series"][0]
    # pyecharts knows no lengths in root units, so the markers for size and colour join its label here.
    label = {**bars["label"], **text(T_MIN, NUM, 600)}
    series = [{**bars, "id": "value", "label": label, "data": column_data(months)}, last_year(months)]
    drawn = {
        "xAxis": {"data": month_labels(months)},
        "yAxis": {"max": axis_end(months)},
        "series": series,
    }
    return described(drawn, trend_words(months))


def columns(months: list[dict[str, Any]]) -> Bar:
    """The pyecharts chart."""
    chart = Bar()
    chart.add_xaxis([m["label"] for m in months])
    chart.add_yaxis(
        "出口额", [m["cny_cents"] / f.WAN_CENTS for m in months], category_gap=COLUMN_GAP, label_opts=label_options()
    )
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


def column_data(months: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Value in 万元 with colour; the first, highest and last column have a label (on ultra-wide walls all have)."""
    values = [m["cny_cents"] / f.WAN_CENTS for m in months]
    marked, last = labelled(values), len(values) - 1
    return [column(m, i == last, by_composition(i in marked, True), axis_end(months)) for i, m in enumerate(months)]


def column(month: dict[str, Any], last: bool, shown: Any, end: float) -> dict[str, Any]:
    """One column. Where last year's bar lies just above it, the label stands above that bar instead of across it."""
    value, before = month["cny_cents"] / f.WAN_CENTS, (month["last_year_cny_cents"] or 0) / f.WAN_CENTS
    above = (before - value) / end * PLOT_REM
    distance = round(above + 0.35, 2) if -0.2 < above < LABEL_REM else LABEL_GAP
    return {
        "value": round(value, 2),
        "key": month["month"],
        "itemStyle": {"color": token("gold" if last else "gold-2")},
        "label": {"show": shown, "distance": rem(distance)},
    }


def axis_end(months: list[dict[str, Any]]) -> float:
    """Upper end of the value axis in 万元."""
    most = max((max(m["cny_cents"], m["last_year_cny_cents"] or 0) for m in months), default=0)
    return max(most, f.WAN_CENTS) / f.WAN_CENTS * HEADROOM


def labelled(values: list[float]) -> set[int]:
    """Indexes of the first, highest and last value; the highest gives way where its label would touch a neighbour's."""
    if not values:
        return set()
    last, highest = len(values) - 1, max(range(len(values)), key=lambda i: values[i])
    return {0, last} | ({highest} if 1 < highest < last - 1 else set())


def last_year(months: list[dict[str, Any]]) -> dict[str, Any]:
    """The same month a year ago: a line without a line, only its short bars."""
    values = [
        None if m["last_year_cny_cents"] is None else round(m["last_year_cny_cents"] / f.WAN_CENTS, 2) for m in months
    ]
    return {
        "id": "last_year",
        "type": "line",
        "symbol": "rect",
        "showSymbol": True,
        "showAllSymbol": True,
        "symbolSize": [rem(1.5), rem(0.16)],
        "lineStyle": {"width": 0},
        "itemStyle": {"color": token("ink")},
        "z": 4,
        "data": values,
    }


def month_labels(months: list[dict[str, Any]]) -> list[str]:
    """1月 and the ends in full, the others as bare numbers: twelve labels in 28 rem. Two full ones never touch."""
    labels = [str(m["label"]) for m in months]
    full = {len(labels) - 1, *(i for i, label in enumerate(labels) if label == "1月")}
    full |= {0} if 1 not in full else set()
    return [label if i in full else label.removesuffix("月") for i, label in enumerate(labels)]


def trend_words(months: list[dict[str, Any]]) -> str:
    """The chart in words, for readers who do not see it."""
    return "近十二个月出口额，万元：" + "，".join(f"{m['month']} {f.wan(m['cny_cents'])}" for m in months)

"""The charts of the wall of operations as pure functions: declarations by step, and the median days, by month."""

from typing import Any

from dashboard import figures as plain
from dashboard import format as f
from dashboard.figures import month_labels
from dashboard.options import described
from dashboard.theme import NUM, T_MIN, by_composition, rem, text, token

Figures = dict[str, Any]

# Three steps of one colour, from far to near, told apart by lightness and by their place within the month.
STEPS = (("declared", "申报", "jade-3"), ("released", "放行", "jade-2"), ("cleared", "结关", "jade"))

LABELLED = "cleared"  # the step whose figures there is room for, on ultra-wide walls


def days(figures: Figures) -> dict[str, Any]:
    """Median days from declaration to clearance by month of clearance."""
    return plain.by_month(figures["operations"]["medians"], plain.DAYS, "近十二个月")


def steps_base() -> dict[str, Any]:
    """What of the chart of steps does not depend on the figures."""
    months = plain.month_axis()
    return {
        "animation": False,
        "grid": {"left": rem(3.2), "right": rem(0.4), "top": rem(1.6), "bottom": rem(1.9), "containLabel": False},
        "xAxis": months,
        "yAxis": {
            "type": "value",
            "min": 0,
            "splitNumber": 3,
            "splitLine": {"lineStyle": {"color": token("hair"), "width": rem(0.0625)}},
            "axisLabel": {**months["axisLabel"], "interval": "auto", "color": token("ink-3")},
        },
    }


def steps(figures: Figures) -> dict[str, Any]:
    """Declared, released and cleared declarations, side by side for each month."""
    months = figures["operations"]["steps"]
    series = [bars(months, *step) for step in STEPS]
    return described({"xAxis": {"data": month_labels(months)}, "series": series}, words(months))


def bars(months: list[Figures], key: str, name: str, tint: str) -> dict[str, Any]:
    """The columns of one step."""
    return {
        "id": key,
        "name": name,
        "type": "bar",
        "barGap": "8%",
        "barCategoryGap": "34%",
        "itemStyle": {"color": token(tint)},
        "label": {
            "show": by_composition(False, key == LABELLED),
            "position": "top",
            "distance": rem(0.2),
            **text(T_MIN, NUM, 500),
        },
        "data": [month[key] for month in months],
    }


def words(months: list[Figures]) -> str:
    """The chart in words."""
    told = (f"{m['month']} " + " ".join(f"{name} {f.count(m[key])}" for key, name, _ in STEPS) for m in months)
    return "近十二个月报关单份数：" + "，".join(told)

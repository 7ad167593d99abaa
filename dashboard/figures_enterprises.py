"""The charts of the wall of enterprises as pure functions: who exports by month, and where the cars come from."""

from typing import Any

from dashboard import figures as plain
from dashboard import figures_xian
from dashboard.theme import T_MIN, rem, text
from geo.labels import CROPS, district_marks

Figures = dict[str, Any]

CROP = {"base": list(CROPS["xian"])}


def months(figures: Figures) -> dict[str, Any]:
    """How many enterprises cleared something in each month."""
    return plain.by_month(figures["enterprise_wall"]["months"], plain.ACTIVE, "近十二个月")


def map_base() -> dict[str, Any]:
    """The built-up core, larger than in the overview, with the names of districts where there is room."""
    drawn = figures_xian.base()
    return {**drawn, "series": [names(), *drawn["series"]]}


def names() -> dict[str, Any]:
    """Names of districts and counties, placed by hand; the three of the walled city stand in the list alone."""
    data = [{"name": name, "value": [round(v, 2) for v in at]} for name, at in district_marks()]
    return {
        "id": "districts",
        "type": "scatter",
        "coordinateSystem": "geo",
        "silent": True,
        "symbolSize": 0.01,
        "z": 3,
        "label": {"show": True, "position": "inside", "formatter": "{b}", **text(T_MIN, color="ink-2"),
                  "textBorderWidth": rem(0.12)},
        "data": data,
    }  # fmt: skip

"""ECharts inside Dash without a build step: the Python half of the component (browser half: assets/js/10-echart.js)."""

from dashboard.components import Panorama
from dashboard.options import from_pyecharts

__all__ = ["EChart", "from_pyecharts"]


class EChart(Panorama):
    """One chart for the life of its page: made once, then only merged into.

    base: static option, sent with the layout. option: what changes, laid over it at each generation; both may hold the
    markers of dashboard.theme. maps: outlines to load from /geo/<name>.json. crop: {"base": [x0, y0, x1, y1],
    "wide": …} in map units. clickData: what was clicked last, set by the browser: {"series", "kind", "name", "key",
    "value", "at"}.
    """

    PROPS = ("id", "base", "option", "maps", "crop", "className", "clickData")

"""The flow maps as pure functions of the figures: the whole picture, and the lens on Central Asia beside it."""

from typing import Any

from dashboard import flow_labels, flow_lines
from dashboard import format as f
from dashboard.options import described
from dashboard.panels_map import BASE, LENS, WIDE
from dashboard.theme import SONG, T_MIN, by_composition, crop, rem, text, token
from geo.ports import XIAN
from geo.projection import project
from geo.shapes import dash_lines

Figures = dict[str, Any]

WORLD_CROP = {"base": list(BASE.need), "wide": list(WIDE.need)}
LENS_CROP = {"base": list(LENS.need)}
TINT_BREAKS = ((0.55, "val-3"), (0.20, "val-2"), (0.0, "val-1"))  # of the largest value


def world_base() -> dict[str, Any]:
    """What of the overview does not depend on the figures: outlines, China's line and dashes, Xi'an, ports."""
    return base(
        [
            port_points(by_composition(flow_labels.port_items(BASE.form), flow_labels.port_items(WIDE.form))),
            home_point(),
        ]
    )


def lens_base() -> dict[str, Any]:
    """The same for the lens."""
    return base([port_points(flow_labels.port_items(LENS.form))])


def base(marks: list[dict[str, Any]], names: dict[str, Any] | None = None) -> dict[str, Any]:
    """Outlines and layers; the layers' data come with the figures. `names` is another layer of names than the usual."""
    layers = [dashes(), flow_lines.layer(), flow_lines.dots(), *marks, names or flow_labels.layer()]
    return {"animation": False, "backgroundColor": "transparent", "geo": outlines(), "series": layers}


def outlines() -> dict[str, Any]:
    """Countries in one plain tint. They answer to clicks, but nothing lights up under the pointer."""
    line = {"areaColor": token("land"), "borderColor": token("land-line"), "borderWidth": rem(0.035)}
    return {
        "map": "world",
        "roam": False,
        "aspectScale": 1,
        "boundingCoords": crop(),
        "left": 0,
        "right": 0,
        "top": 0,
        "bottom": 0,
        "itemStyle": line,
        "emphasis": {"disabled": True},
        "select": {"disabled": True},
        "selectedMode": False,
        "regions": [china()],
    }


def china() -> dict[str, Any]:
    """China stands out by value and outline, not by a tint that could be read as an amount."""
    return {
        "name": "CHN",
        "itemStyle": {"areaColor": token("home"), "borderColor": token("home-line"), "borderWidth": rem(0.08)},
    }


def dashes() -> dict[str, Any]:
    """The ten-dash line: always drawn, never covered, not even by the sea lanes that cross it."""
    data = [{"coords": [list(point) for point in line]} for line in dash_lines()]
    style = {"color": token("home-line"), "width": rem(0.12), "opacity": 1}
    return {
        "id": "dashes",
        "type": "lines",
        "coordinateSystem": "geo",
        "polyline": True,
        "silent": True,
        "z": 4,
        "data": data,
        "lineStyle": style,
    }


def port_points(items: Any) -> dict[str, Any]:
    """Ports of exit as small open squares with their names."""
    return {
        "id": "ports",
        "type": "scatter",
        "coordinateSystem": "geo",
        "symbol": "rect",
        "symbolSize": rem(0.5),
        "z": 5,
        "itemStyle": {"opacity": 1, "color": token("ground"), "borderColor": token("ink"), "borderWidth": rem(0.1)},
        "label": {
            "show": True,
            "formatter": "{b}",
            "distance": rem(0.3),
            **text(T_MIN, color="ink-2"),
            "textBorderWidth": rem(0.2),
        },
        "emphasis": {"disabled": True},
        "data": items,
    }


def home_point() -> dict[str, Any]:
    """Xi'an, the one name on the map in 宋体."""
    label = {"show": True, "formatter": "{b}", "position": "bottom", "distance": rem(0.3), **text(1.625, SONG, 700)}
    return {
        "id": "home",
        "type": "scatter",
        "coordinateSystem": "geo",
        "symbol": "circle",
        "symbolSize": rem(1),
        "z": 6,
        "itemStyle": {"opacity": 1, "color": token("ink"), "borderColor": token("ground"), "borderWidth": rem(0.2)},
        "label": label,
        "emphasis": {"disabled": True},
        "data": [{"name": "西安", "key": "xian", "value": flow_labels.rounded(project(*XIAN))}],
    }


def world(figures: Figures) -> dict[str, Any]:
    """The overview: countries tinted by value, flows along their corridors, names with vehicles."""
    lines = flow_lines.data(
        figures, BASE
    )  # widths and lanes differ too little between the compositions to be sent twice
    names = by_composition(flow_labels.items(figures, BASE), flow_labels.items(figures, WIDE))
    return described(drawn(figures, lines, names), words(figures))


def lens(figures: Figures) -> dict[str, Any]:
    """Central Asia, where most of the flows end."""
    lines = flow_lines.data(figures, LENS)
    return described(
        drawn(figures, lines, flow_labels.items(figures, LENS)), "中亚五国的出口流向与台数，与总图同一批数据"
    )


def drawn(figures: Figures, lines: list[dict[str, Any]], names: Any) -> dict[str, Any]:
    """What of a map changes with the figures."""
    return {"geo": {"regions": regions(figures)}, "series": [*lines, {"id": "names", "data": names}]}


def regions(figures: Figures) -> list[dict[str, Any]]:
    """Tint of every destination, in three steps of the largest value; China keeps its own."""
    rows = [row for row in figures["countries"] if row["key"] != "CHN"]
    most = max((row["cny_cents"] for row in rows), default=0)
    return [tinted(row["key"], tint(row["cny_cents"], most)) for row in rows] + [china()]


def tinted(key: str, name: str) -> dict[str, Any]:
    """One destination."""
    return {
        "name": key,
        "itemStyle": {"areaColor": token(name), "borderColor": token("val-line"), "borderWidth": rem(0.05)},
    }


def tint(cents: int, most: int) -> str:
    """The step of a value."""
    share = cents / most if most > 0 else 0
    return next(name for floor, name in TINT_BREAKS if share > floor or floor == 0.0)


def words(figures: Figures) -> str:
    """The map in words."""
    return "出口流向，台：" + "，".join(f"{row['name']} {f.count(row['vehicles'])}" for row in figures["countries"])

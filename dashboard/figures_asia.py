"""The charts of the corridor to Central Asia as pure functions: its map, the whole map beside it, and the months."""

from typing import Any

from dashboard import figures as plain
from dashboard import figures_map, flow_labels, flow_lines
from dashboard import format as f
from dashboard.options import described
from dashboard.panels_map import ASIA, ASIA_WIDE, WHOLE
from dashboard.theme import NUM, T_HEAD, T_MIN, by_composition, edge, rem, text, token
from geo.labels import anchor
from geo.projection import Point

Figures = dict[str, Any]

FIGURE_REM, FIGURE_WIDE, T_WIDE = 2.0, 3.0, 1.75  # figures of the large map, and figures and names on ultra-wide walls
NARROW_SIZES = {"a": (T_MIN, 1.25, T_WIDE, 2.1), "b": (1.625, 1.65, FIGURE_WIDE, 3.2)}
NARROW = ("KGZ",)  # a road cuts the country in two: only a small name stands clear of it
MAP_CROP = {"base": list(ASIA.need)}
WHOLE_CROP = {"base": list(WHOLE.need)}


def map_base() -> dict[str, Any]:
    """What of the corridor's map does not depend on the figures: outlines, and the ports with their names."""
    ports = figures_map.port_points(flow_labels.port_items(ASIA.form))
    return figures_map.base([ports], names())


def names() -> dict[str, Any]:
    """The layer of names, larger than on other maps: country (a) over figure (b), and the source (c, d)."""
    layer = flow_labels.layer()
    sized = {
        "a": (text(T_HEAD, weight=500), T_HEAD, T_WIDE, 1.7, 2.1),
        "b": (text(T_HEAD, NUM, 600), FIGURE_REM, FIGURE_WIDE, 2.2, 3.2),
    }
    rich = {
        name: {**style, "fontSize": by_composition(rem(base), rem(wide)), "lineHeight": by_composition(rem(h), rem(w))}
        for name, (style, base, wide, h, w) in sized.items()
    }
    rich |= {"c": text(T_MIN, color="ink-2"), "d": text(T_HEAD, NUM, 600)}
    return {**layer, "label": {**layer["label"], "rich": rich}}


def corridor(figures: Figures) -> dict[str, Any]:
    """The five countries, larger than anywhere else, with their flows alone: width is a part of all five."""
    own = five_alone(figures)
    both = zip(flow_lines.data(own, ASIA), flow_lines.data(own, ASIA_WIDE), strict=True)
    lines = [{"id": one["id"], "data": by_composition(one["data"], other["data"])} for one, other in both]
    labels = [stacked(row, anchor(row["key"], ASIA.form).at) for row in own["countries"]]
    told = "中亚走廊的流向与台数：" + "，".join(f"{r['name']} {f.count(r['vehicles'])}" for r in own["countries"])
    return described(figures_map.drawn(own, lines, [*labels, source(own)]), told)


def five_alone(figures: Figures) -> Figures:
    """The figures that a map of the five needs, as if there were no other destinations."""
    asia = figures["asia"]
    there = [row for row in asia["countries"] if row["vehicles"]]
    return {"countries": there, "flows": asia["flows"], "year": {"vehicles": asia["total"]["vehicles"]}}


def stacked(row: Figures, at: Point) -> dict[str, Any]:
    """A name with its figure below: on the countries of the south there is no room for both on one line."""
    label: dict[str, Any] = {"align": "center", "formatter": f"{{a|{row['name']}}}\n{{b|{f.count(row['vehicles'])}}}"}
    if row["key"] in NARROW:
        label["rich"] = {name: small_style(*sizes) for name, sizes in NARROW_SIZES.items()}
    return {"name": row["name"], "key": row["key"], "value": flow_labels.rounded(at), "label": label}


def small_style(size: float, line: float, size_wide: float, line_wide: float) -> dict[str, Any]:
    """Size and height of a line, which take the place of the layer's own."""
    return {
        "fontSize": by_composition(rem(size), rem(size_wide)),
        "lineHeight": by_composition(rem(line), rem(line_wide)),
    }


def source(own: Figures) -> dict[str, Any]:
    """Where the ribbons come from, at the edge by which they enter."""
    right: Point = (ASIA.box[2], 560.0)
    label = {"align": "right", "formatter": f"{{c|来自西安}}{{d| {f.count(own['year']['vehicles'])}}}"}
    value = [edge("right", flow_labels.EDGE_REM), right[1]]
    return {"name": "西安", "key": "", "value": value, "label": label}


def whole_base() -> dict[str, Any]:
    """The whole map in small: a regional cut stands only beside it."""
    return figures_map.base([figures_map.home_point(), cut()])


def cut() -> dict[str, Any]:
    """The frame of the large map within the whole one."""
    left, bottom, right, top = ASIA.need
    ring = [[left, bottom], [left, top], [right, top], [right, bottom], [left, bottom]]
    return {
        "id": "cut",
        "type": "lines",
        "coordinateSystem": "geo",
        "polyline": True,
        "silent": True,
        "z": 5,
        "data": [{"coords": ring}],
        "lineStyle": {"color": token("ink-2"), "width": rem(0.1), "opacity": 1},
    }


def whole(figures: Figures) -> dict[str, Any]:
    """All destinations tinted by value; names and flows are left to the large map."""
    return described(
        {"geo": {"regions": figures_map.regions(figures)}}, "全图：各目的国以底色表示出口额，方框为左图范围"
    )


def months(figures: Figures) -> dict[str, Any]:
    """Value of exports to the five by month."""
    return plain.by_month(figures["asia"]["trend"], plain.VALUE, "近十二个月中亚五国")


def each_base() -> dict[str, Any]:
    """Five small charts under each other with one scale of months (ultra-wide walls only)."""
    return {"animation": False, "grid": [grid(i) for i in range(5)], "xAxis": [months_axis(i) for i in range(5)],
            "yAxis": [values_axis(i) for i in range(5)], "title": []}  # fmt: skip


def grid(i: int) -> dict[str, Any]:
    """The room of one country's columns: a fifth of the panel, with the names at the left."""
    return {"left": rem(8.6), "right": rem(0.2), "top": f"{i * 18.2 + 4}%", "height": "14.5%"}


def months_axis(i: int) -> dict[str, Any]:
    """Months are written under the last chart alone."""
    line = {"lineStyle": {"color": token("hair-2"), "width": rem(0.0625)}}
    label = {"show": i == 4, "fontFamily": NUM, "fontSize": rem(T_MIN), "color": token("ink-2"), "interval": 0}
    return {"gridIndex": i, "type": "category", "axisTick": {"show": False}, "axisLine": line, "axisLabel": label}


def values_axis(i: int) -> dict[str, Any]:
    """One scale for all five, so that they can be compared; set with the figures."""
    name = {"nameLocation": "middle", "nameRotate": 0, "nameGap": rem(8.5)}
    style = {**text(T_MIN), "align": "left"}
    return {"gridIndex": i, "type": "value", "min": 0, "show": True, "axisLabel": {"show": False},
            "axisLine": {"show": False}, "splitLine": {"show": False}, **name, "nameTextStyle": style}  # fmt: skip


def each(figures: Figures) -> dict[str, Any]:
    """Vehicles by month of each country, in the order of the table."""
    asia = figures["asia"]
    rows = [(row, asia["by_country"][row["key"]]) for row in asia["countries"]]
    most = max((month["vehicles"] for _, listed in rows for month in listed), default=0) or 1
    labels = [[str(month["label"]).removesuffix("月") for month in listed] for _, listed in rows]
    drawn = {
        "xAxis": [{"data": names} for names in labels],
        "yAxis": [{"max": most * 1.6, "name": row["name"]} for row, _ in rows],
        "series": [small(i, listed) for i, (_, listed) in enumerate(rows)],
    }
    told = "；".join(f"{row['name']} " + "、".join(f.count(m["vehicles"]) for m in listed) for row, listed in rows)
    return described(drawn, f"中亚五国近十二个月台数：{told}")


def small(i: int, listed: list[Figures]) -> dict[str, Any]:
    """The columns of one country; the last is bright, and so is its figure."""
    last = len(listed) - 1
    data = [
        {
            "value": m["vehicles"],
            "itemStyle": {"color": token("jade" if n == last else "jade-2")},
            "label": {"show": by_composition(n == last, True)},
        }
        for n, m in enumerate(listed)
    ]
    label = {"position": "top", "distance": rem(0.1), **text(T_MIN, NUM, 500), "color": token("ink-2")}
    return {"id": f"c{i}", "type": "bar", "xAxisIndex": i, "yAxisIndex": i, "barCategoryGap": "50%", "label": label,
            "data": data}  # fmt: skip

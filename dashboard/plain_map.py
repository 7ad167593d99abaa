"""The flow map and the map of the city as SVG text, from the same functions that feed the drawn charts of the wall."""

import re
from collections.abc import Iterable
from functools import cache
from html import escape
from typing import Any

from dashboard import figures_xian, flow_labels, flow_lines
from dashboard.figures_map import TINT_BREAKS, tint
from dashboard.figures_map import words as world_words
from dashboard.panels_map import BASE
from dashboard.plain_outlines import UNIT, Sheet, outlines
from geo.labels import CROPS, widened
from geo.ports import XIAN
from geo.projection import Point, project
from geo.shapes import dash_lines

Figures = dict[str, Any]

WORLD = Sheet(BASE.width, BASE.height, BASE.box)
CITY_WIDTH, CITY_HEIGHT = 14.5, 11.7  # rem, as in assets/head/plain.css
CITY = Sheet(CITY_WIDTH, CITY_HEIGHT, widened(CROPS["xian"], CITY_WIDTH, CITY_HEIGHT))
NAMED = re.compile(r"\{a\|(.*)\}\{b\| (.*)\}")  # what flow_labels writes for the chart: name and figure
ANCHORS = {"left": "start", "center": "middle", "right": "end"}
FADE, FOOT = 24, 22  # units over which the picture runs out into the ground, at its sides and its lower edge


def svg(sheet: Sheet, words: str, body: str) -> str:
    """A drawing with its text for readers who do not see it."""
    size = f"0 0 {sheet.width * UNIT:g} {sheet.height * UNIT:g}"
    return f'<svg class="plot" viewBox="{size}" role="img" aria-label="{escape(words)}">{body}</svg>'


def text(at: Point, words: str, cls: str, anchor: str = "middle") -> str:
    """A text whose middle line goes through a point."""
    return f'<text class="{cls}" text-anchor="{anchor}" x="{at[0]:.1f}" y="{at[1]:.1f}" dy=".36em">{words}</text>'


def world(figures: Figures) -> str:
    """Countries tinted by value, flows, China's dashes over these, ports, names with vehicles."""
    parts = (countries(figures), flows(figures), dashes(), ports(), home(), names(figures), fade(WORLD, FOOT))
    return svg(WORLD, world_words(figures), "".join(parts))


def countries(figures: Figures) -> str:
    """One path for each tint, so that what has no value is written only once; China last, over its neighbours."""
    rows = [row for row in figures["countries"] if row["key"] != "CHN"]
    most = max((row["cny_cents"] for row in rows), default=0)
    tints = {row["key"]: tint(row["cny_cents"], most) for row in rows}
    shapes = outlines("world", WORLD)
    steps = {name: "".join(shapes.get(key, "") for key, got in tints.items() if got == name) for _, name in TINT_BREAKS}
    tinted = "".join(area(path, f"val {name}") for name, path in steps.items() if path)
    return area(others(frozenset(tints)), "land") + tinted + area(shapes["CHN"], "home")


@cache
def others(but: frozenset[str]) -> str:
    """The outlines of all countries but these and China."""
    return "".join(path for key, path in outlines("world", WORLD).items() if key not in but and key != "CHN")


def area(path: str, cls: str) -> str:
    """One filled outline."""
    return f'<path class="{cls}" d="{path}"/>'


@cache
def dashes() -> str:
    """The ten-dash line: always drawn, never covered."""
    return f'<path class="dashes" d="{"".join(WORLD.path(line) for line in dash_lines())}"/>'


def flows(figures: Figures) -> str:
    """Ribbons as wide as the vehicles they carry, standing still."""
    return "".join(map(ribbon, flow_lines.data(figures, BASE)[0]["data"]))


def ribbon(line: dict[str, Any]) -> str:
    """One line; modes are told apart by their dashes."""
    wide, kind = line["lineStyle"]["width"]["__rem__"] * UNIT, line["lineStyle"]["type"]
    dash = "" if isinstance(kind, str) else " ".join(f"{step['__rem__'] * UNIT:g}" for step in kind)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path class="flow" stroke-width="{wide:.2f}"{dashed} d="{WORLD.path(line["coords"])}"/>'


@cache
def ports() -> str:
    """Ports of exit as small open squares with their names."""
    return "".join(port(item) for item in flow_labels.port_items(BASE.form))


def port(item: dict[str, Any]) -> str:
    """One port."""
    x, y = WORLD.at(item["value"])
    dx, dy, anchor = {"right": (9.0, 0.0, "start"), "left": (-9.0, 0.0, "end")}.get(
        item["label"]["position"], (0.0, -18.0, "middle")
    )
    mark = f'<rect class="port" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>'
    return mark + text((x + dx, y + dy), escape(item["name"]), "t min", anchor)


@cache
def home() -> str:
    """Xi'an, the one name on the map in 宋体."""
    x, y = WORLD.at(project(*XIAN))
    mark = f'<circle class="city" cx="{x:.1f}" cy="{y:.1f}" r="8"/>'
    return mark + text((x, y + 27), "西安", "t song")


def names(figures: Figures) -> str:
    """Names with vehicles, where the wall has them."""
    shown = (item for item in flow_labels.items(figures, BASE) if belongs(item["__when__"]))
    return "".join(name(item) for item in shown)


def belongs(when: dict[str, Any]) -> bool:
    """Whether a name is for this crop: at its place when that is seen, at the edge when it is not."""
    return BASE.shows(when["seen"]) if "seen" in when else not BASE.shows(when["unseen"])


def name(item: dict[str, Any]) -> str:
    """A name in the Chinese face and its figure in the figures' face."""
    label = item["label"]
    match = NAMED.fullmatch(label["formatter"])
    written, figure = match.groups() if match else (item["name"], "")
    words = f'{escape(written)} <tspan class="b">{escape(figure)}</tspan>'
    return text(WORLD.at([placed(v, i) for i, v in enumerate(item["value"])]), words, "t name", ANCHORS[label["align"]])


def placed(value: Any, axis: int) -> float:
    """A coordinate in km; one at the edge is given as a side and how many rem it stands inside it."""
    if not isinstance(value, dict):
        return float(value)
    side, inset = value["__edge__"]
    sign = 1 if side in ("left", "bottom") else -1
    corner = BASE.box[axis if sign > 0 else axis + 2]
    return float(corner + sign * inset * BASE.km_per_rem)


def fade(sheet: Sheet, foot: int = 0) -> str:
    """The sides, and `foot` units at the lower edge, run out into the ground, as on the wall."""
    wide, high = sheet.width * UNIT, sheet.height * UNIT
    ends = (("w", "", (0, 0, FADE, high)), ("e", ' x1="1" x2="0"', (wide - FADE, 0, FADE, high)))
    below = (("s", ' x1="0" x2="0" y1="1" y2="0"', (0, high - foot, wide, foot)),) if foot else ()
    return "".join(faded(f"{side}{wide:g}", *rest) for side, *rest in (*ends, *below))


def faded(key: str, ends: str, box: tuple[float, float, float, float]) -> str:
    """One strip with its gradient from the full ground to nothing."""
    stops = '<stop offset="0" class="full"/><stop offset="1" class="clear"/>'
    x, y, w, h = box
    strip = f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" fill="url(#fade-{key})"/>'
    return f'<linearGradient id="fade-{key}"{ends}>{stops}</linearGradient>{strip}'


def city(figures: Figures) -> str:
    """Districts tinted by vehicles, development zones as numbered points."""
    tints = {entry["name"]: entry["itemStyle"]["areaColor"]["__token__"] for entry in districts(figures)}
    shapes = outlines("xian", CITY)
    areas = "".join(area(path, f"district {tints.get(key, 'land')}") for key, path in shapes.items())
    return svg(CITY, figures_xian.words(figures), areas + fade(CITY) + "".join(map(zone, figures_xian.zones(figures))))


def districts(figures: Figures) -> Iterable[dict[str, Any]]:
    """The tinted districts, as the chart has them."""
    return figures_xian.regions(figures["districts"])


def zone(item: dict[str, Any]) -> str:
    """One numbered point: a large one holds its number, others have it beside them."""
    x, y = CITY.at(item["value"])
    radius, side = item["symbolSize"]["__rem__"] * UNIT / 2, item["label"]["position"]
    away = radius + 5
    dx, dy, anchor = {
        "left": (-away, 0.0, "end"),
        "right": (away, 0.0, "start"),
        "top": (0.0, -away - 8, "middle"),
    }.get(side, (0.0, 0.0, "middle"))
    mark = f'<circle class="zone" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
    return mark + text((x + dx, y + dy), escape(item["name"]), "t in" if side == "inside" else "t no", anchor)

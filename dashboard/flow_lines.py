"""The lines of the flow maps: lanes by rail and road, merged lines at sea, and the dots that show direction."""

from collections.abc import Sequence
from typing import Any

from dashboard import places
from dashboard.lanes import Lane, Path, merged, side_by_side, thinned
from dashboard.panels_map import MapPanel
from dashboard.theme import moving, rem, token

Figures = dict[str, Any]

SEA = "2"
DASHES: dict[str, Any] = {"3": "solid", "4": [10, 5], SEA: [2, 4]}  # sixteenths of a rem; other modes run solid
THINNEST = 0.09  # rem
DOT_PACE, DOT_EVERY = 2.2, 1700  # rem a second; ms between the first dots of two countries


def home() -> tuple[float, float]:
    """Where all flows begin."""
    return places.XIAN


def layer() -> dict[str, Any]:
    """The series of lines; what of it depends on figures is its data."""
    style = {"color": token("jade"), "cap": "butt", "join": "round", "opacity": 1}
    return {
        "id": "flows",
        "type": "lines",
        "coordinateSystem": "geo",
        "polyline": True,
        "data": [],
        "lineStyle": style,
        "emphasis": {"disabled": True},
    }


def dots() -> dict[str, Any]:
    """One moving dot a country. They lie on a canvas of their own, so that the map is not redrawn with every frame."""
    effect = {
        "show": moving(),
        "constantSpeed": rem(DOT_PACE),
        "symbol": "circle",
        "symbolSize": rem(0.42),
        "color": token("ink"),
        "trailLength": 0,
    }
    return {
        "id": "dots",
        "type": "lines",
        "coordinateSystem": "geo",
        "polyline": True,
        "silent": True,
        "zlevel": 1,
        "data": [],
        "lineStyle": {"opacity": 0, "width": 0},
        "effect": effect,
    }


def data(figures: Figures, panel: MapPanel) -> list[dict[str, Any]]:
    """The data of both series."""
    lanes = lanes_of(figures, panel)
    drawn = side_by_side([lane for lane in lanes if lane.key["mode"] != SEA])
    sea = [lane for lane in lanes if lane.key["mode"] == SEA]
    lines = [line(path, lane.width, panel, lane.key["mode"], lane.key["country"]) for lane, path in drawn]
    lines += [line(path, width, panel, SEA) for path, width in merged(sea)]
    ways = {id(lane): path for lane, path in drawn} | {id(lane): lane.path for lane in sea}
    return [{"id": "flows", "data": lines}, {"id": "dots", "data": dot_items(lanes, ways)}]


def lanes_of(figures: Figures, panel: MapPanel) -> list[Lane]:
    """A lane for each flow whose way is known, as wide as its share of all vehicles."""
    total = figures["year"]["vehicles"] or sum(flow["vehicles"] for flow in figures["flows"]) or 1
    lanes = []
    for flow in figures["flows"]:
        way = places.way(flow["country"], flow["mode"], flow["office"])
        if way and flow["vehicles"] > 0:
            lanes.append(Lane(flow, way, flow["vehicles"] / total * panel.full * panel.km_per_rem))
    return lanes


def line(path: Path, width_km: float, panel: MapPanel, mode: str, key: str = "") -> dict[str, Any]:
    """One line of the series."""
    dash = DASHES.get(mode, "solid")
    kind = dash if isinstance(dash, str) else [rem(step / 16) for step in dash]
    style = {"width": rem(round(max(THINNEST, width_km / panel.km_per_rem), 4)), "type": kind}
    return {"key": key, "coords": written(path), "lineStyle": style}


def dot_items(lanes: Sequence[Lane], ways: dict[int, Path]) -> list[dict[str, Any]]:
    """The way of each country's largest flow; each starts a little after the one before."""
    largest: dict[str, Lane] = {}
    for lane in sorted(lanes, key=lambda lane: -lane.key["vehicles"]):
        largest.setdefault(lane.key["country"], lane)
    return [
        {"key": country, "coords": written(ways[id(lane)]), "effect": {"delay": i * DOT_EVERY}}
        for i, (country, lane) in enumerate(largest.items())
    ]


def written(path: Path) -> list[list[float]]:
    """Coordinates as sent: without points that cannot be seen, and to the km."""
    return [[round(x), round(y)] for x, y in thinned(path, 2.0)]

"""The lines of the flow maps: ribbons by rail and road, merged lines at sea, and the dots that show direction."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dashboard.panels_map import MapPanel
from dashboard.theme import moving, rem, token
from geo.projection import Point
from geo.ribbons import Flow, Ribbon, stack
from geo.routes import route_to
from geo.shapes import country_points

Figures = dict[str, Any]
Path = tuple[Point, ...]

SEA = "2"
DASHES: dict[str, Any] = {"3": "solid", "4": [10, 5], SEA: [2, 4]}  # sixteenths of a rem; the modes of the legend
THINNEST = 0.09  # rem
DOT_PACE, DOT_EVERY = 2.2, 1700  # rem a second; ms between the first dots of two countries
UNSEEN_KM = 2.0  # points this near to the line between their neighbours are not sent
COMMON = {"type": "lines", "coordinateSystem": "geo", "polyline": True}


def layer() -> dict[str, Any]:
    """The series of lines; what of it depends on figures is its data."""
    style = {"color": token("jade"), "cap": "butt", "join": "round", "opacity": 1}
    return {**COMMON, "id": "flows", "data": [], "lineStyle": style, "emphasis": {"disabled": True}}


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
    hidden = {"opacity": 0, "width": 0}
    return {**COMMON, "id": "dots", "silent": True, "zlevel": 1, "data": [], "lineStyle": hidden, "effect": effect}


def data(figures: Figures, panel: MapPanel) -> list[dict[str, Any]]:
    """The data of both series."""
    flows = known_flows(figures)
    total = figures["year"]["vehicles"] or sum(flow.vehicles for flow in flows) or 1
    ribbons = stack(flows, lambda n: max(THINNEST, n / total * panel.full), panel.km_per_rem)
    return [{"id": "flows", "data": [line(ribbon) for ribbon in ribbons]}, {"id": "dots", "data": ways(flows, ribbons)}]


def known_flows(figures: Figures) -> list[Flow]:
    """The flows with a way that can be drawn: “国别不详” has no place, and by air or post there is no corridor.

    These are in the ranking and in the figure at the country's name all the same.
    """
    rows = [row for row in figures["flows"] if row["mode"] in DASHES and row["country"] in country_points()]
    return [Flow(row["country"], row["mode"], row["vehicles"], row["office"]) for row in rows if row["vehicles"] > 0]


def line(ribbon: Ribbon) -> dict[str, Any]:
    """One line of the series."""
    dash = DASHES[ribbon.mode]
    kind = dash if isinstance(dash, str) else [rem(step / 16) for step in dash]
    key = ribbon.countries[0] if len(ribbon.countries) == 1 else ""
    style = {"width": rem(round(ribbon.width, 4)), "type": kind}
    return {"key": key, "coords": written(ribbon.path), "lineStyle": style}


def ways(flows: Sequence[Flow], ribbons: Sequence[Ribbon]) -> list[dict[str, Any]]:
    """The way of each country's largest flow; each dot starts a little after the one before."""
    largest: dict[str, Flow] = {}
    for flow in sorted(flows, key=lambda flow: -flow.vehicles):
        largest.setdefault(flow.alpha3, flow)
    return [
        {"key": country, "coords": written(way(flow, ribbons)), "effect": {"delay": i * DOT_EVERY}}
        for i, (country, flow) in enumerate(largest.items())
    ]


def way(flow: Flow, ribbons: Sequence[Ribbon]) -> Path:
    """By land the dot keeps to its country's own ribbon; at sea ribbons are legs, so it takes the whole route.

    It sets out from Xi'an itself and not from the ribbon's edge: a dot that waits for its turn is drawn where it
    begins, and must not stick out of the city's mark.
    """
    own = [ribbon for ribbon in ribbons if ribbon.countries == (flow.alpha3,) and ribbon.mode == flow.mode != SEA]
    route = route_to(flow.alpha3, flow.mode, flow.port).path
    return (route[0], *max(own, key=lambda r: r.width).path[1:]) if own else route


@lru_cache(maxsize=4096)
def written(path: Path) -> list[list[float]]:
    """Coordinates as sent: without points that cannot be told, and to the km. Sea lanes are the same every minute."""
    return [[round(x), round(y)] for x, y in thinned(path, UNSEEN_KM)]


def thinned(path: Sequence[Point], tolerance: float) -> Path:
    """The path without points that lie within `tolerance` km of the line between their neighbours (Douglas-Peucker)."""
    if len(path) < 3:
        return tuple(path)
    far, index = max((off_line(path[i], path[0], path[-1]), i) for i in range(1, len(path) - 1))
    if far <= tolerance:
        return path[0], path[-1]
    return thinned(path[: index + 1], tolerance)[:-1] + thinned(path[index:], tolerance)


def off_line(point: Point, start: Point, end: Point) -> float:
    """Distance of a point from the line through two others."""
    length = math.dist(start, end)
    if not length:
        return math.dist(point, start)
    (x0, y0), (x1, y1), (x, y) = start, end, point
    return abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / length

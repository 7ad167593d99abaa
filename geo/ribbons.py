"""Flows as ribbons on the map: side by side on a shared land corridor so that widths add up, summed at sea."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from geo.corridors import SEA
from geo.destinations import LANE_ORDER
from geo.projection import Point
from geo.routes import Route, curve, route_to

TAPER = 0.22  # Over this last part of its way a ribbon returns to the true line, so that it ends at its true place.
WidthOf = Callable[[int], float]


@dataclass(frozen=True)
class Flow:
    """Vehicles to one country by one mode, through one port (office or port code, "" for the usual one)."""

    alpha3: str
    mode: str
    vehicles: int
    port: str = ""


@dataclass(frozen=True)
class Ribbon:
    """A line to draw: whose vehicles it carries, the mode, points in km, and the width in pixels."""

    countries: tuple[str, ...]
    mode: str
    path: tuple[Point, ...]
    width: float


def stack(flows: Iterable[Flow], width_of: WidthOf, km_per_px: float) -> list[Ribbon]:
    """The ribbons of all flows. `width_of` turns vehicles into pixels; `km_per_px` is the scale of the panel."""
    routed = [(flow, route_to(flow.alpha3, flow.mode, flow.port)) for flow in flows if flow.vehicles > 0]
    corridors: dict[str, list[tuple[Flow, Route]]] = {}
    for flow, route in (pair for pair in routed if pair[0].mode != SEA):
        corridors.setdefault(route.legs[0].key, []).append((flow, route))
    land = [ribbon for lanes in corridors.values() for ribbon in _side_by_side(lanes, width_of, km_per_px)]
    return land + _summed([pair for pair in routed if pair[0].mode == SEA], width_of)


def _side_by_side(lanes: list[tuple[Flow, Route]], width_of: WidthOf, km_per_px: float) -> list[Ribbon]:
    ordered = sorted(lanes, key=lambda lane: (lane_rank(lane[1]), lane[0].alpha3, lane[0].mode))
    edge = sum(width_of(flow.vehicles) for flow, _ in ordered) / 2
    ribbons = []
    for flow, route in ordered:
        width = width_of(flow.vehicles)
        path = shifted(route.path, (edge - width / 2) * km_per_px)
        ribbons.append(Ribbon((flow.alpha3,), flow.mode, path, width))
        edge -= width
    return ribbons


def lane_rank(route: Route) -> int:
    """The place of a route among its neighbours, north first; by its last leg that has a place, else at the end."""
    known = [LANE_ORDER.index(leg.key) for leg in route.legs if leg.key in LANE_ORDER]
    return known[-1] if known else len(LANE_ORDER)


def shifted(path: Sequence[Point], km: float) -> tuple[Point, ...]:
    """The path moved to its right-hand side by so many km, tapering to nothing over its last part."""
    last = len(path) - 1
    return tuple(_beside(path, i, km * min(1.0, (last - i) / (last * TAPER))) for i in range(last + 1))


def _beside(path: Sequence[Point], i: int, km: float) -> Point:
    (x0, y0), (x1, y1) = path[max(0, i - 1)], path[min(len(path) - 1, i + 1)]
    dx, dy = x1 - x0, y1 - y0
    length = math.hypot(dx, dy) or 1.0
    return path[i][0] + dy / length * km, path[i][1] - dx / length * km


def _summed(lanes: list[tuple[Flow, Route]], width_of: WidthOf) -> list[Ribbon]:
    """One ribbon a leg, as wide as all that sails on it."""
    carried: dict[tuple[Point, ...], list[Flow]] = {}
    for flow, route in lanes:
        for leg in route.legs:
            carried.setdefault(leg.points, []).append(flow)
    return [
        Ribbon(tuple(sorted({flow.alpha3 for flow in on})), SEA, curve(points), width_of(sum(f.vehicles for f in on)))
        for points, on in carried.items()
    ]

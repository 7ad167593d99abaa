"""The way from Xi'an to every country by rail, road or sea, through its port of exit, as smooth lines in km."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

from geo.corridors import HARBOUR_LEGS, LAND_LEGS, RAIL, ROAD, SEA, STARTS, Leg
from geo.destinations import BY_RAIL, BY_ROAD, BY_SEA, DEFAULT_HARBOUR, USUAL_HARBOUR
from geo.ports import BY_KEY, PORTS, XIAN, Port
from geo.projection import Point, project
from geo.sea_lanes import SEA_LEGS
from geo.shapes import country_points

LEGS: dict[str, Leg] = {**LAND_LEGS, **HARBOUR_LEGS, **SEA_LEGS}
DESTINATIONS: dict[str, dict[str, tuple[str, ...]]] = {RAIL: BY_RAIL, ROAD: BY_ROAD, SEA: BY_SEA}
STEPS = 12  # Pieces of a smooth curve between two control points.
MAX_HOP_KM = 600.0  # A straight leg is cut into hops along the great circle, since it is no straight line on the map.


@dataclass(frozen=True)
class RouteLeg:
    """One leg of a route: its key in the tree of legs ("" for an estimated one) and its control points (lon, lat)."""

    key: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Route:
    """A way to one country by one mode. `estimated` says that its last leg is a straight line to the country.

    Routes that share legs share the very points of `path`, from Xi'an on, so that lanes can be laid side by side.
    """

    alpha3: str
    mode: str
    port: Port | None
    legs: tuple[RouteLeg, ...]
    estimated: bool

    @cached_property
    def path(self) -> tuple[Point, ...]:
        """The whole way in km of the world plane; no point stands twice in a row."""
        points = [point for leg in self.legs for point in curve(leg.points)]
        return tuple(point for i, point in enumerate(points) if i == 0 or point != points[i - 1])


def route_to(alpha3: str, mode: str, port: str = "") -> Route:
    """The way to a country of the table by customs transport code (3 铁路, 4 公路, 2 海运, others straight).

    `port` is a customs office or port code; one that is unknown or does not serve the mode is passed over. A country
    without a corridor of its own is reached from the nearest leg end. Raises KeyError for an unknown country.
    """
    exit_port = PORTS.get(port)
    if exit_port and (exit_port.gate is not None) is not (mode == SEA):
        exit_port = None
    return _route(alpha3, mode, exit_port.key if exit_port else "")


@cache
def _route(alpha3: str, mode: str, port: str) -> Route:
    target = country_points()[alpha3]
    if mode == SEA:
        return _by_sea(alpha3, target, port or USUAL_HARBOUR.get(alpha3, DEFAULT_HARBOUR))
    if mode in (RAIL, ROAD):
        return _by_land(alpha3, target, mode, port)
    return Route(alpha3, mode, None, (RouteLeg("", great_circle(XIAN, target)),), True)


def _by_land(alpha3: str, target: Point, mode: str, port: str) -> Route:
    chains = [chain(leaf) for leaf in DESTINATIONS[mode].get(alpha3, ())]
    usual = next((keys for keys in chains if not port or port in keys), None)
    if usual:
        return _assembled(alpha3, mode, usual)
    if port:
        end = LEGS[chains[0][-1]].points[-1] if chains else target
        return _assembled(alpha3, mode, chain(port), end)
    return _assembled(alpha3, mode, chain(nearest(target, _leaves(mode))), target)


def _by_sea(alpha3: str, target: Point, harbour: str) -> Route:
    leaves = BY_SEA.get(alpha3, ())
    ocean = chain(leaves[0] if leaves else nearest(target, SEA_LEGS))
    gate, opens_to = BY_KEY[harbour].gate, LEGS[ocean[0]].after
    between = () if gate == opens_to else (f"{gate}-{opens_to}",)
    keys = (harbour, f"{harbour}-sea", *between, *ocean)
    return _assembled(alpha3, SEA, keys, None if leaves else target)


def _assembled(alpha3: str, mode: str, keys: Sequence[str], onward: Point | None = None) -> Route:
    legs = [RouteLeg(key, leg_points(key)) for key in keys]
    if onward:
        start = legs[-1].points[-1] if legs else XIAN
        legs.append(RouteLeg("", great_circle(start, onward)))
    passed = [BY_KEY[key] for key in keys if key in BY_KEY]
    return Route(alpha3, mode, passed[-1] if passed else None, tuple(legs), onward is not None)


def chain(leaf: str) -> tuple[str, ...]:
    """The legs from the start of the tree to a leaf, in the order of travel; none for a start itself."""
    keys: list[str] = []
    while leaf not in STARTS:
        keys.append(leaf)
        leaf = LEGS[leaf].after
    return tuple(reversed(keys))


def leg_points(key: str) -> tuple[Point, ...]:
    """The control points of a leg, the end of the leg before it included."""
    leg = LEGS[key]
    return STARTS.get(leg.after) or LEGS[leg.after].points[-1], *leg.points


def _leaves(mode: str) -> set[str]:
    """Where a straight leg by land may begin: Xi'an, and every leg on the way to a country with a corridor."""
    return {"xian", *(key for leaves in DESTINATIONS[mode].values() for leaf in leaves for key in chain(leaf))}


def nearest(target: Point, keys: Iterable[str]) -> str:
    """The leg (or start) whose end lies nearest to a point of the earth."""
    return min(sorted(keys), key=lambda key: distance(STARTS.get(key) or LEGS[key].points[-1], target))


def distance(a: Point, b: Point) -> float:
    """Great-circle distance in km between two points (lon, lat)."""
    (lon1, lat1), (lon2, lat2) = (tuple(map(math.radians, point)) for point in (a, b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(min(1.0, h)))


def great_circle(a: Point, b: Point) -> tuple[Point, ...]:
    """Points (lon, lat) of the shortest way over the earth, both ends included."""
    angle = distance(a, b) / 6371.0
    hops = max(1, math.ceil(angle * 6371.0 / MAX_HOP_KM))
    if angle < 1e-9:
        return a, b
    inner = (_between(a, b, angle, i / hops) for i in range(1, hops))
    return a, *inner, b


def _between(a: Point, b: Point, angle: float, share: float) -> Point:
    weights = math.sin((1 - share) * angle) / math.sin(angle), math.sin(share * angle) / math.sin(angle)
    x, y, z = (sum(w * v for w, v in zip(weights, pair, strict=True)) for pair in zip(_xyz(a), _xyz(b), strict=True))
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))


def _xyz(point: Point) -> tuple[float, float, float]:
    lon, lat = map(math.radians, point)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


@cache
def curve(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """A Catmull-Rom line through control points (lon, lat), in km of the world plane."""
    plane = [project(*point) for point in points]
    padded = [plane[0], *plane, plane[-1]]
    smooth = [_spline(padded[i : i + 4], step / STEPS) for i, _ in enumerate(pairwise(plane)) for step in range(STEPS)]
    return *smooth, plane[-1]


def _spline(around: Sequence[Point], t: float) -> Point:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = around
    return _cubic(ax, bx, cx, dx, t), _cubic(ay, by, cy, dy, t)


def _cubic(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)

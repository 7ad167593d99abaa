"""Where names stand on the maps of each composition, and which part of the plane each map must show."""

from dataclasses import dataclass

from geo.countries import COUNTRIES
from geo.districts import DISTRICTS
from geo.ports import BY_KEY, Port
from geo.projection import Point, project, project_xian
from geo.shapes import country_points

Box = tuple[float, float, float, float]  # left, bottom, right, top in km

# What must be seen; a panel of another shape widens it. A new crop is a new picture to submit for approval.
CROPS: dict[str, Box] = {
    "fhd": (-4950, -4000, 4500, 3300),
    "ultra": (-7700, -3950, 5300, 3400),
    "lens": (-1900, -150, 750, 1250),
    "asia": (-2150, -120, 850, 1850),  # The corridor to Central Asia: from the Caspian Sea to Urumqi.
    "whole": (-4950, -4000, 4500, 3300),  # The whole picture in small, beside a regional cut.
    "xian": (-52, -34, 58, 62),  # The built-up core, on the plane of Xi'an.
    "xian_city": (-120, -58, 83, 63),  # The whole city, for the page of districts.
}


@dataclass(frozen=True)
class Anchor:
    """The point (km) that a label is aligned to: left means that the text begins there.

    `short` is the short form to write instead of the name, "" for the name itself. `by_hand` is False for a country
    without a place of its own: its point lies inside the country, but whether there is room was not looked at.
    """

    at: Point
    align: str
    short: str
    by_hand: bool


# alpha-3: longitude, latitude, alignment, whether the short form is written.
_OVERVIEW: dict[str, tuple[float, float, str, bool]] = {
    "KAZ": (66.5, 48.6, "center", False),
    "RUS": (66.0, 60.5, "center", False),
    "UZB": (62.2, 42.9, "center", True),
    "KGZ": (77.7, 42.4, "right", True),
    "TJK": (73.1, 38.4, "right", True),
    "MNG": (103.5, 46.3, "center", True),
    "ARE": (53.6, 22.9, "center", False),
    "JOR": (36.4, 32.4, "left", False),
    "EGY": (33.2, 24.6, "right", False),
    "GEO": (43.0, 42.6, "right", False),
    "BLR": (29.5, 55.6, "left", False),
    "KHM": (106.4, 12.6, "right", False),
    "NGA": (8.0, 9.6, "center", False),
}

_LENS: dict[str, tuple[float, float, str, bool]] = {
    "KAZ": (71.5, 43.4, "center", False),
    "UZB": (64.4, 41.2, "center", False),
    "KGZ": (78.4, 42.0, "right", False),
    "TJK": (69.4, 38.3, "center", False),
    "TKM": (59.2, 39.2, "center", False),
}

_ASIA: dict[str, tuple[float, float, str, bool]] = {
    "KAZ": (67.5, 48.6, "center", False),
    "UZB": (63.0, 42.6, "center", False),
    "KGZ": (78.1, 42.2, "center", False),
    "TJK": (71.2, 38.9, "center", False),
    "TKM": (59.0, 39.4, "center", False),
}

_BY_HAND = {"fhd": _OVERVIEW, "ultra": _OVERVIEW, "lens": _LENS, "asia": _ASIA}

# Ports named on each map, and the side of the mark on which the name stands.
_PORTS: dict[str, dict[str, str]] = {
    "fhd": {"horgos": "top", "erenhot": "right", "tianjin": "right", "yangshan": "left", "guangzhou": "left"},
    "ultra": {"horgos": "top", "erenhot": "right", "tianjin": "right", "yangshan": "right", "guangzhou": "left"},
    "lens": {"horgos": "below-right", "alashankou": "above-right", "torugart": "above-right", "karasu": "below"},
    "asia": {
        "bakhty": "right",
        "alashankou": "above-right",
        "horgos": "below-right",
        "torugart": "above-right",
        "irkeshtam": "above-right",
        "karasu": "below",
    },
}


def anchor(alpha3: str, composition: str) -> Anchor:
    """Where a country's label stands in fhd, ultra or lens; raises KeyError for an unknown country or composition."""
    placed = _BY_HAND[composition].get(alpha3)
    if placed is None:
        return Anchor(inside(alpha3), "center", "", False)
    lon, lat, align, short = placed
    return Anchor(project(lon, lat), align, COUNTRIES[alpha3].short if short else "", True)


def inside(alpha3: str) -> Point:
    """A point in km well inside the largest part of a country; raises KeyError for an unknown one."""
    return project(*country_points()[alpha3])


def port_marks(composition: str) -> tuple[tuple[Port, Point, str], ...]:
    """The ports that a map names: the port, its point in km, and where its name stands.

    That is top, right or left of the mark, or above-right, below-right or below, clear of a ribbon that passes there.
    """
    return tuple((BY_KEY[key], project(*BY_KEY[key].point), side) for key, side in _PORTS[composition].items())


# Names on the large map of the core; the districts of the walled city are smaller than theirs, 周至县 lies outside.
_DISTRICT_NAMES: dict[str, Point] = {
    "610111": (109.14, 34.28),
    "610112": (108.87, 34.34),
    "610113": (108.95, 34.225),
    "610114": (109.29, 34.68),
    "610115": (109.27, 34.44),
    "610116": (108.93, 34.02),
    "610117": (109.07, 34.53),
    "610118": (108.55, 34.05),
    "610122": (109.40, 34.10),
}


def district_marks() -> tuple[tuple[str, Point], ...]:
    """Names of Xi'an's districts and counties with their points in km on the plane of the city, where there is room."""
    return tuple((DISTRICTS[code].name, project_xian(*point)) for code, point in _DISTRICT_NAMES.items())


def widened(crop: Box, width: float, height: float) -> Box:
    """The crop grown around its centre to the shape of a panel, whatever its unit."""
    left, bottom, right, top = crop
    scale = max((right - left) / width, (top - bottom) / height) / 2
    x, y = (left + right) / 2, (bottom + top) / 2
    return x - scale * width, y - scale * height, x + scale * width, y + scale * height

"""Where the built outlines lie, and how to read them."""

import json
from functools import cache
from pathlib import Path

from geo.projection import Point

OUTLINES = Path(__file__).parent / "outlines"
NAMES = ("world", "dashes", "xian", "points")


def outline_path(name: str) -> Path:
    """The file of one outline: world, dashes, xian (GeoJSON or polylines in km) or points (lon, lat by country).

    Raises ValueError for any other name, so that a name from a request can never walk out of the folder.
    """
    if name not in NAMES:
        raise ValueError(f"没有名为“{name}”的地图轮廓")
    return OUTLINES / f"{name}.json"


@cache
def outline_bytes(name: str) -> bytes:
    """The JSON of one outline as committed, ready to be sent."""
    return outline_path(name).read_bytes()


@cache
def country_points() -> dict[str, Point]:
    """A point well inside the largest part of every country, alpha-3 to (lon, lat)."""
    return {alpha3: (lon, lat) for alpha3, (lon, lat) in json.loads(outline_bytes("points")).items()}


@cache
def dash_lines() -> tuple[tuple[Point, ...], ...]:
    """The ten-dash line as polylines in km of the world plane."""
    return tuple(tuple((x, y) for x, y in line) for line in json.loads(outline_bytes("dashes")))

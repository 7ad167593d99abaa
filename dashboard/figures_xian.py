"""The map of Xi'an as a pure function of the figures: districts tinted by vehicles, zones as numbered points."""

from typing import Any

from dashboard import format as f
from dashboard.options import described
from dashboard.panels_process import numbered_zones
from dashboard.theme import NUM, crop, rem, text, token
from geo.districts import zone_of
from geo.labels import CROPS
from geo.projection import project_xian

Figures = dict[str, Any]

CROP = {"base": list(CROPS["xian"])}
STEPS = ((0.55, "origin-3"), (0.20, "origin-2"), (0.0, "origin-1"))
DOT_REM = 1.9  # diameter of the largest zone's point
# The side on which a small point's number stands, so that neighbours do not write over each other.
SIDES = {
    "hightech": "left",
    "xixian": "left",
    "aerospace": "right",
    "economic": "top",
    "processing": "top",
    "port": "right",
    "bonded": "right",
}
ROOM_FOR_NUMBER = 1.35  # a point at least this large holds its number, others have it beside them


def base() -> dict[str, Any]:
    """What does not depend on the figures."""
    line = {"areaColor": token("land"), "borderColor": token("hair-2"), "borderWidth": rem(0.06)}
    frame = {"left": 0, "right": 0, "top": 0, "bottom": rem(0.7), "aspectScale": 1, "boundingCoords": crop()}
    still = {"emphasis": {"disabled": True}, "select": {"disabled": True}, "selectedMode": False, "roam": False}
    return {
        "animation": False,
        "geo": {"map": "xian", **frame, **still, "itemStyle": line, "regions": []},
        "series": [points()],
    }


def points() -> dict[str, Any]:
    """The series of zones."""
    return {
        "id": "zones",
        "type": "scatter",
        "coordinateSystem": "geo",
        "symbol": "circle",
        "itemStyle": {"color": token("jade"), "opacity": 0.9, "borderColor": token("ground"), "borderWidth": rem(0.1)},
        "label": {"show": True, "formatter": "{b}", "distance": rem(0.25), **text(1.25, NUM, 600)},
        "emphasis": {"disabled": True},
        "data": [],
    }


def option(figures: Figures) -> dict[str, Any]:
    """Districts in three steps of the largest, and a point for each numbered zone."""
    drawn = {"geo": {"regions": regions(figures["districts"])}, "series": [{"id": "zones", "data": zones(figures)}]}
    return described(drawn, words(figures))


def regions(districts: list[Figures]) -> list[dict[str, Any]]:
    """The tint of every district that vehicles come from."""
    most = max((d["vehicles"] for d in districts), default=0)
    return [
        {"name": d["name"], "itemStyle": {"areaColor": token(step(d["vehicles"], most))}}
        for d in districts
        if d["vehicles"]
    ]


def step(vehicles: int, most: int) -> str:
    """The token of a district's tint."""
    share = vehicles / most if most else 0
    return next(name for floor, name in STEPS if share > floor or floor == 0.0)


def zones(figures: Figures) -> list[dict[str, Any]]:
    """Points numbered as in the list beside the map; a zone whose place is not known has no point."""
    numbered = numbered_zones(figures)
    most = max((zone["vehicles"] for zone in numbered), default=0)
    items = [zone_item(i, zone, most) for i, zone in enumerate(numbered, 1)]
    return [item for item in items if item]


def zone_item(number: int, zone: Figures, most: int) -> dict[str, Any] | None:
    """One point; its area, not its diameter, stands for the vehicles."""
    known = zone_of(zone["key"])
    if known is None:
        return None
    size = max(0.45, DOT_REM * (zone["vehicles"] / most) ** 0.5) if most else 0.45
    inside = {"position": "inside", "color": token("ground"), "textBorderWidth": 0}
    label = inside if size >= ROOM_FOR_NUMBER else {"position": SIDES.get(known.key, "right")}
    at = [round(v, 2) for v in project_xian(*known.point)]
    return {"name": str(number), "key": zone["key"], "value": at, "symbolSize": rem(round(size, 3)), "label": label}


def words(figures: Figures) -> str:
    """The map in words."""
    places = [*numbered_zones(figures), *figures["districts"]]
    return "货源地，台：" + "，".join(f"{place['name']} {f.count(place['vehicles'])}" for place in places)

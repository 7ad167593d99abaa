"""The names on the flow maps: placed by hand, else where there is room, and at the edge for what lies outside."""

from collections.abc import Iterable, Iterator
from typing import Any

from dashboard import format as f
from dashboard import places
from dashboard.fitting import width
from dashboard.label_room import Label, Room
from dashboard.panels_map import MapPanel, Point
from dashboard.theme import CN, NUM, T_HEAD, T_MIN, edge, text

Figures = dict[str, Any]

GLYPHS = {"left": "◂", "right": "▸", "top": "▴", "bottom": "▾"}
EDGE_REM = 1.2  # how far from the edge a name stands
EDGE_SLOTS = 4  # names at one edge; what is beyond is summed in the last


def layer() -> dict[str, Any]:
    """The series of names: a point without size that carries name and figure."""
    return {
        "id": "names",
        "type": "scatter",
        "coordinateSystem": "geo",
        "z": 7,
        "symbolSize": 0.01,
        "itemStyle": {"opacity": 1},
        "label": {"show": True, "position": "inside", "rich": {"a": text(T_MIN, CN, 500), "b": text(T_HEAD, NUM, 600)}},
        "emphasis": {"disabled": True},
        "data": [],
    }


def port_items(form: str) -> list[dict[str, Any]]:
    """Ports named on this map, each with the side on which its name stands."""
    return [{"name": name, "value": list(at), "label": {"position": side}} for name, at, side in places.ports(form)]


def items(figures: Figures, panel: MapPanel) -> list[dict[str, Any]]:
    """Names and vehicles of the destinations on this map; by hand first, then the others where they fit."""
    room, rows = Room(panel, fixed(panel)), figures["countries"]
    known = [(row, places.anchor(row["key"], panel.form)) for row in rows]
    by_hand = [(row, at) for row, at in known if at is not None]
    drawn = [at_place(row, at.at, at.align, at.short, room) for row, at in by_hand]
    if panel.form == "lens":
        return drawn
    others = [row for row, at in known if at is None and places.inside(row["key"])]
    drawn += [item for row in others if (item := where_free(row, room))]
    return drawn + at_edges(list(outside(rows, panel)), panel, room)


def fixed(panel: MapPanel) -> Iterator[Label]:
    """What stands on the map before any country: title, Xi'an and ports."""
    left, _, __, top = panel.box
    k = panel.km_per_rem
    yield Label((left + 4.0 * k, top - 1.6 * k), 7.0, 2.4)
    yield Label((places.XIAN[0], places.XIAN[1] - 1.0 * k), 3.6, 3.6)
    for name, (x, y), side in places.ports(panel.form):
        wide = width(name, T_MIN)
        shift = {"right": (wide / 2 + 0.6, 0), "left": (-wide / 2 - 0.6, 0), "top": (0, 1.1), "bottom": (0, -1.1)}[side]
        yield Label((x + shift[0] * k, y + shift[1] * k), wide + 0.6, 1.5)


def figure_width(name: str, vehicles: int) -> float:
    """Width in rem of a name with its figure."""
    return width(name, T_MIN) + 0.35 + 0.66 * len(f.count(vehicles))


def at_place(row: Figures, at: Point, align: str, short: str, room: Room) -> dict[str, Any]:
    """A label whose place is known; it takes its room whether or not there is any."""
    name = short or row["name"]
    label = Label.aligned(at, figure_width(name, row["vehicles"]), align, room.panel.km_per_rem)
    at = at[0] + room.inward(label), at[1]
    room.take(Label.aligned(at, label.width, align, room.panel.km_per_rem))
    return item(row, name, [round(v) for v in at], align, {"seen": [round(v) for v in at]})


def where_free(row: Figures, room: Room) -> dict[str, Any] | None:
    """A label in or beside its country; None where there is no room (the ranking names it all the same)."""
    at = places.inside(row["key"])
    if at is None or not room.panel.shows(at):
        return None
    found = room.find(at, figure_width(row["name"], row["vehicles"]))
    return (
        item(row, row["name"], [round(v) for v in found], "center", {"seen": [round(v) for v in found]})
        if found
        else None
    )


def item(row: Figures, name: str, value: list[Any], align: str, when: dict[str, Any]) -> dict[str, Any]:
    """One entry of the series."""
    label = {"align": align, "formatter": f"{{a|{name}}}{{b| {f.count(row['vehicles'])}}}"}
    return {"name": row["name"], "key": row["key"], "value": value, "__when__": when, "label": label}


def outside(rows: Iterable[Figures], panel: MapPanel) -> Iterator[tuple[Figures, str, float, Point]]:
    """Destinations beyond the picture: with the side on which they leave it, and where along that side."""
    for row in rows:
        hand = places.anchor(row["key"], panel.form)
        at = hand.at if hand else places.inside(row["key"])
        if at is not None and not panel.shows(at):
            side, along = leaving(places.line(row["key"]) or (at,), panel)
            yield row, side, along, at


def leaving(path: Iterable[Point], panel: MapPanel) -> tuple[str, float]:
    """Where a path first leaves the picture."""
    left, bottom, right, top = panel.box
    x, y = next((point for point in path if not panel.shows(point)), (left, top))
    beyond = {"left": left - x, "right": x - right, "top": y - top, "bottom": bottom - y}
    side = max(beyond, key=lambda name: beyond[name])
    return side, y if side in ("left", "right") else x


def at_edges(leavers: list[tuple[Figures, str, float, Point]], panel: MapPanel, room: Room) -> list[dict[str, Any]]:
    """Names at the edges, as many as there are slots; the last slot sums those that have none."""
    drawn: list[dict[str, Any]] = []
    for side in GLYPHS:
        mine = [leaver for leaver in leavers if leaver[1] == side]
        if len(mine) > EDGE_SLOTS:
            mine = [*mine[: EDGE_SLOTS - 1], summed(mine[EDGE_SLOTS - 1 :])]
        drawn += [found for leaver in mine if (found := at_edge(leaver, panel, room))]
    return drawn


def summed(leavers: list[tuple[Figures, str, float, Point]]) -> tuple[Figures, str, float, Point]:
    """Several destinations beyond one edge under one name."""
    _, side, along, at = leavers[0]
    vehicles = sum(leaver[0]["vehicles"] for leaver in leavers)
    return {"key": "", "name": f"其他 {len(leavers)} 国", "vehicles": vehicles}, side, along, at


def at_edge(leaver: tuple[Figures, str, float, Point], panel: MapPanel, room: Room) -> dict[str, Any] | None:
    """◂ name figure, at the side where it leaves; moved along the edge until nothing else is there."""
    row, side, along, at = leaver
    name = f"{GLYPHS[side]} {row['name']}"
    align = side if side in ("left", "right") else "center"
    found = room.slide(side, along, figure_width(name, row["vehicles"]), EDGE_REM)
    if found is None:
        return None
    inset: Any = edge(side, EDGE_REM)
    value = [inset, round(found)] if align != "center" else [round(found), inset]
    return item(row, name, value, align, {"unseen": [round(v) for v in at]})

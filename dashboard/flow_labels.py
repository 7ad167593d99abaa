"""The names on the flow maps: placed by hand, else where there is room, and at the edge for what lies outside."""

from collections.abc import Iterable, Iterator
from typing import Any

from dashboard import format as f
from dashboard.fitting import width
from dashboard.label_room import Label, Room
from dashboard.panels_map import REGIONAL, MapPanel
from dashboard.theme import CN, NUM, T_HEAD, T_MIN, edge, rem, text
from geo.countries import outline_of, short_of
from geo.labels import Anchor, anchor, port_marks
from geo.ports import XIAN
from geo.projection import Point, project
from geo.routes import route_to
from geo.shapes import country_points

Figures = dict[str, Any]

GLYPHS = {"left": "◂", "right": "▸", "top": "▴", "bottom": "▾"}
EDGE_REM = 1.2  # how far from the edge a name stands
IN_LINES, BESIDE_LINES = 6, 2  # how far from its point a name may stand, in its own country and beside it
ABOVE_REM, BELOW_REM = -0.72, 0.95  # how far above or below its mark a port's name may stand
EDGE_SLOTS = 4  # names at one edge; what is beyond is summed in the last


def layer(name_size: float = T_MIN, figure_size: float = T_HEAD) -> dict[str, Any]:
    """The series of names: a point without size that carries name and figure, sizes in rem."""
    rich = {"a": text(name_size, CN, 500), "b": text(figure_size, NUM, 600)}
    return {
        "id": "names",
        "type": "scatter",
        "coordinateSystem": "geo",
        "z": 7,
        "symbolSize": 0.01,
        "itemStyle": {"opacity": 1},
        "label": {"show": True, "position": "inside", "rich": rich},
        "emphasis": {"disabled": True},
        "data": [],
    }


def port_items(form: str) -> list[dict[str, Any]]:
    """Ports named on this map, each with the side on which its name stands."""
    return [
        {"name": port.name, "key": port.key, "value": rounded(at), "label": placed(side)}
        for port, at, side in port_marks(form)
    ]


def placed(side: str) -> dict[str, Any]:
    """Where a port's name stands as ECharts has it: beside the mark, and half a line up or down where geo says so."""
    if side == "below":
        return {"position": "bottom", "offset": [rem(0.8), rem(0.3)]}
    shift = {"above-right": ABOVE_REM, "below-right": BELOW_REM}.get(side)
    return {"position": side} if shift is None else {"position": "right", "offset": [0, rem(shift)]}


def rounded(at: Point) -> list[float]:
    """A point as sent, to the km."""
    return [round(at[0]), round(at[1])]


def items(figures: Figures, panel: MapPanel) -> list[dict[str, Any]]:
    """Names and vehicles of the destinations on this map; by hand first, then the others where they fit."""
    room = Room(panel, fixed(panel))
    rows = [(row, anchor(row["key"], panel.form)) for row in figures["countries"] if row["key"] in country_points()]
    drawn = [by_hand(row, at, room) for row, at in rows if at.by_hand]
    if panel.form in REGIONAL:
        return drawn
    drawn += [item for row, at in rows if not at.by_hand and (item := where_free(row, at.at, room))]
    return drawn + at_edges(list(outside(rows, figures["flows"], panel)), panel, room)


def fixed(panel: MapPanel) -> Iterator[Label]:
    """What stands on the map before any country: title, Xi'an and ports."""
    left, _, __, top = panel.box
    k, (x, y) = panel.km_per_rem, project(*XIAN)
    yield Label((left + 4.0 * k, top - 1.6 * k), 7.0, 2.4)
    yield Label((x, y - 1.0 * k), 3.6, 3.6)
    for port, (x, y), side in port_marks(panel.form):
        wide = width(port.name, T_MIN)
        dx, dy = {"right": (wide / 2 + 0.6, 0.0), "left": (-wide / 2 - 0.6, 0.0)}.get(side, (0.0, 1.1))
        yield Label((x + dx * k, y + dy * k), wide + 0.6, 1.5)


def figure_width(name: str, vehicles: int) -> float:
    """Width in rem of a name with its figure."""
    return width(name, T_MIN) + 0.35 + 0.66 * len(f.count(vehicles))


def by_hand(row: Figures, placed: Anchor, room: Room) -> dict[str, Any]:
    """A label whose place is known; it takes its room whether or not there is any."""
    name, k = placed.short or row["name"], room.panel.km_per_rem
    label = Label.aligned(placed.at, figure_width(name, row["vehicles"]), placed.align, k)
    at = placed.at[0] + room.inward(label), placed.at[1]
    room.take(Label.aligned(at, label.width, placed.align, k))
    return item(row, name, rounded(at), placed.align, {"seen": rounded(at)})


def where_free(row: Figures, at: Point, room: Room) -> dict[str, Any] | None:
    """A label in its country, in short if need be, or close beside a small one; None where there is no room at all."""
    if not room.panel.shows(at):
        return None
    short, own = short_of(row["key"]), outline_of(row["key"])
    for name, outline, lines in ((row["name"], own, IN_LINES), (short, own, IN_LINES), (row["name"], "", BESIDE_LINES)):
        if found := room.find(at, figure_width(name, row["vehicles"]), outline, lines):
            return item(row, name, rounded(found), "center", {"seen": rounded(found)})
    return None


def item(row: Figures, name: str, value: list[Any], align: str, when: dict[str, Any]) -> dict[str, Any]:
    """One entry of the series."""
    label = {"align": align, "formatter": f"{{a|{name}}}{{b| {f.count(row['vehicles'])}}}"}
    return {"name": row["name"], "key": row["key"], "value": value, "__when__": when, "label": label}


def outside(
    rows: Iterable[tuple[Figures, Anchor]], flows: list[Figures], panel: MapPanel
) -> Iterator[tuple[Figures, str, float, Point]]:
    """Destinations beyond the picture: with the side on which they leave it, and where along that side."""
    modes = {flow["country"]: flow for flow in sorted(flows, key=lambda flow: flow["vehicles"])}
    for row, placed in rows:
        if not panel.shows(placed.at):
            flow = modes.get(row["key"])
            path = route_to(row["key"], flow["mode"], flow["office"]).path if flow else (placed.at,)
            side, along = leaving(path, panel)
            yield row, side, along, placed.at


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
    return item(row, name, value, align, {"unseen": rounded(at)})

"""The texts and tables of the wall of the corridor to Central Asia as element trees."""

from typing import Any

from dashboard import format as f
from dashboard.markup import Node, el, group, number, proved
from dashboard.panels import measured, noted_tile, share_css, toned
from dashboard.panels_ports import port_table
from datasources.figure_keys import SHARE, key_of
from datasources.names import office_name
from datasources.wall_faces import FIVE

Figures = dict[str, Any]

PORT_ROWS = {"base": 7, "wide": 9}
MATRIX_PORTS = {"base": 6, "wide": 8}
HEAT = ((0.5, "origin-3"), (0.15, "origin-2"), (0.0, "origin-1"))  # of the largest cell
COLUMNS = ("名次", "升降", "国家", "台", "万元", "占全市", "同比")


def hero(figures: Figures) -> Node:
    """The first figure: value of exports to the five, its change, and which part of the city's exports it is."""
    total = figures["asia"]["total"]
    amount, yoy = f.money(total["cny_cents"]), f.change(total["cny_yoy"])
    key = key_of("year", "cny_cents", country=FIVE)
    big = el(
        "div",
        "big",
        el("span", "n long" if len(amount.text) > 6 else "n", amount.text, **proved(amount.text, key)),
        el("span", "u", amount.unit),
        el("aside", "", "同比", el("span", f"d {yoy.tone}", yoy.text)),
    )
    bar = el("div", "goal", el("i", "", style={"width": share_css(total["cny_share"])}))
    part = el("div", "goalt", el("span", "", "占全市出口额"), el("span", "", number(f.percent(total["cny_share"]))))
    each = el("div", "pair", "单车均价 ", number(f.wan_fine(total["average_cny_cents"])), " 万元")
    return group(big, bar, part, each)


def kpi(figures: Figures) -> Node:
    """Vehicles, their part of the city's, and how they travel."""
    total, asia = figures["asia"]["total"], figures["asia"]
    rail, road = (mode_share(asia, mode) for mode in ("3", "4"))
    text, part = f.count(total["vehicles"]), f.percent(total["vehicles_share"])
    yoy, whole = toned(f.change(total["vehicles_yoy"]), "同比"), f"全市 {f.count(figures['year']['vehicles'])} 台"
    return group(
        noted_tile("出口车辆 台", text, yoy, key_of("year", "vehicles", country=FIVE)),
        noted_tile("占全市台数", part, whole, key_of("year", SHARE, country=FIVE)),
        noted_tile("铁路占比", f.percent(rail), f"公路 {f.percent(road)}"),
    )


def mode_share(asia: Figures, mode: str) -> float | None:
    """The part of the five's vehicles that travels by a mode; None where there are none."""
    whole = sum(row["vehicles"] for row in asia["ports"])
    return sum(row["vehicles"] for row in asia["ports"] if row["mode"] == mode) / whole if whole else None


def countries(figures: Figures) -> Node:
    """The five with their places among all destinations, and their sum."""
    rows = figures["asia"]["countries"]
    most = max((row["vehicles"] for row in rows), default=0)
    cells = [el("th", "" if i > 2 else "quiet", name, scope="col") for i, name in enumerate(COLUMNS)]
    body = [country(row, most) for row in rows] or [vacant() for _ in FIVE]
    return group(el("thead", "", el("tr", "", *cells)), el("tbody", "", *body, summed(figures["asia"]["total"])))


def country(row: Figures, most: int) -> Node:
    """One country; its rule is the bar."""
    step, yoy = f.move(row["move"]), f.change(row["yoy"])
    part = f.percent(row["share"])
    return el(
        "tr",
        "",
        el("td", "", f.NONE if row["rank"] is None else str(row["rank"])),
        el("td", f"d {step.tone}", step.text),
        el("td", "", row["name"]),
        *measured(row, "country", row["key"]),
        el("td", "n", el("span", "", part, **proved(part, key_of("year", SHARE, country=row["key"])))),
        el("td", f"d {yoy.tone}", yoy.text),
        style={"--w": share_css(row["vehicles"] / most if most else 0)},
        **{"data-key": row["key"]},
    )


def vacant() -> Node:
    """A row before the first figures."""
    return el("tr", "", *(el("td", "", "—" if i == 2 else "") for i in range(len(COLUMNS))))


def summed(total: Figures) -> Node:
    """The sum of the five."""
    yoy = f.change(total["vehicles_yoy"])
    part = f.percent(total["vehicles_share"])
    return el(
        "tr",
        "sum",
        el("td"),
        el("td"),
        el("td", "rest", "五国合计"),
        *(measured(total, "country", FIVE)),
        el("td", "n", el("span", "", part, **proved(part, key_of("year", SHARE, country=FIVE)))),
        el("td", f"d {yoy.tone}", yoy.text),
    )


def ports(figures: Figures) -> Node:
    """Places of exit and modes, of the five alone."""
    return port_table(figures["asia"]["ports"], PORT_ROWS, "占五国", {"country": FIVE})


def matrix(figures: Figures) -> Node:
    """Which country is reached through which port, in vehicles: a heat table with sums at both ends."""
    asia = figures["asia"]
    cells = by_port(asia["flows"])
    offices = sorted({office for _, office in cells}, key=lambda o: (-column_sum(cells, o), o))
    return group(*(table(asia["countries"], cells, offices, form) for form in ("base", "wide")))


def by_port(flows: list[Figures]) -> dict[tuple[str, str], int]:
    """Vehicles by country and office, whatever the mode."""
    cells: dict[tuple[str, str], int] = {}
    for flow in flows:
        cell = flow["country"], flow["office"]
        cells[cell] = cells.get(cell, 0) + flow["vehicles"]
    return cells


def column_sum(cells: dict[tuple[str, str], int], office: str) -> int:
    """All vehicles of one office."""
    return sum(count for (_, at), count in cells.items() if at == office)


def table(rows: list[Figures], cells: dict[tuple[str, str], int], offices: list[str], form: str) -> Node:
    """The heat table of one composition; offices without a column are summed in the last."""
    shown, rest = offices[: MATRIX_PORTS[form]], tuple(offices[MATRIX_PORTS[form] :])
    columns = [(office,) for office in shown] + ([rest] if rest else [])
    names = [office_name(one[0]) if len(one) == 1 else "其他" for one in columns]
    most = max(cells.values(), default=0)
    head = el("tr", "", *(el("th", "", name, scope="col") for name in ("", *names, "合计")))
    body = [matrix_row(row["name"], (row["key"],), cells, columns, most) for row in rows]
    body = body or [el("tr", "", *(el("td", "", "—" if i == 0 else "") for i in range(2))) for _ in FIVE]
    total = matrix_row("合计", FIVE, cells, columns, 0, "sum")
    return el("table", form, el("thead", "", head), el("tbody", "", *body, total))


def matrix_row(
    name: str,
    keys: tuple[str, ...],
    cells: dict[tuple[str, str], int],
    columns: list[tuple[str, ...]],
    most: int,
    cls: str = "",
) -> Node:
    """One country, or all of them (`most` 0: without tints)."""
    counts = [sum(cells.get((key, office), 0) for key in keys for office in one) for one in columns]
    drawn = [
        heat(count, most, key_of("year", "vehicles", country=keys, exit_office=one))
        for count, one in zip(counts, columns, strict=True)
    ]
    whole = sum(counts)
    text = f.count(whole) if cells else f.NONE
    end = el("td", "n all", el("span", "", text, **proved(text, key_of("year", "vehicles", country=keys))))
    return el("tr", cls, el("td", "", name), *drawn, end)


def heat(count: int, most: int, key: str) -> Node:
    """One cell, tinted by its part of the largest; nothing is a dot and not a figure to be read."""
    if not count:
        return el("td", "flat", "·")
    text = f.count(count)
    tint = next(name for floor, name in HEAT if count > floor * most) if most else ""
    style = {"style": {"background": f"var(--{tint})"}} if tint else {}
    return el("td", "n", el("span", "", text, **proved(text, key)), **style)

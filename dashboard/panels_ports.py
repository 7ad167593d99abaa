"""Tables of places of exit by mode of transport, which several faces of the wall show."""

from typing import Any

from dashboard import format as f
from dashboard.fitting import fitted
from dashboard.markup import Node, el, group, number, proved
from dashboard.panels import share_css, slot
from datasources.figure_keys import key_of
from datasources.names import MODES, office_name

Figures = dict[str, Any]

DASH = {"3": "", "4": "10 5", "2": "3 4"}  # as on the map; other modes have no line there
NAME_REM = 8.0


def port_table(rows: list[Figures], counts: dict[str, int], whole: str, filters: dict[str, Any]) -> Node:
    """A fixed number of rows: place, mode, vehicles and their part of all; the last row sums what has none of its own.

    rows: office, mode, vehicles and share, largest first. filters: what else the figures are limited to, for the proof.
    """
    cells = [
        el("th", "quiet" if i == 0 else "", name, scope="col") for i, name in enumerate(("口岸", "方式", "台", whole))
    ]
    most = max((row["vehicles"] for row in rows), default=0)
    body = [line(row, most, slot(i, counts), filters) for i, row in enumerate(rows[: counts["wide"]])]
    body += [vacant(slot(i, counts)) for i in range(len(body), counts["wide"])]
    rest = [others(rows[counts[form] :], form) for form in ("base", "wide")]
    return group(el("thead", "", el("tr", "", *cells)), el("tbody", "", *body, *rest))


def line(row: Figures, most: int, cls: str, filters: dict[str, Any]) -> Node:
    """One place and mode; its rule is the bar."""
    text = f.count(row["vehicles"])
    key = key_of("year", "vehicles", **filters, transport_mode=row["mode"], exit_office=row["office"])
    name = office_name(row["office"])
    return el(
        "tr",
        cls,
        el("td", "", fitted(name, NAME_REM), title=name),
        el("td", "mo", *swatch(row["mode"]), MODES.get(row["mode"], "其他")),
        el("td", "n jade", el("span", "", text, **proved(text, key))),
        el("td", "n", f.percent(row["share"])),
        style={"--w": share_css(row["vehicles"] / most if most else 0)},
    )


def swatch(mode: str) -> list[Node]:
    """A short piece of the mode's line as it looks on the map."""
    if mode not in DASH:
        return []
    stroke = {"stroke": "var(--jade)", "strokeWidth": "5" if mode == "3" else "4"}
    dashed = {"strokeDasharray": DASH[mode]} if DASH[mode] else {}
    return [
        el("svg", "", el("path", "", d="M0 6H36", **stroke, **dashed), viewBox="0 0 36 12", **{"aria-hidden": True})
    ]


def vacant(cls: str) -> Node:
    """A row with nothing in it: its rule keeps the table's measure."""
    return el("tr", cls, *(el("td", "", "\u00a0") for _ in range(4)))


def others(rest: list[Figures], form: str) -> Node:
    """The sum of the places below the last row of this composition."""
    if not rest:
        return vacant(form)
    share = sum(row["share"] or 0 for row in rest)
    count = number(f.count(sum(row["vehicles"] for row in rest)))
    cells = el("td", "n jade", count), el("td", "n", f.percent(share))
    return el("tr", form, el("td", "rest", f"其他 {len(rest)} 项"), el("td"), *cells)

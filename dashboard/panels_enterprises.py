"""The texts and tables of the wall of enterprises as element trees."""

from typing import Any

from dashboard import format as f
from dashboard.fitting import fitted
from dashboard.markup import Node, el, group, number, proved
from dashboard.panels import measured, share_css, slot, toned
from dashboard.panels_process import numbered_zones
from datasources.figure_keys import SHARE, key_of

Figures = dict[str, Any]

ROWS = {"base": 15, "wide": 18}
CHANGE_ROWS = {"base": 5, "wide": 8}
ZONE_ROWS, DISTRICT_ROWS = 5, 14
NAME_REM = 22.5
COLUMNS = ("名次", "升降", "企业", "台", "万元", "占比", "同比")


def hero(figures: Figures) -> Node:
    """The first figure: how many enterprises export, and which part of all vehicles the five largest hold."""
    year, wall = figures["year"], figures["enterprise_wall"]
    count, change = f.count(year["enterprises"]), f.delta(year["enterprises_delta"])
    big = el(
        "div",
        "big ink",
        el("span", "n", count, **proved(count, key_of("year", "enterprises"))),
        el("span", "u", "家"),
        el("aside", "", "较上年同期", el("span", f"d {change.tone}", change.text)),
    )
    part, before = wall["top_share"], wall["top_share_before"]
    tick = [] if before is None else [el("s", "", style={"left": share_css(before)})]
    bar = el("div", "goal jade", el("i", "", style={"width": share_css(part)}), *tick)
    text = f.percent(part)
    key = key_of("year", SHARE, enterprise=tuple(wall["top"])) if wall["top"] else ""
    told = el("span", "", "前 5 家占台数 ", number(text, proof=key))
    parts = el("div", "goalt", told, el("span", "", "上年同期 ", number(f.percent(before))))
    amount = f.money(year["cny_cents"])
    vehicles = number(f.count(year["vehicles"]), "jade", key_of("year", "vehicles"))
    value = number(amount.text, "gold", key_of("year", "cny_cents"))
    return group(big, bar, parts, el("div", "pair", "共出口 ", vehicles, " 台，", value, f" {amount.unit}"))


def kpi(figures: Figures) -> Node:
    """New enterprises, and what one enterprise exports on the average."""
    wall = figures["enterprise_wall"]
    each, cents = wall["vehicles_each"], wall["cny_each_cents"]
    keys = tuple(wall["entrants_keys"])
    new = number(f.count(wall["entrants"]), proof=key_of("year", "enterprises", enterprise=keys) if keys else "")
    vehicles = number(f.NONE if each is None else f.rounded(each, 1 if each < 100 else 0))
    return group(
        el(
            "div",
            "",
            el("span", "label", "新增企业 家"),
            new,
            el("span", "d quiet", f"出口 {f.count(wall['entrants_vehicles'])} 台"),
        ),
        el(
            "div",
            "",
            el("span", "label", "户均 台"),
            vehicles,
            el("span", "d", toned(f.change(wall["vehicles_each_yoy"]), "同比")),
        ),
        el(
            "div",
            "",
            el("span", "label", "户均 万元"),
            number(f.wan(cents)),
            el("span", "d", toned(f.change(wall["cny_each_yoy"]), "同比")),
        ),
    )


def table(figures: Figures) -> Node:
    """The ranking of exporters under their full names; what gets no row of its own is summed in the last one."""
    rows = figures["enterprises"]
    most = max((row["vehicles"] for row in rows), default=0)
    cells = [el("th", "" if i > 2 else "quiet", name, scope="col") for i, name in enumerate(COLUMNS)]
    body = [enterprise(row, most, slot(i, ROWS)) for i, row in enumerate(rows[: ROWS["wide"]])]
    body += [vacant(slot(i, ROWS), not rows) for i in range(len(body), ROWS["wide"])]
    rest = [others(figures, form) for form in ("base", "wide")]
    return group(el("thead", "", el("tr", "", *cells)), el("tbody", "", *body, *rest))


def enterprise(row: Figures, most: int, cls: str) -> Node:
    """One enterprise; its rule is the bar."""
    step, yoy, part = f.move(row["move"]), f.change(row["yoy"]), f.percent(row["share"])
    return el(
        "tr",
        cls,
        el("td", "", str(row["rank"])),
        el("td", f"d {step.tone}", step.text),
        el("td", "", fitted(row["name"], NAME_REM), title=row["name"]),
        *measured(row, "enterprise", row["key"]),
        el("td", "n", el("span", "", part, **proved(part, key_of("year", SHARE, enterprise=row["key"])))),
        el("td", f"d {yoy.tone}", yoy.text),
        style={"--w": share_css(row["vehicles"] / most if most else 0)},
        **{"data-key": row["key"]},
    )


def vacant(cls: str, waiting: bool = False) -> Node:
    """A row with nobody in it; before the first figures with a dash."""
    return el("tr", cls, *(el("td", "", "—" if i == 2 and waiting else "\u00a0") for i in range(len(COLUMNS))))


def others(figures: Figures, form: str) -> Node:
    """What the enterprises below the last row amount to; their names are not sent, so there is no proof of it."""
    year, listed = figures["year"], figures["enterprises"][: ROWS[form]]
    count = (year["enterprises"] or 0) - len(listed)
    if count <= 0:
        return vacant(form)
    vehicles, cents = (year[name] - sum(row[name] for row in listed) for name in ("vehicles", "cny_cents"))
    part = f.percent(vehicles / year["vehicles"] if year["vehicles"] else None)
    cells = (
        el("td", "n", f.count(vehicles)),
        el("td", "n", f.wan(cents)),
        el("td", "n", part),
        el("td", "d flat", f.NONE),
    )
    return el("tr", form, el("td"), el("td"), el("td", "rest", f"其他 {count} 家"), *cells)


def changes(figures: Figures) -> Node:
    """Who is new, and who gained or lost most vehicles against the same days of last year."""
    rows = figures["enterprise_wall"]["changes"][: CHANGE_ROWS["wide"]]
    if not rows:
        return el("li", "none", "与上年同期相同")
    return group(*(changed(row, slot(i, CHANGE_ROWS)) for i, row in enumerate(rows)))


def changed(row: Figures, cls: str) -> Node:
    """One enterprise: what became of it, its name, this year's vehicles."""
    gain = f.delta(row["gain"])
    word = "新增" if row["new"] else ("停出口" if row["gone"] else gain.text)
    tone = "none" if row["new"] or row["gone"] else gain.tone
    text = f.count(row["vehicles"])
    key = key_of("year", "vehicles", enterprise=row["key"])
    parts = el("b", f"d {tone}", word), el("span", "", fitted(row["short"], 11.0)), number(text, "jade", key)
    return el("li", cls, *parts, title=row["name"])


def zones(figures: Figures) -> Node:
    """Development zones with the numbers of their points on the map, and what comes from none of them."""
    listed = numbered_zones(figures)[:ZONE_ROWS]
    vehicles = figures["year"]["vehicles"]
    if vehicles is None:
        return el("li", "none", "—")
    rest = vehicles - sum(zone["vehicles"] for zone in listed)
    rows = [place(str(i), zone, "zone") for i, zone in enumerate(listed, 1)]
    return group(*rows, el("li", "", el("span", "n i"), el("span", "quiet", "其他货源地"), number(f.count(rest))))


def districts(figures: Figures) -> Node:
    """Districts and counties, largest first."""
    rows = [place(str(i), row, "district") for i, row in enumerate(figures["districts"][:DISTRICT_ROWS], 1)]
    return group(*rows) if rows else el("li", "none", "—")


def place(mark: str, row: Figures, dimension: str) -> Node:
    """One place of origin."""
    figure = number(f.count(row["vehicles"]), proof=key_of("year", "vehicles", **{dimension: row["key"]}))
    return el(
        "li", "", el("span", "n i", mark), el("span", "", fitted(row["name"], 7.2, 1.125)), figure, title=row["name"]
    )

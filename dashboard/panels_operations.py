"""The texts and tables of the wall of operations as element trees."""

from typing import Any

from dashboard import format as f
from dashboard.fitting import fitted
from dashboard.markup import Node, el, group, number
from dashboard.panels import noted_tile, share_css, toned
from dashboard.panels_ports import port_table
from dashboard.panels_process import period
from datasources.figure_keys import key_of

Figures = dict[str, Any]

PORT_ROWS = {"base": 9, "wide": 9}
NEWS_ROWS = 10
DAY = 1440  # minutes


def in_days(minutes: float | None) -> str:
    """Minutes as days."""
    return f.days(None if minutes is None else minutes / DAY)


def rise(now: float | None, before: float | None) -> f.Change:
    """The relative change of a duration; ― where there is nothing to compare with."""
    return f.change(None if now is None or not before else now / before - 1)


def hero(figures: Figures) -> Node:
    """The first figure: the median days from declaration to clearance, beside last year's."""
    hours = figures["operations"]["hours"]
    now, before = hours["median_minutes"], hours["median_minutes_before"]
    yoy = rise(now, before)
    big = el(
        "div",
        "big ink",
        el("span", "n", in_days(now)),
        el("span", "u", "天"),
        el("aside", "", "较上年", el("span", f"d {yoy.tone}", yoy.text)),
    )
    base = el("div", "pair", el("span", "", f"上年{period(figures)[:-2]} ", number(in_days(before)), " 天"))
    count = el("div", "pair", el("span", "", "已结关 ", number(f.count(hours["declarations"])), " 份报关单的中位数"))
    return group(big, el("div", "goal none"), base, count)


def kpi(figures: Figures) -> Node:
    """The long tail: how long nine in ten take, and how many are quick or slow."""
    hours, bands = figures["operations"]["hours"], figures["operations"]["bands"]
    p90, before = hours["p90_minutes"], hours["p90_minutes_before"]
    quick, slow = (bands[0], bands[-1]) if bands else ({}, {})
    return group(
        noted_tile("九成不超过 天", in_days(p90), toned(rise(p90, before), "较上年")),
        noted_tile("1 天以内", f.percent(quick.get("share")), last_share(quick)),
        noted_tile("15 天以上", f.percent(slow.get("share")), last_share(slow)),
    )


def last_share(band: Figures) -> str:
    """What the share was a year before."""
    return f"上年 {f.percent(band.get('share_before'))}"


def bands(figures: Figures) -> Node:
    """The histogram of clearance times: a bar for each band, a tick where last year's would end."""
    rows = figures["operations"]["bands"]
    most = max((row[name] or 0 for row in rows for name in ("share", "share_before")), default=0) or 1
    return group(*(band(row, most) for row in rows)) if rows else el("li", "none", "—")


def band(row: Figures, most: float) -> Node:
    """One band of the histogram."""
    before = row["share_before"]
    tick = [] if before is None else [el("s", "", style={"left": share_css(before / most)})]
    bar = el("div", "bar", el("i", "", style={"width": share_css((row["share"] or 0) / most)}), *tick)
    figures = number(f.count(row["n"])), number(f.percent(row["share"]), "quiet")
    return el("li", "", el("span", "", row["name"]), bar, *figures)


def ports(figures: Figures) -> Node:
    """Places of exit and modes of all vehicles."""
    cells = [
        {"office": port["key"], "mode": mode["key"], "vehicles": port["vehicles"]}
        for mode in figures["modes"]
        for port in mode["ports"]
    ]
    whole = sum(cell["vehicles"] for cell in cells)
    ordered = sorted(cells, key=lambda cell: (-cell["vehicles"], cell["office"], cell["mode"]))
    rows = [{**cell, "share": cell["vehicles"] / whole if whole else None} for cell in ordered]
    return port_table(rows, PORT_ROWS, "占比", {})


def news(figures: Figures) -> Node:
    """The newest events as a list: when, what, who, where to, through which port, how many, how much."""
    rows = figures["ticker"][:NEWS_ROWS]
    return group(*(event(row) for row in rows)) if rows else el("li", "none", "—")


def event(row: Figures) -> Node:
    """One event; the day stands before the time where it is not today."""
    return el(
        "li",
        "",
        el("span", "n quiet", row["time"]),
        el("span", "st", row["state_name"]),
        el("span", "", f"{fitted(row['enterprise'], 8.8)} → {fitted(row['country'], 8.8)}"),
        el("span", "quiet", f"经{fitted(row['office'], 6.0, 1.125)}"),
        number(f.count(row["vehicles"]), "jade"),
        number(f.wan_fine(row["cny_cents"]), "gold"),
        **{"data-key": row["seq_no"]},
    )


def data(figures: Figures) -> Node:
    """What the figures stand on: whether they agree with the ledger, and how much of it there is."""
    counted = figures["operations"]["data"]
    agree = el("span", "good", "与事务库逐分相符"), el("span", "bad", "未与事务库对平")
    rows = (
        ("本代对账", group(*agree) if figures.get("generation") else f.NONE),
        ("本代截至", number(figures["as_of"][:19].replace("T", " ") or f.NONE)),
        ("报关单", group(number(f.count(counted["declarations"]), proof=key_of("year", "declarations")), " 份")),
        ("商品项", group(number(f.count(counted["items"])), " 项")),
        ("车辆", group(number(f.count(counted["vehicles"]), proof=key_of("year", "vehicles")), " 台")),
    )
    return group(*(el("div", "", el("dt", "", name), el("dd", "", value)) for name, value in rows))

"""The wall's texts as element trees: stages, modes and ports, fuel, places of origin, the news line and alerts."""

from typing import Any

from dashboard import format as f
from dashboard.fitting import fitted, width
from dashboard.markup import Node, el, group, number, proved
from dashboard.panels import Figures, seal, share_css, sound
from dashboard.panels_alerts import alert_parts
from datasources.figure_keys import SHARE, key_of
from geo.districts import zone_of

FUEL_TOKENS = {
    "BEV": "jade",
    "PHEV": "jade-2",
    "HEV": "jade-3",
    "PETROL": "gold-2",
    "DIESEL": "hair-2",
    "OTHER": "gold-3",
}
PORT_TOKENS = ("jade", "jade-2", "jade-3")
MODE_SLOTS = 3
FUEL_PARTS = 4
PORT_ROOM = {"base": 22.4, "wide": 39.0}  # rem beside the name of the mode
ORIGIN_ROWS = {"base": 6, "wide": 8}
ZONE_NUMBERS = 5  # zones that get a numbered point on the district map
NO_SOURCE = "尚无数据源"


def period(figures: Figures) -> str:
    """1—11月累计: the label of the year to date without the year, which the head of the wall says already."""
    return str(figures["year"]["label"]).split("年", 1)[-1]


def fuel(figures: Figures) -> Node:
    """One 100 % bar with its keys below in the same order; 16:9 has room for four parts."""
    parts = figures["fuel"]
    if not parts:
        return el("p", "none", "暂无车辆")
    return group(el("div", "base", *fuel_bar(few(parts))), el("div", "wide", *fuel_bar(parts)))


def few(parts: list[Figures]) -> list[Figures]:
    """At most four parts in their order: the largest three, and the others as one."""
    if len(parts) <= FUEL_PARTS:
        return parts
    kept = sorted(parts, key=lambda part: -part["vehicles"])[: FUEL_PARTS - 1]
    rest = [part for part in parts if part not in kept]
    keys = tuple(part["key"] for part in rest)
    summed = {"key": "OTHER", "keys": keys, "name": "其他", "vehicles": sum(part["vehicles"] for part in rest)}
    return [part for part in parts if part in kept] + [{**summed, "share": sum(part["share"] or 0 for part in rest)}]


def fuel_bar(parts: list[Figures]) -> list[Node]:
    """The bar and its keys."""
    named = [(part, f"var(--{FUEL_TOKENS.get(part['key'], 'gold-3')})") for part in parts]
    bar = [el("i", "", style={"flex": str(part["vehicles"]), "background": tint}) for part, tint in named]
    keys = [el("span", "", part["name"], fuel_share(part), style={"--k": tint}) for part, tint in named]
    return [el("div", "bar", *bar, **{"aria-hidden": True}), el("div", f"keys k{len(parts)}", *keys)]


def fuel_share(part: Figures) -> Node:
    """The share of one kind of drive."""
    text = f.percent(part["share"], 0)
    return el("b", "", text, **proved(text, key_of("year", SHARE, fuel=part.get("keys") or part["key"])))


def flow(figures: Figures) -> Node:
    """The line of eight stations: totals above, the band's width is what is in hand, below in hand and median days."""
    stages = figures["stages"]
    most = max((stage["in_hand"] or 0 for stage in stages), default=0)
    return group(
        el("div", "c st", *(el("div", "", stage["name"]) for stage in stages)),
        el("div", "c ct", *(station_count(stage) for stage in stages)),
        el("div", "c line", *(band(stage, most, i == len(stages) - 1) for i, stage in enumerate(stages))),
        el("div", "c dy", *(below(stage) for stage in stages)),
    )


def below(stage: Figures) -> Node:
    """What stands under a section: how many are in hand there, else the median days, in line with its neighbours."""
    hand = measure(f.count(stage["in_hand"]), "在办", "") if stage["in_hand"] is not None else ""
    days = measure(f.days(stage["median_days"]), "中位", " 天") if stage["median_days"] is not None else ""
    return el("div", "", hand, days) if stage["source"] else el("div", "")


def measure(text: str, name: str, unit: str) -> Node:
    """One measure under a section: its name, the figure and the unit."""
    return el("span", "", f"{name} ", number(text), unit)


def flow_note(figures: Figures) -> str:
    """The unit of the stations, and what stands between and under them."""
    return f"台，{period(figures)}；线宽为在办台数，中位为报关至结关用时"


def approval(figures: Figures) -> str:
    """The approval number of the map; a map without one says so."""
    return f"审图号：{figures['map_approval'] or '未设置'}"


def station_count(stage: Figures) -> Node:
    """The total of a station, or the plain words that nothing feeds it yet."""
    if not stage["source"]:
        return el("div", "none", NO_SOURCE)
    text = f.count(stage["vehicles"])
    if stage["key"] != "cleared":
        return el("div", "", text)
    return el("div", "on", el("span", "", text, **proved(text, key_of("year", "vehicles"))))


def band(stage: Figures, most: int, last: bool) -> Node:
    """The section behind a station; hairline where there is no source, nothing behind the last."""
    state = "on" if stage["key"] == "cleared" else ("" if stage["source"] else "none")
    share = (stage["in_hand"] or 0) / most if most else 0
    return el("div", state, "" if last else el("i", "", style={"--f": f"{share:.3f}"}), el("b", ""))


def ports(figures: Figures) -> Node:
    """Each mode with its share, and a bar divided by its ports."""
    modes = figures["modes"][:MODE_SLOTS]
    most = max((mode["share"] or 0 for mode in modes), default=0)
    return group(*(mode_row(mode, most) for mode in modes)) if modes else el("p", "none", "暂无车辆离境")


def ports_note(figures: Figures) -> Node:
    """The unit, and what the modes without a slot of their own amount to."""
    rest = figures["modes"][MODE_SLOTS:]
    if not rest:
        return "台"
    text = f.count(sum(mode["vehicles"] for mode in rest))
    key = key_of("year", "vehicles", transport_mode=tuple(mode["key"] for mode in rest))
    return group("其他方式 ", el("span", "", text, **proved(text, key)), " · 台")


def mode_row(mode: Figures, most: float) -> Node:
    """One mode of transport."""
    cuts = [
        el("i", "", style={"flex": str(p["vehicles"]), "background": f"var(--{token})"})
        for p, token in zip(portions(mode), PORT_TOKENS, strict=False)
    ]
    length = share_css(max(0.05, (mode["share"] or 0) / most if most else 0))
    lists = [
        el("div", f"pl {form}", *(port(p, mode["key"]) for p in fitting_ports(mode["ports"], PORT_ROOM[form])))
        for form in ("base", "wide")
    ]
    share = number(f.percent(mode["share"]), proof=key_of("year", SHARE, transport_mode=mode["key"]))
    head = el("b", "", mode["name"], share)
    return el(
        "div",
        "mode",
        head,
        el("div", "", el("div", "bar", *cuts, style={"width": length}, **{"aria-hidden": True}), *lists),
        **{"data-key": mode["key"]},
    )


def portions(mode: Figures) -> list[Figures]:
    """The sections of a mode's bar: its two largest ports and the rest, or three."""
    first = mode["ports"][:3]
    if len(mode["ports"]) <= 3:
        return list(first)
    return [*first[:2], {"vehicles": sum(p["vehicles"] for p in mode["ports"][2:])}]


def port(given: Figures, mode: str) -> Node:
    """Name and figure of one port."""
    key = key_of("year", "vehicles", transport_mode=mode, exit_office=given.get("keys") or given["key"])
    return el("span", "", given["name"], number(f.count(given["vehicles"]), proof=key))


def fitting_ports(given: list[Figures], room: float) -> list[Figures]:
    """As many ports as the line holds; the others are summed as 其他, so that the line adds up."""
    for shown in range(len(given), 0, -1):
        rest = given[shown:]
        line = given[:shown] + ([other_ports(rest)] if rest else [])
        if sum(port_width(p) for p in line) <= room + 1.1:
            return line
    return given[:1]


def other_ports(rest: list[Figures]) -> Figures:
    """The ports without room of their own as one."""
    keys = tuple(p["key"] for p in rest)
    return {"name": "其他", "vehicles": sum(p["vehicles"] for p in rest), "keys": keys}


def port_width(given: Figures) -> float:
    """Rem that one port takes in its line, with the gap behind it."""
    return width(given["name"], 1.125) + 0.3 + 0.56 * len(f.count(given["vehicles"])) + 1.1


def origins(figures: Figures) -> Node:
    """Zones with the numbers of their points on the map, then all other places, largest first."""
    zones = numbered_zones(figures)
    others = [zone for zone in figures["zones"] if zone not in zones]
    marked = [(str(i), zone) for i, zone in enumerate(zones, 1)]
    plain = [("", place) for place in sorted([*figures["districts"], *others], key=lambda d: -d["vehicles"])]
    rows = (marked + plain)[: ORIGIN_ROWS["wide"]]
    return (
        group(*(origin(mark, row, i) for i, (mark, row) in enumerate(rows))) if rows else el("li", "none", "暂无货源地")
    )


def numbered_zones(figures: Figures) -> list[Figures]:
    """The development zones that carry a number, largest first: those whose place on the map is known."""
    known = [zone for zone in figures["zones"] if zone_of(zone["key"])]
    return sorted(known, key=lambda z: (-z["vehicles"], z["key"]))[:ZONE_NUMBERS]


def origin(mark: str, row: Figures, index: int) -> Node:
    """One place of origin."""
    cls = "" if index < ORIGIN_ROWS["base"] else "wide"
    name = fitted(row["name"], 7.2, 1.125)
    dimension = "zone" if zone_of(row["key"]) else "district"
    figure = number(f.count(row["vehicles"]), proof=key_of("year", "vehicles", **{dimension: row["key"]}))
    return el("li", cls, el("span", "n i", mark), el("span", "", name), figure, title=row["name"])


def ticker(figures: Figures) -> list[Node]:
    """The newest events, one line each."""
    return [event(entry) for entry in figures["ticker"]] or [el("span", "none", "暂无动态")]


def event(entry: Figures) -> Node:
    """When, who, where to, through which port, how many, how much, and how it stands."""
    return el(
        "span",
        "event",
        el("span", "n quiet", entry["time"]),
        el("span", "", f"{fitted(entry['enterprise'], 8.8)} → {fitted(entry['country'], 8.8)}"),
        el("span", "quiet", f"经{fitted(entry['office'], 6.0, 1.125)}"),
        number(f"{f.count(entry['vehicles'])} 台", "jade"),
        number(f"{f.wan_fine(entry['cny_cents'])} 万元", "gold"),
        el("span", "quiet", entry["state_name"]),
        **{"data-key": entry["seq_no"]},
    )


def alert_text(figures: Figures) -> dict[str, Any]:
    """Every part that tells of alerts; a fault of the figures themselves goes before all others."""
    if not sound(figures):
        return fault_text(figures["fault"] or {"message": "本代数据与事务库未对平", "since": figures["as_of"]})
    return {"seal": seal(True), **alert_parts(figures["alerts"], figures["today"])}


def fault_text(fault: Figures) -> dict[str, Any]:
    """The same parts while something is wrong. The last good figures stay, but no longer under a good seal."""
    words, since = fault.get("message") or "数据发布中断", f"自 {f.clock_minute(fault.get('since') or '')} 起"
    marks = el("span", "sealkey", "未平的数字") if fault.get("figures") else ""
    line = (el("span", "", fitted(words, 33.0)), el("span", "quiet", f"严重 · {since}"), marks)
    return {
        "seal": seal(False),
        "lanetag": el("span", "tag al", "告警 1"),
        "lane": [el("span", "event", *line)],
        "alerts": el(
            "li", "", el("span", "tag al", "严重"), el("span", "", fitted(words, 27.0)), el("small", "", since, marks)
        ),
        "alertsnote": "未关闭 1",
    }

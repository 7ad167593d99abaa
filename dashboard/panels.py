"""The wall's texts and tables as element trees: the first figure, its companions and the rankings."""

from typing import Any

from dashboard import format as f
from dashboard.fitting import fitted
from dashboard.markup import Node, el, group, number, proved
from datasources.figure_keys import key_of

Figures = dict[str, Any]

COUNTRY_ROWS = {"base": 7, "wide": 8}
MODEL_ROWS = {"base": 5, "wide": 8}
ENTERPRISE_ROWS = {"base": 8, "wide": 8}
# Room (base, wide) of the name columns.
COUNTED_BY = {"countries": "country", "models": "model", "enterprises": "enterprise"}
NAME_REM = {"countries": (11.6, 15.2), "models": (11.9, 15.5), "enterprises": (18.2, 18.2)}

NOTHING_YET = "本年暂无结关"


def toned(change: f.Change, base: str = "") -> Node:
    """A change with its base (同比, 环比) in grey behind it."""
    words = el("span", f"d {change.tone}", change.text)
    return group(words, el("span", "flat", f" {base}")) if base else words


def ribbon(figures: Figures) -> Node:
    """The tag of demo data; nothing when the data are real."""
    return el("span", "demo", el("b", "", "演示数据")) if figures["demo"] else ""


def sound(figures: Figures) -> bool:
    """Whether every control total agrees and no fault is open."""
    return bool(figures["reconciled"]) and not figures["fault"]


def seal(good: bool) -> Node:
    """账实相符 or 账实不符: this generation agrees with the source, to the cent, or it does not."""
    words = "账实相符" if good else "账实不符"
    title = "本代数据与事务库逐分相符" if good else "本代数据未能与事务库对平"
    letters = (el("span", "", letter) for letter in words)
    return el("span", "seal" if good else "seal bad", *letters, title=title, role="img", **{"aria-label": words})


def hero(figures: Figures) -> Node:
    """The first figure: this year's value with its change, the goal and the running month."""
    year, month = figures["year"], figures["month"]
    amount = f.money(year["cny_cents"])
    size = "n long" if len(amount.text) > 6 else "n"
    yoy = f.change(year["cny_yoy"])
    big = el(
        "div",
        "big",
        el("span", size, amount.text, **proved(amount.text, key_of("year", "cny_cents"))),
        el("span", "u", amount.unit),
        el("aside", "", "同比", el("span", f"d {yoy.tone}", yoy.text)),
    )
    running = f.money(month["cny_cents"])
    against = group(el("span", "flat", "环比 "), toned(f.change(month["cny_mom"])))
    digits = number(running.text, proof=key_of("month", "cny_cents"))
    pair = el(
        "div",
        "pair",
        el("span", "", f"{month['label']} ", digits, f" {running.unit}"),
        el("span", "d", el("span", "flat", "本月暂无结关") if month["cny_cents"] == 0 else against),
    )
    return group(big, *goal(figures["goal"]), pair)


def goal(given: Figures | None) -> list[Node]:
    """The bar against the year's goal, a tick where the calendar stands; its slot stays without one ({}: unknown)."""
    if not given:
        words = "未设年度目标" if given is None else "\u3000"
        return [el("div", "goal none"), el("div", "goalt", el("span", "", words))]
    done, time = given["done"], given["time"]
    bar = el("div", "goal", el("i", "", style={"width": share_css(done)}), el("s", "", style={"left": share_css(time)}))
    left = el("span", "", f"年度目标 {given['label']}，时序 {f.percent(time)}")
    return [bar, el("div", "goalt", left, el("span", "", "完成 ", number(f.percent(done))))]


def share_css(share: float | None) -> str:
    """A share as a CSS length, held within its bar."""
    return f"{max(0.0, min(1.0, share or 0.0)) * 100:.2f}%"


def kpi(figures: Figures) -> Node:
    """Vehicles, countries of destination and exporting enterprises, each against last year and last month."""
    year, month = figures["year"], figures["month"]
    return group(
        tile("出口车辆 台", year, "vehicles", f.change(year["vehicles_yoy"]), f.change(month["vehicles_mom"])),
        tile("目的国 个", year, "countries", f.delta(year["countries_delta"]), f.delta(month["countries_mom"])),
        tile("出口企业 家", year, "enterprises", f.delta(year["enterprises_delta"]), f.delta(month["enterprises_mom"])),
    )


def tile(label: str, year: Figures, name: str, yoy: f.Change, mom: f.Change) -> Node:
    """A second figure of the year to date with its 同比; 环比 is of the running month, as beside the first figure."""
    changes = (el("span", "d", toned(change, base)) for change, base in ((yoy, "同比"), (mom, "环比")))
    return el("div", "", el("span", "label", label), number(f.count(year[name]), proof=key_of("year", name)), *changes)


def noted_tile(label: str, text: str, below: Node, proof: str = "") -> Node:
    """A second figure with a line of words below it."""
    return el("div", "", el("span", "label", label), number(text, proof=proof), el("span", "d quiet", below))


def countries(figures: Figures) -> Node:
    """The ranking of destinations; what gets no row of its own is summed in the last one, so the column adds up."""
    rows = figures["countries"]
    rest = [others(rows[COUNTRY_ROWS[form] :], rows, form) for form in ("base", "wide")]
    return table(reasoned(ranking(rows, COUNTRY_ROWS, "countries") + rest, figures))


def models(figures: Figures) -> Node:
    """The ranking of models."""
    return table(reasoned(ranking(figures["models"], MODEL_ROWS, "models"), figures))


def enterprises(figures: Figures) -> Node:
    """The ranking of exporters under their short names (ultra-wide walls only)."""
    rows = [{**row, "full": row["name"], "name": row.get("short") or row["name"]} for row in figures["enterprises"]]
    return table(reasoned(ranking(rows, ENTERPRISE_ROWS, "enterprises"), figures))


def reasoned(rows: list[Node], figures: Figures) -> list[Node]:
    """The rows; of a year in which nothing was cleared yet, as on its first morning, the first one says so."""
    none = figures["year"]["vehicles"] == 0 and not figures["countries"]
    return [vacant("", NOTHING_YET), *rows[1:]] if none else rows


def table(rows: list[Node]) -> Node:
    """Head and body of a ranking; units stand once, in the head."""
    names = ("名次", "升降", "名称", "台", "万元", "同比")
    cells = [el("th", "" if i > 2 else "quiet", name, scope="col") for i, name in enumerate(names)]
    return group(el("thead", "", el("tr", "", *cells)), el("tbody", "", *rows))


def ranking(rows: list[Figures], counts: dict[str, int], name: str) -> list[Node]:
    """A fixed number of rows per composition, padded with empty ones: data never change a height."""
    most = max(row["vehicles"] for row in rows) if rows else 0
    filled = [ranked(row, most, slot(i, counts), name) for i, row in enumerate(rows[: counts["wide"]])]
    return filled + [vacant(slot(i, counts)) for i in range(len(filled), counts["wide"])]


def slot(index: int, counts: dict[str, int]) -> str:
    """The class of a row that only the wide composition has room for."""
    return "" if index < counts["base"] else "wide"


def ranked(row: Figures, most: int, cls: str, name: str) -> Node:
    """One place of a ranking; its rule is the bar."""
    step, yoy = f.move(row["move"]), f.change(row["yoy"])
    return el(
        "tr",
        cls,
        el("td", "", str(row["rank"])),
        el("td", f"d {step.tone}", step.text),
        named(row, NAME_REM[name]),
        *measured(row, COUNTED_BY[name], row["key"]),
        el("td", f"d {yoy.tone}", yoy.text),
        style={"--w": share_css(row["vehicles"] / most if most else 0)},
        **{"data-key": row["key"]},
    )


def measured(row: Figures, dimension: str, keys: str | tuple[str, ...]) -> list[Node]:
    """The cells of vehicles and value, each the way to its proof."""
    texts = {"vehicles": f.count(row["vehicles"]), "cny_cents": f.wan(row["cny_cents"])}
    cells = ((text, key_of("year", name, **{dimension: keys})) for name, text in texts.items())
    return [el("td", "n", el("span", "", text, **proved(text, key))) for text, key in cells]


def named(row: Figures, room: tuple[float, float]) -> Node:
    """The name cell, shortened where it would not fit; the full name stays as its title."""
    full = row.get("full") or row["name"]
    base, wide = (fitted(row["name"], rem) for rem in room)
    if base == wide:
        return el("td", "", base, title=full)
    return el("td", "", el("span", "base", base), el("span", "wide", wide), title=full)


def vacant(cls: str, words: str = "—") -> Node:
    """A row with nobody in it yet."""
    return el("tr", cls, *(el("td", "", words if i == 2 else "") for i in range(6)))


def others(rest: list[Figures], all_rows: list[Figures], form: str) -> Node:
    """The sum of the places below the last row of this composition."""
    if not rest:
        return vacant(form)
    summed = {key: sum(row[key] or 0 for row in rest) for key in ("vehicles", "cny_cents")}
    most = max(row["vehicles"] for row in all_rows)
    return el(
        "tr",
        form,
        el("td"),
        el("td"),
        el("td", "rest", f"其他 {len(rest)} 国"),
        *measured(summed, "country", tuple(row["key"] for row in rest)),
        el("td", "d flat", f.NONE),
        style={"--w": share_css(summed["vehicles"] / most if most else 0)},
    )

"""The few figures of an enterprise's own exports on its front page."""

from typing import Any

from dashboard.format import count, money
from dashboard.markup import Node, el, number


def own_text(answer: dict[str, Any]) -> Node:
    """A tree from the answer of datasources.statistics by country, within the enterprise's own rows."""
    total = answer["total"]
    amount = money(total["cny_cents"])
    facts = (
        ("本企业出口额", number(amount.text, "gold"), amount.unit),
        ("出口车辆", number(count(total["vehicles"]), "jade"), "台"),
        ("报关单", number(count(total["declarations"])), "份"),
        ("目的国", number(count(len(answer["rows"]))), "个"),
    )
    cells = [
        el("div", "", el("dt", "", name), el("dd", "", figure, el("span", "u", unit))) for name, figure, unit in facts
    ]
    line = el("p", "asof", ["fresh", {"asOf": answer["as_of"]}])
    return ["", "", el("p", "quiet", "本年已结关 · 离岸价，人民币"), el("dl", "facts", *cells), line]

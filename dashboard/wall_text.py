"""All texts of the wall by part name; the browser hands each to the component of the same name."""

from typing import Any

from dashboard import panels, panels_process
from dashboard.format import count, money
from dashboard.markup import Node, el, number


def wall_text(figures: dict[str, Any]) -> dict[str, Any]:
    """Part name -> tree (for lines that take turns: list of trees)."""
    return {
        "ribbon": panels.ribbon(figures),
        "period": f"{figures['year']['label']} · 人民币",
        "hero": panels.hero(figures),
        "kpi": panels.kpi(figures),
        "countries": panels.countries(figures),
        "models": panels.models(figures),
        "enterprises": panels.enterprises(figures),
        "fuel": panels_process.fuel(figures),
        "origins": panels_process.origins(figures),
        "flow": panels_process.flow(figures),
        "flownote": f"台，{panels_process.period(figures)}；线宽为在办台数，天为报关至结关中位用时",
        "ports": panels_process.ports(figures),
        "portsnote": panels_process.ports_note(figures),
        "approval": f"审图号：{figures['map_approval'] or '未设置'}",
        "ticker": panels_process.ticker(figures),
        **panels_process.alert_text(figures),
    }


def home_text(figures: dict[str, Any]) -> Node:
    """The few figures of the front page, with the age of the data."""
    year = figures["year"]
    amount = money(year["cny_cents"])
    facts = (
        ("出口额", number(amount.text, "gold"), amount.unit),
        ("出口车辆", number(count(year["vehicles"]), "jade"), "台"),
        ("目的国", number(count(year["countries"])), "个"),
        ("出口企业", number(count(year["enterprises"])), "家"),
    )
    cells = [
        el("div", "", el("dt", "", label), el("dd", "", figure, el("span", "u", unit))) for label, figure, unit in facts
    ]
    line = el("p", "asof", ["fresh", {"asOf": figures["as_of"]}], panels.seal(panels.sound(figures)))
    return ["", "", el("p", "quiet", f"{year['label']} · 人民币"), el("dl", "facts", *cells), line]

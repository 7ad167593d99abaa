"""All texts of the wall by part name; the browser hands each to the component of the same name."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from dashboard import panels, panels_asia, panels_enterprises, panels_operations, panels_process
from dashboard.format import count, money
from dashboard.markup import Node, el, number

Figures = dict[str, Any]
Part = Callable[[Figures], Any]
log = logging.getLogger("panorama.publish")

# Every part of the wall's text: its name is that of the component in the browser, so one that fails hurts no other.
TEXTS: dict[str, Part] = {
    "ribbon": panels.ribbon,
    "period": lambda figures: f"{figures['year']['label']} · 人民币",
    "hero": panels.hero,
    "kpi": panels.kpi,
    "countries": panels.countries,
    "models": panels.models,
    "enterprises": panels.enterprises,
    "fuel": panels_process.fuel,
    "origins": panels_process.origins,
    "flow": panels_process.flow,
    "flownote": panels_process.flow_note,
    "ports": panels_process.ports,
    "portsnote": panels_process.ports_note,
    "approval": panels_process.approval,
    "ticker": panels_process.ticker,
    "asia-approval": panels_process.approval,
    "asia-hero": panels_asia.hero,
    "asia-kpi": panels_asia.kpi,
    "asia-countries": panels_asia.countries,
    "asia-ports": panels_asia.ports,
    "asia-matrix": panels_asia.matrix,
    "enterprises-period": lambda figures: str(figures["year"]["label"]),
    "enterprises-hero": panels_enterprises.hero,
    "enterprises-kpi": panels_enterprises.kpi,
    "enterprises-table": panels_enterprises.table,
    "enterprises-changes": panels_enterprises.changes,
    "enterprises-zones": panels_enterprises.zones,
    "enterprises-districts": panels_enterprises.districts,
    "operations-period": lambda figures: str(figures["year"]["label"]),
    "operations-hero": panels_operations.hero,
    "operations-kpi": panels_operations.kpi,
    "operations-bands": panels_operations.bands,
    "operations-flow": panels_process.flow,
    "operations-flownote": panels_process.flow_note,
    "operations-ports": panels_operations.ports,
    "operations-news": panels_operations.news,
    "operations-data": panels_operations.data,
}


def wall_text(figures: Figures) -> dict[str, Any]:
    """Part name -> tree (for lines that take turns: list of trees). Raises whatever a part raises."""
    return {name: part(figures) for name, part in TEXTS.items()} | panels_process.alert_text(figures)


def drawn(parts: Mapping[str, Part], figures: Figures) -> tuple[Figures, list[str]]:
    """What of these parts could be made of the figures, and the names of the others."""
    made: Figures = {}
    for name, part in parts.items():
        try:
            made[name] = part(figures)
        except Exception:
            log.exception("%s 这一部分没有做成，屏上仍是上一份", name)
    return made, [name for name in parts if name not in made]


def home_text(figures: Figures) -> Node:
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

"""The wall without scripts: its whole body as HTML and SVG text, made by the worker from the figures of the minute."""

from typing import Any

from dashboard import panels, panels_process, plain_map
from dashboard.blank import blank_text
from dashboard.plain_trend import trend
from dashboard.tree_html import html_of
from dashboard.wall_text import TEXTS, drawn

Figures = dict[str, Any]

# What is put in when the page is asked for. Figures and names can not hold these: their "<" is always escaped.
AGE, CLOCK, SEAL, LANE, TAG, STATE = (f"<!--{name}-->" for name in ("age", "clock", "seal", "lane", "tag", "state"))
TITLE = "西安市二手车出口全景"
MODES = (("铁路", 6, ""), ("公路", 4, "10 5"), ("海运", 4, "3 4"))


def plain(figures: Figures) -> dict[str, Any]:
    """The part "plain": generation, as_of, the body, and what a fault may replace in it within a generation."""
    told = blank_text() | drawn(TEXTS, figures)[0] | panels_process.alert_text(figures)
    parts = {name: html(tree) if tree else "" for name, tree in told.items()}
    body = "".join((head(parts), *left(figures, parts), middle(figures, parts), *right(parts), foot(parts)))
    state = "" if panels.sound(figures) else " unreconciled"
    return {
        "generation": figures.get("generation", ""),
        "as_of": figures["as_of"],
        "body": f'<main class="wall plain{STATE}">{body}</main>',
        **changeable(told),
        "state": state,
    }


def changeable(told: Figures) -> dict[str, str]:
    """The HTML that goes into the slots: seal, tag of the lane, and the first alert of the lane."""
    return {"seal": html(told["seal"]), "tag": html(told["lanetag"]), "lane": html(told["lane"])}


def in_fault(fault: Figures) -> dict[str, str]:
    """What the slots hold while something is wrong with the figures."""
    state = " unreconciled located" if fault.get("figures") else " unreconciled"
    return {**changeable(panels_process.fault_text(fault)), "state": state}


def html(tree: Any) -> str:
    """A part of the wall as HTML, for the 16:9 composition only; of lines that take turns, the first."""
    turns = isinstance(tree, list) and bool(tree) and isinstance(tree[0], list)
    return html_of(tree[0] if turns else tree, "wide")


def panel(area: str, title: str, body: str, note: str = "", ruled: bool = True) -> str:
    """A panel: no box, one rule above, its title and perhaps a note at the right end of the title's line."""
    small = f"<small>{note}</small>" if note else ""
    return f'<section class="panel {"ruled " if ruled else ""}{area}"><h2>{title}{small}</h2>{body}</section>'


def head(parts: dict[str, str]) -> str:
    """Title, demo tag, age of the data, time of day and the seal."""
    said = f'<div class="said">{AGE}{CLOCK}{SEAL}</div>'
    return f'<header class="head"><h1>{TITLE}</h1>{parts["ribbon"]}{said}</header>'


def left(figures: Figures, parts: dict[str, str]) -> tuple[str, ...]:
    """First figure, second figures, months, places of origin."""
    origins = f"<ol>{parts['origins']}</ol>"
    return (
        panel("hero figure", "出口额", parts["hero"], parts["period"], ruled=False),
        f'<section class="kpi tiles">{parts["kpi"]}</section>',
        panel("trend", "月度出口额", trend(figures), '万元<i class="ly"></i>上年同期'),
        panel("xian", "货源地", plain_map.city(figures) + origins, "台"),
    )


def middle(figures: Figures, parts: dict[str, str]) -> str:
    """The map with its key, and the line of stations."""
    keys = "".join(f"<span>{swatch(thick, dash)}{name}</span>" for name, thick, dash in MODES)
    tints = "".join(f'<i class="sw val-{n}"></i>' for n in (1, 2, 3))
    legend = f'<div class="legend">{keys}<span>线宽、数字为台数</span><span>{tints}底色为金额</span></div>'
    approval = f'<span class="appr">{parts["approval"]}</span>'
    drawn = f'<section class="map">{plain_map.world(figures)}<h2>出口流向</h2>{legend}{approval}</section>'
    return drawn + panel("flow stations", "全流程", parts["flow"], parts["flownote"])


def swatch(thick: int, dash: str) -> str:
    """A short piece of line as it looks on the map."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    line = f'<path class="flow" d="M0 6H42" stroke-width="{thick}"{dashed}/>'
    return f'<svg viewBox="0 0 42 12" aria-hidden="true">{line}</svg>'


def right(parts: dict[str, str]) -> tuple[str, ...]:
    """Rankings, kinds of drive, modes and ports."""
    places = '<em class="l">名次较上年同期</em>'
    return (
        panel("ctry", "目的国" + places, f"<table>{parts['countries']}</table>", ruled=False),
        panel("modl", "车型", f"<table>{parts['models']}</table>"),
        panel("fuel", "动力类型", parts["fuel"], "台数占比"),
        panel("port modes", "运输方式与离境口岸", parts["ports"], parts["portsnote"]),
    )


def foot(parts: dict[str, str]) -> str:
    """The first alert, and the newest event: nothing takes turns without a script."""
    newest = f'<div class="tick"><span class="tag tk">最新动态</span>{parts["ticker"]}</div>'
    return f'<footer class="foot"><div class="lane">{TAG}{LANE}</div>{newest}</footer>'

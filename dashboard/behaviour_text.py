"""What the statistics of behaviour say in words and tables, as trees of page elements."""

from typing import Any

from dashboard.figures_behaviour import CHARTS, WEEKDAYS, role_name, rows_of
from dashboard.format import count
from dashboard.markup import Node, el, number


def table_text(name: str, figures: dict[str, Any]) -> Node:
    """The figures of a chart as a table."""
    if name == "hours":
        body = [[WEEKDAYS[i], *map(count, row)] for i, row in enumerate(figures["hours"])]
        return table(CHARTS[name], ["", *map(str, range(24))], body)
    if name == "daily":
        body = [[day["day"], count(day["visits"]), count(day["users"])] for day in reversed(figures["daily"])]
        return table(CHARTS[name], ["日期", "访问（次）", "活跃用户（人）"], body)
    body = [[label, count(visits), count(users)] for label, visits, users in rows_of(name, figures)]
    return table(CHARTS[name], [CHARTS[name].removeprefix("按"), "访问（次）", "活跃用户（人）"], body)


def table(caption: str, heads: list[str], rows: list[list[str]], figures_from: int = 1) -> Node:
    """A table; columns from `figures_from` on hold digits."""
    cls = ["figure" if i >= figures_from else "" for i in range(len(heads))]
    head = el("tr", "", *(el("th", cls[i], text, scope="col") for i, text in enumerate(heads)))
    body = [el("tr", "", *(["td", cls[i], text] for i, text in enumerate(row))) for row in rows]
    return el("table", "list", el("caption", "", caption), el("thead", "", head), el("tbody", "", *body))


def people_text(figures: dict[str, Any]) -> Node:
    """The most active people."""
    rows = [
        [
            p["login"],
            role_name(p["role"]),
            p["organisation"],
            p["last"].replace("T", " ") + " 时",
            count(p["visits"]),
            count(p["days"]),
        ]
        for p in figures["people"]
    ]
    if not rows:
        return el("p", "empty", "这段时间没有访问记录")
    return table("按访问次数，最多二十人", ["登录名", "角色", "单位", "最近一次", "访问（次）", "来过（天）"], rows, 4)


def totals_text(figures: dict[str, Any]) -> Node:
    """The four figures at the top."""
    totals = figures["totals"]
    facts = (
        ("今日访问", totals["visits_today"], "次"),
        ("今日活跃用户", totals["users_today"], "人"),
        ("近 30 日活跃用户", totals["users_active"], "人"),
        ("注册用户", totals["accounts"], "人"),
    )
    cells = [
        el("div", "", el("dt", "", name), el("dd", "", number(count(n)), el("span", "u", unit)))
        for name, n, unit in facts
    ]
    return ["", "", *cells]


def said_text(figures: dict[str, Any]) -> Node:
    """As of when, and what a visit is."""
    if not figures:
        return el("span", "none", "暂时读不到访问记录，请稍后刷新页面")
    late = "（数据库暂时没有应答，以下是先前的数字）" if figures.get("stale") else ""
    as_of = figures["as_of"][:16].replace("T", " ")
    return [
        "",
        "",
        f"截至 {as_of}{late}。打开一个页面或做一个操作记一次；页面自动刷新不计；有多个角色的用户按第一个角色计。",
    ]

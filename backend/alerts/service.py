"""Alerts: raised once for each rule and subject, and moved on by transitions that nobody can make twice."""

from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, RowMapping, case, func, insert, select, update

from backend.administration.duty import need, plain
from backend.administration.paging import Page, paged
from backend.audit.service import ChainGone, Line, write_lines
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.models import account, alert, alert_transition

Severity = Literal["critical", "warning"]
PROGRAM = "平台"  # Who acts where no person does.
SUBJECT, KEY = 96, 128  # How long the table lets a subject and an open key be.


@dataclass(frozen=True)
class Rule:
    """What an alert is about: its name, how grave it is as a rule, and what to do when it comes."""

    label: str
    severity: Severity
    advice: str


RULES: dict[str, Rule] = {
    "lockout": Rule("账号锁定", "warning", "联系本人核实是否忘记密码；不是本人所为的，请停用账号并查看审计日志"),
    "address_lockout": Rule("地址锁定", "warning", "查明这个网络地址属于哪个单位；不认识的，请在网络上封堵"),
    "refusals": Rule("越权请求突增", "warning", "在审计日志中按账号检索被拒绝的请求，必要时结束其会话或停用账号"),
    "audit_break": Rule(
        "审计链断裂", "critical", "立即保全数据库与签名的链头，由审计管理员运行校验，查明第一条不符的行"
    ),
    "new_administrator": Rule("新增管理员", "warning", "核对是否经过批准；没有批准单的，请收回角色"),
    "clock_skew": Rule("时钟不准", "warning", "检查本机与数据库主机的 NTP 校时；校准之前，审计记录的时间不可靠"),
    "syslog_away": Rule(
        "日志服务器不通", "warning", "检查日志服务器、网络与 PANORAMA_SYSLOG；没有送出的审计日志会在恢复后依次补发"
    ),
    "export_volume": Rule("导出量过大", "warning", "向导出人核实用途；没有理由的，请停用账号并追查文件去向"),
    "silent_screen": Rule(
        "大屏失联", "warning", "查看这块屏是否断电、断网或浏览器已关闭；停用的屏，请在“管理 → 大屏”中关闭失联告警"
    ),
    "screen_differs": Rule(
        "大屏数字不符", "critical", "用“标识”找到这块屏，核对数字后重新载入；仍不符的，请停用这块屏并报告"
    ),
}
STATES = {"firing": "未处理", "acked": "处理中", "resolved": "已恢复"}
SEVERITIES: dict[str, str] = {"critical": "严重", "warning": "注意"}
OPEN = ("firing", "acked")
_ORDER = case((alert.c.state == "firing", 0), (alert.c.state == "acked", 1), else_=2)
_GRAVE_FIRST = case((alert.c.severity == "critical", 0), else_=1)


def raise_alert(
    connection: Connection,
    *,
    rule: str,
    subject: str,
    severity: Severity,
    words: str,
    detail: dict[str, Any] | None = None,
) -> int:
    """Raise an alert within the caller's `writing` transaction; gives its number.

    The same rule and subject again only counts up the open alert and may make it graver, so that a flood stays one
    alert. Raises ValueError for a rule that RULES does not declare.
    """
    if rule not in RULES:
        raise ValueError(f"没有声明的告警规则：{rule}")
    at, subject = now(), subject[:SUBJECT]
    fresh: dict[str, Any] = {"words": words, "detail": detail, "last_at": at}
    if (number := _repeat(connection, _key(rule, subject), severity, fresh)) is not None:
        return number
    row = {"rule": rule, "subject": subject, "severity": severity, "state": "firing", "first_at": at, "times": 1}
    row |= {**fresh, "open_key": _key(rule, subject)}
    number = int(connection.execute(insert(alert).values(row).returning(alert.c.id)).scalar_one())
    _record(connection, at, number, None, "firing", PROGRAM, words)
    said = {"rule": rule, "subject": subject, "severity": severity, "words": words}
    # Of all alerts, the one that the audit is broken must not fail for it.
    with suppress(ChainGone) if rule == "audit_break" else nullcontext():
        write_lines(connection, at, [Line(PROGRAM, "alerts:alert:raise", str(number), detail=said)])
    return number


def acknowledge(engine: Engine, actor: Principal, alert_id: int, note: str) -> None:
    """Take an alert on: others see who is at work on it. Raises Refused, or Unfit when somebody was quicker."""
    _handle(engine, actor, alert_id, ("firing",), "acked", note)


def resolve(engine: Engine, actor: Principal, alert_id: int, note: str) -> None:
    """Close an alert with the reason; if it happens again a new one opens. Raises Refused or Unfit."""
    _handle(engine, actor, alert_id, OPEN, "resolved", note)


def resolve_by_rule(connection: Connection, rule: str, subject: str, note: str) -> bool:
    """Close the open alert of a rule and subject, for the program that sees that all is well again."""
    query = select(alert).where(alert.c.open_key == _key(rule, subject[:SUBJECT]))
    row = connection.execute(query).mappings().first()
    return row is not None and _move(connection, row, "resolved", PROGRAM, note)


def list_alerts(connection: Connection, state: str, rule: str, page: int) -> Page:
    """Alerts of a state ("open" for all that are not resolved, "" for all) and a rule ("" for all), a page of them.

    Open ones come first, then the grave, then the newest. Each row has its `subject` as people call it, and in `hand`
    who handled it last.
    """
    query = select(alert, account.c.login_name).join(account, account.c.id == alert.c.subject, isouter=True)
    order = (_ORDER, _GRAVE_FIRST, alert.c.last_at.desc(), alert.c.id.desc())
    found = paged(connection, query.where(*_chosen(state, rule)).order_by(*order), page)
    hands = _hands(connection, [row["id"] for row in found.rows])
    for row in found.rows:
        row |= {"hand": hands.get(row["id"]), "subject": row["login_name"] or row["subject"]}
    return found


def count_alerts(connection: Connection) -> dict[str, int]:
    """How many alerts there are in each state."""
    found = connection.execute(select(alert.c.state, func.count()).group_by(alert.c.state))
    return dict.fromkeys(STATES, 0) | {state: number for state, number in found}


def alert_of(connection: Connection, alert_id: int) -> tuple[RowMapping, list[RowMapping]] | None:
    """One alert with its transitions, the oldest first; None when there is none of this number."""
    query = select(alert, account.c.login_name).join(account, account.c.id == alert.c.subject, isouter=True)
    row = connection.execute(query.where(alert.c.id == alert_id)).mappings().first()
    if row is None:
        return None
    t = alert_transition.c
    steps = select(alert_transition).where(t.alert_id == alert_id).order_by(t.id)
    return row, list(connection.execute(steps).mappings())


def _key(rule: str, subject: str) -> str:
    return f"{rule}:{subject}"[:KEY]


def _repeat(connection: Connection, key: str, severity: str, fresh: dict[str, Any]) -> int | None:
    graver = {"severity": severity} if severity == "critical" else {}
    values = {**fresh, **graver, "times": alert.c.times + 1}
    number: int | None = connection.scalar(
        update(alert).where(alert.c.open_key == key).values(values).returning(alert.c.id)
    )
    return number


def _handle(engine: Engine, actor: Principal, alert_id: int, before: tuple[str, ...], after: str, note: str) -> None:
    need(actor, "handle:alerts")
    said = plain(note, "note", "处理说明", 2, 200)
    with writing(engine) as connection:
        row = connection.execute(select(alert).where(alert.c.id == alert_id)).mappings().first()
        if row is None:
            raise Unfit("没有这条告警")
        if row["subject"] in (actor.id, actor.name):
            raise Refused("这条告警与您本人有关，请由别人处理")
        if row["state"] not in before or not _move(connection, row, after, actor.name, said):
            raise Unfit(f"这条告警现在是“{STATES[row['state']]}”，已有人先处理，请看下面的经过")


def _move(connection: Connection, row: RowMapping, after: str, actor: str, note: str) -> bool:
    """Claim the transition by the state it starts from: of two who try at once, only one changes a row."""
    at, key = now(), {"open_key": None} if after == "resolved" else {}
    mine = (alert.c.id == row["id"]) & (alert.c.state == row["state"])
    if connection.execute(update(alert).where(mine).values(state=after, **key)).rowcount != 1:
        return False
    _record(connection, at, row["id"], row["state"], after, actor, note)
    verb = {"acked": "acknowledge", "resolved": "resolve"}[after]
    said = {"rule": row["rule"], "subject": row["subject"], "before": row["state"], "after": after, "note": note}
    write_lines(connection, at, [Line(actor, f"alerts:alert:{verb}", str(row["id"]), detail=said)])
    return True


def _record(
    connection: Connection, at: datetime, number: int, before: str | None, after: str, actor: str, note: str
) -> None:
    row = {"alert_id": number, "at": at, "from_state": before, "to_state": after, "actor": actor, "note": note}
    connection.execute(insert(alert_transition).values(row))


def _chosen(state: str, rule: str) -> list[Any]:
    wanted = [alert.c.state.in_(OPEN) if state == "open" else alert.c.state == state] if state else []
    return wanted + ([alert.c.rule == rule] if rule else [])


def _hands(connection: Connection, numbers: list[int]) -> dict[int, str]:
    """Who moved each alert last, for those that a person or the program moved on."""
    t = alert_transition.c
    newest = select(func.max(t.id)).where(t.alert_id.in_(numbers), t.from_state.is_not(None)).group_by(t.alert_id)
    found = connection.execute(select(t.alert_id, t.actor).where(t.id.in_(newest)))
    return {number: actor for number, actor in found}

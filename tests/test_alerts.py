"""One open alert for each thing that went wrong, moved on once by one person, each step on record."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, func, select

from backend.administration.configuration import change
from backend.alerts.service import RULES, acknowledge, alert_of, list_alerts, raise_alert, resolve, resolve_by_rule
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.identity.roles import permissions_of
from backend.models import alert, alert_transition, audit_line
from datasources.scope import ALL
from tests.house import House, post, see

NOTE = "已电话核实，是本人忘记密码"


def somebody(name: str, role: str) -> Principal:
    return Principal("account", f"{name:0>32}", name, (role,), permissions_of([role]), ALL)


WATCH, OTHER = somebody("zhiban1", "monitor"), somebody("zhiban2", "monitor")


def lock_out(engine: Engine, subject: str = "zhang") -> int:
    with writing(engine) as connection:
        return raise_alert(connection, rule="lockout", subject=subject, severity="warning", words=f"{subject} 已锁定")


def state(engine: Engine, number: int) -> Any:
    with engine.connect() as connection:
        found = alert_of(connection, number)
    assert found is not None
    return found


def tags(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(audit_line.c.tag).order_by(audit_line.c.id)))


@pytest.mark.db
def test_the_same_thing_again_only_counts_up_the_open_alert(ledger: Engine) -> None:
    with time_machine.travel("2026-11-24 08:00:00+00:00", tick=False) as clock:
        first = lock_out(ledger)
        clock.shift(600)
        assert lock_out(ledger) == first and lock_out(ledger, "li") != first
    row, steps = state(ledger, first)
    assert (row["times"], row["state"], (row["last_at"] - row["first_at"]).seconds) == (2, "firing", 600)
    assert [(step["from_state"], step["to_state"]) for step in steps] == [(None, "firing")]
    assert tags(ledger) == ["alerts:alert:raise"] * 2


@pytest.mark.db
def test_after_it_was_resolved_the_same_thing_opens_another_alert(ledger: Engine) -> None:
    first = lock_out(ledger)
    resolve(ledger, WATCH, first, NOTE)
    second = lock_out(ledger)
    assert second != first
    assert (state(ledger, first)[0]["state"], state(ledger, second)[0]["state"]) == ("resolved", "firing")


@pytest.mark.db
def test_a_repeat_can_make_an_alert_graver_but_never_milder(ledger: Engine) -> None:
    for severity in ("warning", "critical", "warning"):
        with writing(ledger) as connection:
            number = raise_alert(connection, rule="refusals", subject="x", severity=severity, words="w")  # type: ignore[arg-type]
    assert state(ledger, number)[0]["severity"] == "critical"


@pytest.mark.db
def test_two_people_who_take_an_alert_on_at_once_do_it_once(ledger: Engine) -> None:
    number, start, done, late = lock_out(ledger), threading.Barrier(2), [], []

    def take(actor: Principal) -> None:
        start.wait()
        try:
            acknowledge(ledger, actor, number, NOTE)
            done.append(actor.name)
        except Unfit as no:
            late.append(str(no))

    people = [threading.Thread(target=take, args=(actor,)) for actor in (WATCH, OTHER)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    _, steps = state(ledger, number)
    assert len(done) == 1 and len(late) == 1 and "已有人先处理" in late[0]
    assert [step["actor"] for step in steps if step["to_state"] == "acked"] == done


@pytest.mark.db
def test_each_step_is_on_record_with_who_and_why(ledger: Engine) -> None:
    number = lock_out(ledger)
    acknowledge(ledger, WATCH, number, NOTE)
    resolve(ledger, OTHER, number, "密码已重置")
    _, steps = state(ledger, number)
    told = [(step["to_state"], step["actor"], step["note"]) for step in steps[1:]]
    assert told == [("acked", "zhiban1", NOTE), ("resolved", "zhiban2", "密码已重置")]
    assert tags(ledger) == ["alerts:alert:raise", "alerts:alert:acknowledge", "alerts:alert:resolve"]


@pytest.mark.db
def test_a_step_that_is_taken_back_leaves_no_line_behind(ledger: Engine) -> None:
    with pytest.raises(ZeroDivisionError), writing(ledger) as connection:
        raise_alert(connection, rule="lockout", subject="zhang", severity="warning", words="w")
        raise ZeroDivisionError
    with ledger.connect() as connection:
        rows = [connection.scalar(select(func.count()).select_from(t)) for t in (alert, alert_transition, audit_line)]
    assert rows == [0, 0, 0]


def test_nobody_handles_an_alert_without_the_right_or_about_himself(ledger: Engine) -> None:
    number, own = lock_out(ledger), lock_out(ledger, WATCH.name)
    with pytest.raises(Refused, match="处理告警"):
        acknowledge(ledger, somebody("guanli", "system_admin"), number, NOTE)
    with pytest.raises(Refused, match="本人"):
        resolve(ledger, WATCH, own, NOTE)
    with pytest.raises(Unfit, match="处理说明"):
        acknowledge(ledger, WATCH, number, " ")
    assert {state(ledger, n)[0]["state"] for n in (number, own)} == {"firing"}


def test_an_undeclared_rule_is_refused(ledger: Engine) -> None:
    with pytest.raises(ValueError, match="没有声明"), writing(ledger) as connection:
        raise_alert(connection, rule="lockuot", subject="x", severity="warning", words="w")


def test_the_program_closes_what_is_well_again(ledger: Engine) -> None:
    number = lock_out(ledger)
    with writing(ledger) as connection:
        assert resolve_by_rule(connection, "lockout", "zhang", "锁定已到期")
        assert not resolve_by_rule(connection, "lockout", "zhang", "锁定已到期")
    row, steps = state(ledger, number)
    assert row["state"] == "resolved" and steps[-1]["actor"] == "平台"


def test_open_alerts_come_first_and_the_grave_before_the_others(ledger: Engine) -> None:
    done, mild, taken = lock_out(ledger, "a"), lock_out(ledger, "b"), lock_out(ledger, "c")
    resolve(ledger, WATCH, done, NOTE)
    acknowledge(ledger, WATCH, taken, NOTE)
    with writing(ledger) as connection:
        grave = raise_alert(connection, rule="audit_break", subject="audit", severity="critical", words="w")
    with ledger.connect() as connection:
        everything = list_alerts(connection, "", "", 1).rows
        assert [row["id"] for row in everything] == [grave, mild, taken, done]
        assert [row["hand"] for row in everything] == [None, None, "zhiban1", "zhiban1"]
        assert [row["id"] for row in list_alerts(connection, "open", "lockout", 1).rows] == [mild, taken]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = House(tmp_path_factory.mktemp("var"))
    place = home.cast.place("platform", "平台")
    for role in ("monitor", "system_admin", "security_admin", "audit_admin"):
        home.cast.person(role, place, role)
    home.build()
    yield home
    home.engine.dispose()


def test_whoever_watches_sees_an_alert_takes_it_on_and_closes_it(house: House) -> None:
    number, watch = lock_out(house.engine, "page"), house.browse("monitor")
    assert "page 已锁定" in see(watch, "/alerts").text and "认领" in see(watch, f"/alerts/{number}").text
    assert "请写明情况" in post(watch, f"/alerts/{number}/acknowledge", note="").text
    assert post(watch, f"/alerts/{number}/acknowledge", note="核实中").status_code == 303
    assert "核实中" in see(watch, f"/alerts/{number}").text
    assert post(watch, f"/alerts/{number}/resolve", note="已核实").status_code == 303
    assert "page 已锁定" not in see(watch, "/alerts").text and "page 已锁定" in see(watch, "/alerts?state=all").text


def test_administrators_see_alerts_and_cannot_handle_them(house: House) -> None:
    number = lock_out(house.engine, "look")
    for who in ("system_admin", "security_admin"):
        client = house.browse(who)
        page = see(client, f"/alerts/{number}").text
        assert "look 已锁定" in page and "认领" not in page
        assert post(client, f"/alerts/{number}/acknowledge", note="核实中").status_code == 403
    assert see(house.browse("audit_admin"), "/alerts").status_code == 403
    assert state(house.engine, number)[0]["state"] == "firing"


def test_words_of_an_alert_are_shown_as_text(house: House) -> None:
    number = lock_out(house.engine, "<script>alert(1)</script>")
    for path in ("/alerts", f"/alerts/{number}"):
        assert "<script>alert" not in see(house.browse("monitor"), path).text


def test_row_24_a_burst_of_refused_requests_raises_an_alert_within_a_minute(house: House) -> None:
    boss = somebody("anquan", "security_admin")
    change(house.engine, boss, "refusals", "5", "测试用的较低阈值", 0)
    stranger = house.browse("audit_admin")
    began = now()
    for _ in range(6):
        assert see(stranger, "/administration/accounts").status_code == 403
    with house.engine.connect() as connection:
        rows = list_alerts(connection, "open", "refusals", 1).rows
    assert [row["subject"] for row in rows] == ["audit_admin"] and rows[0]["severity"] == "warning"
    assert (rows[0]["first_at"] - began).total_seconds() < 60


def test_every_rule_says_what_to_do() -> None:
    assert all(rule.label and rule.advice and not rule.advice.endswith("。") for rule in RULES.values())

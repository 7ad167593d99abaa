"""Open alerts reach the wall with the next tick, and those about people never do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from backend.alerts.service import RULES, acknowledge, raise_alert, resolve_by_rule
from backend.db import writing
from dashboard.panels_alerts import alert_parts
from datasources.alerts import ON_WALL
from tests.ledger_rows import Desk, scattered
from tests.test_alerts import WATCH
from tests.test_figures import words


@pytest.fixture
def desk(ledger: Engine, database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A worker whose first generation is published."""
    desk = Desk(database_url, tmp_path)
    desk.ledger.put(scattered(7, 20))
    desk.publish()
    yield desk
    desk.close()


def test_what_may_stand_on_a_wall_is_declared_and_tells_of_no_person() -> None:
    assert set(ON_WALL) <= set(RULES)
    assert not set(ON_WALL) & {"lockout", "address_lockout", "refusals", "audit_break", "new_administrator"}


@pytest.mark.db
def test_an_alert_is_on_the_wall_at_the_next_tick_and_leaves_it_when_it_is_over(desk: Desk, ledger: Engine) -> None:
    with writing(ledger) as connection:
        said: dict[str, Any] = {"severity": "warning", "words": "大屏“大厅”没有心跳"}
        number = raise_alert(connection, rule="silent_screen", subject="第 1 号屏", **said)
        raise_alert(connection, rule="lockout", subject="acc-1", severity="warning", words="账号已锁定")
        raise_alert(connection, rule="screen_differs", subject="第 2 号屏", severity="critical", words="数字不同")
    assert desk.minute.changed()
    desk.publish()
    shown = desk.wall()["alerts"]
    assert [one["words"] for one in shown] == ["数字不同", "大屏“大厅”没有心跳"]
    assert shown[0]["owner"] == "" and shown[0]["since"].endswith("+08:00")
    acknowledge(ledger, WATCH, number, "已派人查看")
    desk.publish()
    assert desk.wall()["alerts"][1]["owner"] == WATCH.name
    with writing(ledger) as connection:
        resolve_by_rule(connection, "silent_screen", "第 1 号屏", "又收到心跳")
        resolve_by_rule(connection, "screen_differs", "第 2 号屏", "又相符")
    desk.publish()
    assert desk.wall()["alerts"] == []


def test_the_lane_counts_all_and_the_list_shows_the_gravest() -> None:
    one = {
        "rule": "silent_screen",
        "severity": "warning",
        "words": "没有心跳",
        "owner": "",
        "since": "2026-11-24T23:59:00+08:00",
    }
    grave = {
        **one,
        "severity": "critical",
        "words": "数字不同",
        "owner": "监测岗",
        "since": "2026-11-25T08:01:00+08:00",
    }
    parts = alert_parts([grave, one, one, one], "2026-11-25")
    assert parts["lanetag"][1] == "tag al" and "告警 4" in words(parts["lanetag"]) and len(parts["lane"]) == 4
    assert list(words(parts["alerts"])).count("没有心跳") == 2 and parts["alertsnote"] == "未关闭 4"
    assert "自 08:01 起 · 监测岗" in list(words(parts["alerts"])) and "自 11-24 23:59 起 · 待认领" in list(
        words(parts["alerts"])
    )
    assert alert_parts([one], "2026-11-25")["lanetag"][1] == "tag wn"

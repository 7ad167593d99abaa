"""Midnight, the end of a month and of a year: figures begin anew by themselves, nothing is blank or divides by 0."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.publish import render
from dashboard.tree_html import html_of_all
from tests.ledger_rows import SHANGHAI, Desk, Filing, Item

LAST_DAY = date(2026, 12, 31)
BEFORE_MIDNIGHT = datetime(2026, 12, 31, 23, 59, 30, tzinfo=SHANGHAI)
FILINGS = (
    Filing(1, (Item(vehicles=2),), declared_on=date(2026, 12, 20), cleared_on=LAST_DAY),
    Filing(2, declared_on=date(2026, 11, 2), cleared_on=date(2026, 11, 30), uscc="91610104MA6TEST022"),
    Filing(3, declared_on=date(2025, 12, 2), cleared_on=date(2025, 12, 30)),
    Filing(4, state="RELEASED", declared_on=date(2026, 12, 30), cleared_on=None),
)


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(database_url, tmp_path, goal_cny_yi="8")
    desk.ledger.put(FILINGS)
    yield desk
    desk.close()


def figures_at(desk: Desk, moment: datetime) -> dict[str, Any]:
    """The published figures of a moment."""
    desk.now = moment.astimezone(UTC) - timedelta(minutes=1)  # a tick lets a minute pass
    desk.publish()
    return desk.wall()


def drawn(figures: dict[str, Any]) -> dict[str, Any]:
    """The wall's payload; no part of it may have failed."""
    payload: dict[str, Any] = json.loads(render(figures)["wall"])
    assert payload["failed"] == {}
    return payload


def words(payload: dict[str, Any], part: str) -> str:
    tree = payload["text"][part]
    return html_of_all(tree if isinstance(tree[0], list) else [tree])


@pytest.mark.db
def test_a_year_ends_at_midnight_in_xian_and_the_next_begins_with_nothing(desk: Desk) -> None:
    old, new = (figures_at(desk, BEFORE_MIDNIGHT + timedelta(seconds=s)) for s in (0, 60))
    assert (old["today"], new["today"]) == ("2026-12-31", "2027-01-01")
    assert (old["year"]["label"], new["year"]["label"]) == ("2026年1—12月累计", "2027年1月累计")
    assert (old["year"]["vehicles"], new["year"]["vehicles"], new["year"]["cny_cents"]) == (3, 0, 0)
    assert new["year"]["cny_yoy"] is None and new["month"]["cny_mom"] is None
    assert [month["month"] for month in new["trend"]] == [*(m["month"] for m in old["trend"][1:]), "2027-01"]
    assert new["trend"][-2]["vehicles"] == 2 and new["trend"][-1]["last_year_cny_cents"] is None
    assert (old["goal"]["time"], round(new["goal"]["time"] * 365)) == (1.0, 1) and new["goal"]["done"] == 0
    in_hand = {stage["key"]: stage["in_hand"] for stage in new["stages"]}
    assert in_hand["released"] == 1, "what is in hand stays in hand over the year's end"


def test_on_the_first_morning_every_panel_says_that_there_is_nothing_yet(desk: Desk) -> None:
    new = drawn(figures_at(desk, BEFORE_MIDNIGHT + timedelta(hours=8)))
    for part in ("countries", "models", "enterprises"):
        assert "本年暂无结关" in words(new, part)
    assert "本月暂无结关" in words(new, "hero") and "2027年1月累计" in words(new, "period")
    assert "暂无车辆" in words(new, "fuel") and "暂无车辆离境" in words(new, "ports")
    assert "nan" not in json.dumps(new).lower() and "inf" not in json.dumps(new["charts"]).lower()


def test_the_first_clearance_of_the_year_fills_the_panels_again(desk: Desk) -> None:
    figures_at(desk, BEFORE_MIDNIGHT + timedelta(minutes=1))
    first = Filing(9, declared_on=date(2026, 12, 30), cleared_on=date(2027, 1, 1), changed_at=BEFORE_MIDNIGHT)
    desk.ledger.put([first])
    new = figures_at(desk, BEFORE_MIDNIGHT + timedelta(hours=9))
    assert new["year"]["vehicles"] == 1 and new["year"]["vehicles_yoy"] is None
    assert [row["move"] for row in new["countries"]] == [None]
    assert "本年暂无结关" not in words(drawn(new), "countries")


@pytest.mark.parametrize(
    ("day", "label", "month"),
    [(date(2026, 12, 1), "2026年1—12月累计", "2026-12"), (date(2028, 2, 29), "2028年1—2月累计", "2028-02")],
)
def test_a_month_begins_with_its_first_day(desk: Desk, day: date, label: str, month: str) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    before, after = (figures_at(desk, midnight + timedelta(seconds=s)) for s in (-1, 1))
    assert date.fromisoformat(after["today"]) - date.fromisoformat(before["today"]) == timedelta(days=1)
    assert after["year"]["label"] == label and after["month"]["month"] == after["trend"][-1]["month"] == month
    drawn(after)


def test_midnight_alone_makes_a_generation_though_nothing_in_the_ledger_moved(desk: Desk) -> None:
    figures_at(desk, BEFORE_MIDNIGHT)
    assert not desk.minute.changed(), "the minute's turn brings the new day within a minute all the same"
    assert figures_at(desk, BEFORE_MIDNIGHT + timedelta(minutes=1))["today"] == "2027-01-01"

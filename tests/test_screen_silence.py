"""A silent screen is an alert within a minute; one lost heartbeat and a platform that was away are none."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from backend.alerts.service import resolve
from backend.identity.tokens import revoke_token
from backend.models import alert
from backend.screens.rhythm import LOOK_EVERY, SILENT, WRITE_EVERY
from backend.screens.service import Placing, beat, change_screen
from backend.screens.watch import ScreenWatch, check_screens, silent
from tests.hanging import ADMIN, LIVES, MONITOR, alerts, hang, number


@pytest.mark.db
def test_a_silent_screen_is_one_alert_within_a_minute_and_closed_when_heard_again(ledger: Engine, clock: Any) -> None:
    first, second = hang(ledger), hang(ledger, "二号屏")
    beat(ledger, first, LIVES)
    raised = None
    for seconds in range(0, 181, int(LOOK_EVERY)):
        beat(ledger, second, LIVES)
        check_screens(ledger)
        if raised is None and alerts(ledger, "silent_screen"):
            raised = seconds
        clock.shift(LOOK_EVERY)
    assert raised == 45 == SILENT.seconds + LOOK_EVERY
    subject = f"第 {number(first)} 号屏"
    assert alerts(ledger, "silent_screen") == [(subject, "firing", 1)]
    assert [s["id"] for s in silent(ledger, datetime.now(UTC))] == [number(first)]
    beat(ledger, first, LIVES)
    check_screens(ledger)
    assert alerts(ledger, "silent_screen") == [(subject, "resolved", 1)]


SCRIPT = (Path(__file__).parent.parent / "assets" / "js" / "50-screen.js").read_text(encoding="utf-8")
RHYTHM = {
    name: int(ms) / 1000 for name, ms in re.findall(r"(first|every|again|settled|PATIENCE)(?:: | = )(\d+)", SCRIPT)
}
LATE, NETWORK = 1.1, 1.0  # What a browser's rhythm may be late by (10 %), and a slow answer in seconds.
PUBLISHING = 10.0  # The worker looks at nothing else while it publishes a minute, which takes some seconds.


def longest_gap(hangs: bool, settled: float) -> float:
    """Seconds between two heartbeats that arrive with one between them lost, refused at once or left hanging."""
    wait, again = (RHYTHM[name] * LATE + settled + NETWORK for name in ("every", "again"))
    return wait + (RHYTHM["PATIENCE"] if hangs else 0.0) + again


def test_one_lost_heartbeat_is_no_silence_and_silence_is_an_alert_within_a_minute() -> None:
    assert RHYTHM["every"] == 15 and len(RHYTHM) == 5, "what the pages say, and nothing overlooked"
    settled = 2 * RHYTHM["settled"]  # A generation may end while the screen looks.
    for hangs in (False, True):
        assert longest_gap(hangs, settled) + WRITE_EVERY.total_seconds() <= SILENT.total_seconds()
    assert SILENT.total_seconds() + LOOK_EVERY + PUBLISHING < 60


@pytest.mark.parametrize("phase", [0.0, 1.0, 2.5, 4.0])
@pytest.mark.parametrize("lost", ["hangs", "refused", "all"])
def test_the_minute_played_second_by_second(ledger: Engine, worker_clock: Any, phase: float, lost: str) -> None:
    screen, watch = hang(ledger), ScreenWatch(ledger)
    gap = longest_gap(lost == "hangs", RHYTHM["settled"])
    beat(ledger, screen, LIVES)
    for _ in range(60):  # The worker has led for a while, and the screen has beaten.
        watch.maybe()
        beat(ledger, screen, LIVES)
        worker_clock.shift(1)
    worker_clock.shift(phase)
    beat(ledger, screen, LIVES)
    found = run(watch, worker_clock, 60 if lost == "all" else int(gap))
    if lost == "all":
        assert found is not None and SILENT.total_seconds() <= found + 1 <= 47
    else:
        assert found is None


@pytest.mark.db
@pytest.mark.parametrize("how", ["unwatched", "revoked"])
def test_a_screen_taken_out_of_use_is_no_alert_any_more(ledger: Engine, clock: Any, how: str) -> None:
    screen = hang(ledger)
    beat(ledger, screen, LIVES)
    clock.shift(61)
    check_screens(ledger)
    assert [state for _, state, _ in alerts(ledger, "silent_screen")] == ["firing"]
    if how == "revoked":
        revoke_token(ledger, number(screen))
    else:
        change_screen(ledger, ADMIN, number(screen), Placing("一号屏", enabled=False))
    check_screens(ledger)
    assert [state for _, state, _ in alerts(ledger, "silent_screen")] == ["resolved"]


def test_an_alert_closed_by_a_person_opens_anew_while_the_screen_stays_silent(ledger: Engine, clock: Any) -> None:
    screen = hang(ledger)
    beat(ledger, screen, LIVES)
    clock.shift(61)
    check_screens(ledger)
    with ledger.connect() as connection:
        open_one = connection.execute(select(alert.c.id)).scalar_one()
    resolve(ledger, MONITOR, open_one, "已派人去看")
    check_screens(ledger)
    assert [state for _, state, _ in alerts(ledger, "silent_screen")] == ["resolved", "firing"]


@pytest.fixture
def worker_clock(clock: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The worker's own clock goes with the travelling one."""
    monkeypatch.setattr("backend.screens.watch.time.monotonic", lambda: datetime.now(UTC).timestamp())
    return clock


def run(watch: ScreenWatch, clock: Any, seconds: int) -> int | None:
    """The worker's loop; gives the second in which an alert about silence opened."""
    before = len(alerts(watch.engine, "silent_screen"))
    for second in range(seconds):
        watch.maybe()
        if len(alerts(watch.engine, "silent_screen")) > before:
            return second
        clock.shift(1)
    return None


def test_after_the_platform_was_away_screens_get_time_to_be_heard(ledger: Engine, worker_clock: Any) -> None:
    alive, dead, watch = hang(ledger), hang(ledger, "二号屏"), ScreenWatch(ledger)
    for screen in (alive, dead):
        beat(ledger, screen, LIVES)
    worker_clock.shift(3600)
    assert run(watch, worker_clock, 30) is None
    beat(ledger, alive, LIVES)
    assert run(watch, worker_clock, 60) == 10
    assert [subject for subject, _, _ in alerts(ledger, "silent_screen")] == [f"第 {number(dead)} 号屏"]
    worker_clock.shift(3600)  # Another worker led.
    assert run(watch, worker_clock, 39) is None


def test_a_look_that_fails_is_logged_and_put_off(
    ledger: Engine, worker_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    beat(ledger, hang(ledger), LIVES)
    worker_clock.shift(120)
    watch = ScreenWatch(ledger)
    run(watch, worker_clock, 39)
    rename(ledger, "wall_screen", "away")
    for _ in range(5):
        watch.maybe()
        worker_clock.shift(1)
    assert [record.getMessage() for record in caplog.records] == ["大屏没有查成，稍后再查"]
    rename(ledger, "away", "wall_screen")
    assert run(watch, worker_clock, 90) == 36


def rename(engine: Engine, table: str, name: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")

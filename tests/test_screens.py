"""Wall screens: heartbeats and orders, silence and differing figures as alerts, and the administrator's pages."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select

from backend.administration.facts import DEMO, set_platform_fact
from backend.alerts.service import resolve
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.identity.tokens import create_token, principal_of_token, revoke_token
from backend.models import alert, audit_line, wall_screen
from backend.screens.attestation import STEADY, compare
from backend.screens.service import Placing, ask_screen, beat, change_screen, list_screens
from backend.screens.told import Told, composition, told_of
from backend.screens.viewing import readable
from backend.screens.watch import EVERY, SILENT, ScreenWatch, check_screens, silent
from tests.house import House, csrf, post, see, standing
from tests.test_alerts import somebody

START = "2026-11-24 08:00:00+00:00"
ADMIN, MONITOR = somebody("guanli", "system_admin"), somebody("zhiban", "monitor")
LIVES = Told("1920x1080", 1 / 60, "abc", "/wall", "g1", datetime(2026, 11, 24, 8, tzinfo=UTC), "sha256:" + "0" * 64)
OTHER = "sha256:" + "f" * 64


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


def hang(engine: Engine, name: str = "一号屏") -> Principal:
    """A screen with a token of its own."""
    screen = principal_of_token(engine, create_token(engine, "screen", name, "wall", timedelta(days=90)), "screen")
    assert screen is not None
    return screen


def number(screen: Principal) -> int:
    return int(screen.id.removeprefix("token-"))


def row(engine: Engine, screen: Principal) -> dict[str, Any]:
    with engine.connect() as connection:
        found = connection.execute(select(wall_screen).where(wall_screen.c.id == number(screen))).mappings().one()
    return dict(found)


def alerts(engine: Engine, rule: str) -> list[tuple[str, str, int]]:
    with engine.connect() as connection:
        columns = (alert.c.subject, alert.c.state, alert.c.times)
        return [tuple(r) for r in connection.execute(select(*columns).where(alert.c.rule == rule).order_by(alert.c.id))]


def lines(engine: Engine) -> list[tuple[str, str, Any]]:
    with engine.connect() as connection:
        a = audit_line.c
        query = select(a.tag, a.actor, a.detail).where(a.tag.like("screens:%")).order_by(a.id)
        return [tuple(r) for r in connection.execute(query)]


# Heartbeats.


@pytest.mark.db
def test_a_first_heartbeat_takes_the_screen_into_the_inventory(ledger: Engine, clock: Any) -> None:
    screen = hang(ledger)
    assert beat(ledger, screen, LIVES, "10.1.2.3") is None
    kept = row(ledger, screen)
    assert (kept["name"], kept["enabled"], kept["address"], kept["size"]) == ("一号屏", True, "10.1.2.3", "1920x1080")
    assert kept["seen_at"] == kept["first_seen_at"] == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert (kept["as_of"], kept["first_hash"], kept["wanted"]) == (LIVES.as_of, LIVES.frame_hash, None)


@pytest.mark.db
def test_a_heartbeat_without_news_is_written_at_most_every_twenty_seconds(ledger: Engine, clock: Any) -> None:
    screen, writes = hang(ledger), 0

    @event.listens_for(ledger, "before_cursor_execute")
    def count(_: Any, __: Any, statement: str, *___: Any) -> None:
        nonlocal writes
        writes += statement.startswith("UPDATE wall_screen")

    beat(ledger, screen, LIVES)
    for seconds in (15, 19):
        clock.move_to(datetime(2026, 11, 24, 8, 0, seconds, tzinfo=UTC))
        beat(ledger, screen, replace(LIVES, as_of=LIVES.as_of + timedelta(seconds=seconds) if LIVES.as_of else None))
    assert writes == 0
    clock.shift(1)
    beat(ledger, screen, LIVES)
    assert writes == 1
    beat(ledger, screen, replace(LIVES, generation="g2"))
    assert writes == 2 and row(ledger, screen)["generation"] == "g2"


@pytest.mark.db
def test_nobody_but_a_screen_beats(ledger: Engine) -> None:
    with pytest.raises(Refused):
        beat(ledger, somebody("ling", "leader"), LIVES)
    with ledger.connect() as connection:
        assert connection.execute(select(wall_screen)).first() is None


def test_a_wall_that_anybody_opens_in_the_demo_is_not_watched(ledger: Engine, clock: Any) -> None:
    set_platform_fact(ledger, DEMO, "1")
    screen = hang(ledger, "演示大屏")
    beat(ledger, screen, LIVES)
    clock.shift(3600)
    check_screens(ledger)
    assert row(ledger, screen)["enabled"] is False and alerts(ledger, "silent_screen") == []


GOOD = {
    "size": "1920x1080", "text_share": 0.016, "build": "0a1b", "view": "/wall?theme=dark",
    "generation": "20261124T0800-1", "as_of": "2026-11-24T08:00:00+00:00", "hash": "fnv1a:0123456789abcdef", "done": 3,
}  # fmt: skip


def test_a_sound_heartbeat_is_read_whole() -> None:
    told = told_of(GOOD)
    assert (told.size, told.done, told.frame_hash, told.view) == ("1920x1080", 3, GOOD["hash"], "/wall?theme=dark")
    assert told_of({"size": "7680x2160"}) == Told("7680x2160")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", None), ("size", "0x1080"), ("size", "1920x1080x"), ("text_share", 0), ("text_share", True),
        ("text_share", "1"), ("build", "<b>"), ("view", "wall"), ("view", "/" + "a" * 120), ("generation", "g 1"),
        ("generation", "g" * 65), ("as_of", "gestern"), ("as_of", "2026-11-24T08:00:00"), ("as_of", 1),
        ("hash", "md5:00"), ("hash", "fnv1a:00"), ("done", -1), ("done", 2**31), ("done", True), ("done", "1"),
    ],
)  # fmt: skip
def test_a_heartbeat_that_does_not_fit_is_refused_whole(name: str, value: Any) -> None:
    with pytest.raises(Unfit):
        told_of(GOOD | {name: value})


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=3)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON) | JSON)
def test_no_heartbeat_breaks_the_reader(body: Any) -> None:
    with suppress(Unfit):
        told_of(body)


# Orders.


@pytest.mark.db
def test_an_order_is_given_until_it_is_taken_and_then_never_again(ledger: Engine, clock: Any) -> None:
    screen = hang(ledger)
    beat(ledger, screen, LIVES)
    assert ask_screen(ledger, ADMIN, number(screen), "message", "  十点  开会 ", 30) == 1
    wanted = {
        "kind": "message", "number": 1, "text": "十点 开会", "seconds": 30,
        "screen": number(screen), "name": "一号屏", "place": "",
    }  # fmt: skip
    assert [beat(ledger, screen, LIVES) for _ in range(2)] == [wanted, wanted]
    assert beat(ledger, screen, replace(LIVES, done=1)) is None
    assert beat(ledger, screen, LIVES) is None, "after a reload the browser has forgotten what it took"
    assert ask_screen(ledger, ADMIN, number(screen), "reload") == 2
    assert (beat(ledger, screen, replace(LIVES, done=1)) or {})["kind"] == "reload"
    said = [(tag, actor) for tag, actor, _ in lines(ledger)]
    assert said == [("screens:screen:message", ADMIN.name), ("screens:screen:reload", ADMIN.name)]
    assert lines(ledger)[0][2] == {"name": "一号屏", "number": 1, "words": "十点 开会", "seconds": 30}


@pytest.mark.db
def test_an_order_that_nobody_took_for_five_minutes_is_void(ledger: Engine, clock: Any) -> None:
    screen = hang(ledger)
    beat(ledger, screen, LIVES)
    ask_screen(ledger, ADMIN, number(screen), "identify")
    clock.shift(300)
    assert beat(ledger, screen, LIVES) is not None
    clock.shift(1)
    assert beat(ledger, screen, LIVES) is None


def test_a_screen_that_claims_to_have_done_more_than_was_asked_still_gets_orders(ledger: Engine) -> None:
    screen = hang(ledger)
    beat(ledger, screen, replace(LIVES, done=2**31 - 1))
    ask_screen(ledger, ADMIN, number(screen), "identify")
    assert beat(ledger, screen, LIVES) is not None


@pytest.mark.db
def test_orders_and_changes_need_the_right_and_a_live_screen(ledger: Engine) -> None:
    screen = hang(ledger)
    beat(ledger, screen, LIVES)
    for deed in (
        lambda: ask_screen(ledger, MONITOR, number(screen), "reload"),
        lambda: change_screen(ledger, MONITOR, number(screen), Placing("别名")),
        lambda: list_screens(ledger, MONITOR, 1),
    ):
        with pytest.raises(Refused):
            deed()
    with pytest.raises(Unfit):
        ask_screen(ledger, ADMIN, number(screen), "dance")
    for text, seconds in (("", 60), ("字" * 61, 60), ("好", 4), ("好", 601)):
        with pytest.raises(Unfit):
            ask_screen(ledger, ADMIN, number(screen), "message", text, seconds)
    assert lines(ledger) == [] and row(ledger, screen)["wanted"] is None
    revoke_token(ledger, number(screen))
    with pytest.raises(Unfit):
        ask_screen(ledger, ADMIN, number(screen), "reload")
    assert list_screens(ledger, ADMIN, 1).rows == []


@pytest.mark.db
def test_a_change_leaves_what_was_and_what_is_in_the_audit(ledger: Engine) -> None:
    screen = hang(ledger)
    beat(ledger, screen, LIVES)
    wish = Placing("大厅屏", "二楼东侧", 2.4, 8.0)
    for _ in range(2):
        change_screen(ledger, ADMIN, number(screen), wish)
    ((tag, _, detail),) = lines(ledger)
    assert tag == "screens:screen:change"
    assert detail["before"] == {"name": "一号屏", "place": "", "height_m": None, "distance_m": None}
    assert detail["after"] == {"name": "大厅屏", "place": "二楼东侧", "height_m": 2.4, "distance_m": 8.0}
    for wrong in (float("nan"), 0, 201):
        with pytest.raises(Unfit):
            change_screen(ledger, ADMIN, number(screen), replace(wish, height_m=wrong))
    beat(ledger, screen, LIVES)
    assert row(ledger, screen)["name"] == "大厅屏", "a heartbeat does not undo the name"


# Silence.


@pytest.mark.db
def test_a_silent_screen_is_one_alert_within_75_seconds_and_closed_when_heard_again(ledger: Engine, clock: Any) -> None:
    first, second = hang(ledger), hang(ledger, "二号屏")
    beat(ledger, first, LIVES)
    raised = None
    for seconds in range(0, 181, int(EVERY)):
        beat(ledger, second, LIVES)
        check_screens(ledger)
        if raised is None and alerts(ledger, "silent_screen"):
            raised = seconds
        clock.shift(EVERY)
    assert raised == 75 == SILENT.seconds + EVERY
    subject = f"第 {number(first)} 号屏"
    assert alerts(ledger, "silent_screen") == [(subject, "firing", 1)]
    assert [s["id"] for s in silent(ledger, datetime.now(UTC))] == [number(first)]
    beat(ledger, first, LIVES)
    check_screens(ledger)
    assert alerts(ledger, "silent_screen") == [(subject, "resolved", 1)]


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
    assert run(watch, worker_clock, 60) == 30
    assert [subject for subject, _, _ in alerts(ledger, "silent_screen")] == [f"第 {number(dead)} 号屏"]
    worker_clock.shift(3600)  # Another worker led.
    assert run(watch, worker_clock, 59) is None


def test_a_look_that_fails_is_logged_and_put_off(
    ledger: Engine, worker_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    beat(ledger, hang(ledger), LIVES)
    worker_clock.shift(120)
    watch = ScreenWatch(ledger)
    run(watch, worker_clock, 59)
    rename(ledger, "wall_screen", "away")
    for _ in range(5):
        watch.maybe()
        worker_clock.shift(1)
    assert [record.getMessage() for record in caplog.records] == ["大屏没有查成，一分钟后再查"]
    rename(ledger, "away", "wall_screen")
    assert run(watch, worker_clock, 90) == 56


def rename(engine: Engine, table: str, name: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")


# What screens show.


def shown(*hashes: str, **more: Any) -> list[dict[str, Any]]:
    same = {"generation": "g1", "view": "/wall", "build": "a", "size": "1920x1080", "odd_beats": 0, "place": ""}
    return [same | {"id": n, "name": f"{n}号屏", "frame_hash": f"sha256:{h}"} | more for n, h in enumerate(hashes, 1)]


def subjects(screens: list[dict[str, Any]]) -> list[str]:
    return [found.subject for found in compare(screens).outvoted]


def test_the_one_that_differs_from_two_others_is_found_and_nobody_else() -> None:
    assert subjects(shown("a", "a", "b")) == ["第 3 号屏"]
    assert subjects(shown("b", "a", "a", "a", "a")) == ["第 1 号屏"]


@pytest.mark.parametrize("hashes", ["", "a", "aa", "ab", "abc", "aabb", "aaa"])
def test_without_a_majority_of_two_others_nobody_is_accused(hashes: str) -> None:
    assert subjects(shown(*hashes)) == []


@pytest.mark.parametrize(
    "other",
    [{"generation": "g2"}, {"view": "/wall/asia"}, {"build": "b"}, {"size": "7680x2160"}, {"frame_hash": "fnv1a:b"},
     {"frame_hash": None}],
)  # fmt: skip
def test_screens_that_need_not_show_the_same_are_not_compared(other: dict[str, Any]) -> None:
    one = shown("a", "a", "b")
    one[2] |= other
    assert subjects(one) == []


def test_two_sizes_of_one_composition_are_compared() -> None:
    one = shown("a", "a", "b")
    one[2] |= {"size": "3840x2160"}
    assert subjects(one) == ["第 3 号屏"] and composition("7680x2160") == "32:9" != composition("1366x768")


@pytest.mark.db
def test_a_screen_that_goes_on_showing_something_else_is_an_alert_until_a_person_closes_it(
    ledger: Engine, clock: Any
) -> None:
    screen, spoilt = hang(ledger), replace(LIVES, frame_hash=OTHER)
    for told in (LIVES, spoilt, LIVES, spoilt):
        beat(ledger, screen, told)
        check_screens(ledger)
    assert alerts(ledger, "screen_differs") == []
    for told in (spoilt, spoilt, replace(spoilt, generation="g2"), replace(spoilt, generation="g2")):
        beat(ledger, screen, told)
        check_screens(ledger)
    subject = f"第 {number(screen)} 号屏"
    assert alerts(ledger, "screen_differs") == [(subject, "firing", 1)], "a new generation covers the traces"
    with ledger.connect() as connection:
        open_one = connection.execute(select(alert.c.id)).scalar_one()
    resolve(ledger, MONITOR, open_one, "已核对并重新载入")
    beat(ledger, screen, replace(LIVES, generation="g2"))
    check_screens(ledger)
    assert alerts(ledger, "screen_differs") == [(subject, "resolved", 1)]


@pytest.mark.parametrize("change", ["generation", "view", "build", "size", "algorithm"])
def test_what_a_screen_shows_first_of_something_new_is_no_difference(ledger: Engine, change: str) -> None:
    screen = hang(ledger)
    beat(ledger, screen, LIVES)
    new = {"generation": "g2", "view": "/wall/asia", "build": "abd", "size": "7680x2160"}
    told = replace(LIVES, frame_hash="fnv1a:" + "0" * 16) if change == "algorithm" else replace(LIVES, frame_hash=OTHER)
    if change in new:
        told = replace(told, **{change: new[change]})
    for _ in range(STEADY + 1):
        beat(ledger, screen, told)
    assert row(ledger, screen)["odd_beats"] == 0 and alerts(ledger, "screen_differs") == []


@pytest.mark.db
def test_a_screen_outvoted_by_two_others_is_an_alert_until_they_bear_it_out(ledger: Engine, clock: Any) -> None:
    screens = [hang(ledger, f"{n}号屏") for n in "一二三"]
    for screen, frame in zip(screens, (LIVES.frame_hash, LIVES.frame_hash, OTHER), strict=True):
        beat(ledger, screen, replace(LIVES, frame_hash=frame))
    subject = f"第 {number(screens[2])} 号屏"
    for _ in range(2):
        check_screens(ledger)
    assert alerts(ledger, "screen_differs") == [(subject, "firing", 1)]
    for screen in screens[:0:-1]:  # The one alone, then with one other.
        beat(ledger, screen, replace(LIVES, generation="g2"))
        check_screens(ledger)
        assert alerts(ledger, "screen_differs") == [(subject, "firing", 1)]
    for screen in screens:
        beat(ledger, screen, replace(LIVES, generation="g3"))
    check_screens(ledger)
    assert alerts(ledger, "screen_differs") == [(subject, "resolved", 1)]


def test_the_difference_of_a_screen_whose_token_ended_is_over(ledger: Engine, clock: Any) -> None:
    screen = hang(ledger)
    for told in (LIVES, *[replace(LIVES, frame_hash=OTHER)] * STEADY):
        beat(ledger, screen, told)
    clock.shift(3600)
    check_screens(ledger)
    assert [state for _, state, _ in alerts(ledger, "screen_differs")] == ["firing"]
    revoke_token(ledger, number(screen))
    check_screens(ledger)
    assert [state for _, state, _ in alerts(ledger, "screen_differs")] == ["resolved"]


@pytest.mark.parametrize(
    ("height", "distance", "good", "words"),
    [
        (2.4, 8, True, "最小的字高 40 毫米，8 米处需要 40 毫米，看得清"),
        (1.2, 8, False, "只适合 4.0 米以内"),
        (2.4, 8.2, False, "需要 41 毫米"),
        (None, 8, None, "填写画面高度"),
    ],
)
def test_the_viewing_rule_is_text_of_a_two_hundredth_of_the_distance(
    height: float | None, distance: float, good: bool | None, words: str
) -> None:
    told = readable({"text_share": 18 / 1080, "height_m": height, "distance_m": distance})
    assert told.good is good and words in told.words


# The pages.


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with standing(tmp_path_factory) as found:
        yield found


def test_a_screen_beats_over_http_and_takes_an_order_from_the_pages(house: House) -> None:
    wall, admin = house.screen(), house.browse("system_admin")
    headers, alive = {"X-CSRFToken": csrf(wall)}, GOOD | {"done": 0}
    assert wall.get("/screen/beat").json == {"screen": True}
    assert wall.post("/screen/beat", json=GOOD).status_code == 403, "without the token of the cookie"
    answer = wall.post("/screen/beat", json=alive, headers=headers)
    assert (answer.status_code, answer.json["command"]) == (200, None)
    assert wall.post("/screen/beat", json=alive | {"size": 1}, headers=headers).status_code == 400
    page = see(admin, "/administration/screens").text
    assert all(word in page for word in ("一号屏", "1920 × 1080", "在线", "秒前", "未填尺寸"))
    with house.engine.connect() as connection:
        screen = connection.execute(select(wall_screen.c.id).order_by(wall_screen.c.id.desc())).scalars().first()
    path = f"/administration/screens/{screen}"
    fields = {"name": "大厅<b>屏", "place": "二楼", "height_m": "2.4", "distance_m": "8", "enabled": "y"}
    assert post(admin, f"{path}/change", **fields).status_code == 303
    page = see(admin, "/administration/screens").text
    assert "大厅&lt;b&gt;屏" in page and "大厅<b>" not in page and "登记已保存" in page
    assert post(admin, f"{path}/change", **fields | {"height_m": "高"}).status_code == 400
    assert post(admin, f"{path}/message", text="", seconds="x").status_code == 400
    assert post(admin, f"{path}/message", text="十点<i>开会", seconds="30").status_code == 303
    assert "等待屏幕领取" in see(admin, path).text
    command = wall.post("/screen/beat", json=alive, headers=headers).json["command"]
    assert (command["kind"], command["text"], command["seconds"]) == ("message", "十点<i>开会", 30)
    assert wall.post("/screen/beat", json=alive | {"done": command["number"]}, headers=headers).json["command"] is None
    assert "屏幕已领取" in see(admin, path).text
    assert post(admin, f"{path}/reload").status_code == 303 and post(admin, f"{path}/identify").status_code == 303
    assert post(admin, f"{path}/dance").status_code == 405 and see(admin, f"{path[:-1]}999").status_code == 404


def test_a_person_at_the_wall_is_no_screen(house: House) -> None:
    leader = house.browse("leader")
    assert leader.get("/screen/beat").json == {"screen": False}
    answer = leader.post("/screen/beat", json=GOOD, headers={"X-CSRFToken": csrf(leader)})
    assert (answer.status_code, answer.json["error"]) == (403, "no_screen")


@pytest.mark.parametrize("who", ["monitor", "leader", "security_admin"])
def test_only_who_manages_tokens_sees_the_inventory(house: House, who: str) -> None:
    client = house.browse(who)
    assert see(client, "/administration/screens").status_code == 403
    assert post(client, "/administration/screens/1/reload").status_code == 403

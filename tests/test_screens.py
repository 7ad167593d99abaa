"""Wall screens: heartbeats, orders, and the pages of administrators."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select

from backend.administration.facts import DEMO, set_platform_fact
from backend.identity.refusal import Refused, Unfit
from backend.identity.tokens import revoke_token
from backend.models import wall_screen
from backend.screens.service import Placing, ask_screen, beat, change_screen, list_screens
from backend.screens.told import Told, told_of
from backend.screens.watch import check_screens
from tests.hanging import ADMIN, LIVES, MONITOR, alerts, hang, lines, number, row
from tests.house import House, csrf, post, see, standing
from tests.test_alerts import somebody

# Heartbeats.


@pytest.mark.db
def test_a_first_heartbeat_takes_the_screen_into_the_inventory(ledger: Engine, clock: Any) -> None:
    screen = hang(ledger)
    assert beat(ledger, screen, LIVES, "10.1.2.3").command is None
    kept = row(ledger, screen)
    assert (kept["name"], kept["enabled"], kept["address"], kept["size"]) == ("一号屏", True, "10.1.2.3", "1920x1080")
    assert kept["seen_at"] == kept["first_seen_at"] == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert (kept["as_of"], kept["first_hash"], kept["wanted"]) == (LIVES.as_of, LIVES.frame_hash, None)


@pytest.mark.db
def test_a_heartbeat_without_news_is_written_at_most_every_three_seconds(ledger: Engine, clock: Any) -> None:
    screen, writes = hang(ledger), 0

    @event.listens_for(ledger, "before_cursor_execute")
    def count(_: Any, __: Any, statement: str, *___: Any) -> None:
        nonlocal writes
        writes += statement.startswith("UPDATE wall_screen")

    beat(ledger, screen, LIVES)
    for seconds in (1, 2):
        clock.move_to(datetime(2026, 11, 24, 8, 0, seconds, tzinfo=UTC))
        beat(ledger, screen, replace(LIVES, as_of=LIVES.as_of + timedelta(seconds=seconds) if LIVES.as_of else None))
    assert writes == 0
    clock.shift(1)
    beat(ledger, screen, LIVES)
    assert writes == 1
    beat(ledger, screen, replace(LIVES, generation="g2"))
    assert writes == 2 and row(ledger, screen)["generation"] == "g2"
    beat(ledger, screen, replace(LIVES, generation="g2", face="asia"))
    assert writes == 3 and row(ledger, screen)["face"] == "asia"


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
    "face": "asia", "scale": "stretch",
}  # fmt: skip


def test_a_sound_heartbeat_is_read_whole() -> None:
    told = told_of(GOOD)
    assert (told.size, told.done, told.frame_hash, told.view) == ("1920x1080", 3, GOOD["hash"], "/wall?theme=dark")
    assert (told.face, told.scale_shown) == ("asia", "stretch")
    assert told_of({"size": "7680x2160"}) == Told("7680x2160")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", None), ("size", "0x1080"), ("size", "1920x1080x"), ("text_share", 0), ("text_share", True),
        ("text_share", "1"), ("build", "<b>"), ("view", "wall"), ("view", "/" + "a" * 120), ("generation", "g 1"),
        ("generation", "g" * 65), ("as_of", "gestern"), ("as_of", "2026-11-24T08:00:00"), ("as_of", 1),
        ("hash", "md5:00"), ("hash", "fnv1a:00"), ("done", -1), ("done", 2**31), ("done", True), ("done", "1"),
        ("face", "Asia"), ("face", "a" * 21), ("face", 1), ("scale", "zoom"), ("scale", True),
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
    assert [beat(ledger, screen, LIVES).command for _ in range(2)] == [wanted, wanted]
    assert beat(ledger, screen, replace(LIVES, done=1)).command is None
    assert beat(ledger, screen, LIVES).command is None, "after a reload the browser has forgotten what it took"
    assert ask_screen(ledger, ADMIN, number(screen), "reload") == 2
    assert (beat(ledger, screen, replace(LIVES, done=1)).command or {})["kind"] == "reload"
    said = [(tag, actor) for tag, actor, _ in lines(ledger)]
    assert said == [("screens:screen:message", ADMIN.name), ("screens:screen:reload", ADMIN.name)]
    assert lines(ledger)[0][2] == {"name": "一号屏", "number": 1, "words": "十点 开会", "seconds": 30}


@pytest.mark.db
def test_an_order_that_nobody_took_for_five_minutes_is_void(ledger: Engine, clock: Any) -> None:
    screen = hang(ledger)
    beat(ledger, screen, LIVES)
    ask_screen(ledger, ADMIN, number(screen), "identify")
    clock.shift(300)
    assert beat(ledger, screen, LIVES).command is not None
    clock.shift(1)
    assert beat(ledger, screen, LIVES).command is None


def test_a_screen_that_claims_to_have_done_more_than_was_asked_still_gets_orders(ledger: Engine) -> None:
    screen = hang(ledger)
    beat(ledger, screen, replace(LIVES, done=2**31 - 1))
    ask_screen(ledger, ADMIN, number(screen), "identify")
    assert beat(ledger, screen, LIVES).command is not None


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
    fields = {
        "name": "大厅<b>屏",
        "place": "二楼",
        "height_m": "2.4",
        "distance_m": "8",
        "enabled": "y",
        "scale": "fit",
    }
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

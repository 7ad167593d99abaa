"""Playlists: what they show at which hour, the verbs with their audit, what a heartbeat is answered, and the pages."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, select, update

from backend.identity.refusal import Refused, Unfit
from backend.identity.tokens import revoke_token
from backend.models import screen_playlist, wall_screen
from backend.screens.playlists import (
    MOST_ITEMS,
    Playlist,
    change_playlist,
    fit_items,
    list_playlists,
    make_playlist,
    playlist_of,
    remove_playlist,
)
from backend.screens.programme import WHOLE_DAY, items_now, preview
from backend.screens.service import Placing, beat, change_screen
from tests.hanging import ADMIN, LIVES, MONITOR, hang, lines, number
from tests.house import House, post, see, standing

CASES = json.loads((Path(__file__).parent / "samples" / "playlist_cases.json").read_text(encoding="utf-8"))
OVERVIEW = {"face": "overview", "seconds": 30, **WHOLE_DAY}
ASIA = {"face": "asia", "seconds": 20, "weekdays": [1, 2, 3, 4, 5], "from": "08:00", "to": "18:00"}


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_what_a_list_shows_at_a_moment(case: dict[str, Any]) -> None:
    assert items_now(case["items"], datetime.fromisoformat(case["moment"])) == case["now"]


@pytest.mark.parametrize(
    ("items", "moment", "words"),
    [
        ([OVERVIEW], "2026-11-25T12:00:00+08:00", "现在播放：全景，不轮换；一直如此。"),
        ([OVERVIEW, ASIA], "2026-11-25T12:00:00+08:00",
         "现在播放：全景 30 秒 → 中亚走廊 20 秒；18:00 起：全景，不轮换。"),
        ([OVERVIEW, ASIA], "2026-11-25T18:00:00+08:00",
         "现在播放：全景，不轮换；明天 08:00 起：全景 30 秒 → 中亚走廊 20 秒。"),
        ([ASIA], "2026-11-27T20:00:00+08:00",
         "现在播放：没有到时间的画面，显示全景；星期一 08:00 起：中亚走廊，不轮换。"),
        ([{**ASIA, "weekdays": [3]}], "2026-11-25T18:00:00+08:00",
         "现在播放：没有到时间的画面，显示全景；下星期三 08:00 起：中亚走廊，不轮换。"),
    ],
)  # fmt: skip
def test_the_preview_says_what_is_shown_now_and_what_comes_after(items: list[Any], moment: str, words: str) -> None:
    assert preview(items, datetime.fromisoformat(moment)) == words


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"face": "moon"}, "face"), ({"seconds": 4}, "seconds"), ({"seconds": 3601}, "seconds"),
        ({"seconds": True}, "seconds"), ({"seconds": "30"}, "seconds"), ({"weekdays": [0]}, "weekdays"),
        ({"weekdays": [8]}, "weekdays"), ({"from": "24:00"}, "from"), ({"from": "8"}, "from"), ({"to": "24:01"}, "to"),
        ({"to": "0８:00"}, "to"), ({"from": "08:00", "to": "8:00"}, "to"), ({"from": "12:60"}, "from"),
    ],
)  # fmt: skip
def test_an_item_that_does_not_fit_is_refused_with_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Unfit) as refusal:
        fit_items([OVERVIEW, {**OVERVIEW, **change}])
    assert refusal.value.field == f"items-1-{field}"


def test_items_are_kept_in_one_way() -> None:
    kept = fit_items([{**ASIA, "weekdays": [7, 1, 2, 3, 4, 5, 6, 7], "from": "8：00", "to": " 24:00 "}])
    assert kept == [{**ASIA, "weekdays": [], "from": "08:00", "to": "24:00"}]
    for wrong in ([], [OVERVIEW] * (MOST_ITEMS + 1)):
        with pytest.raises(Unfit):
            fit_items(wrong)


def only(engine: Engine) -> Playlist:
    """The one playlist there is."""
    (found,) = list_playlists(engine, ADMIN)
    return found


@pytest.mark.db
def test_a_playlist_is_made_changed_and_removed_with_what_was_and_is_in_the_audit(ledger: Engine) -> None:
    made = make_playlist(ledger, ADMIN, " 大厅 ", [OVERVIEW])
    first = only(ledger)
    assert (first.id, first.name, first.items, first.changed_by) == (made, "大厅", [OVERVIEW], ADMIN.name)
    for _ in range(2):
        change_playlist(ledger, ADMIN, made, "大厅", [OVERVIEW, ASIA], only(ledger).changed_at.isoformat())
    assert playlist_of(ledger, ADMIN, made).items == [OVERVIEW, ASIA]
    remove_playlist(ledger, ADMIN, made)
    with pytest.raises(Unfit):
        playlist_of(ledger, ADMIN, made)
    created, changed, deleted = lines(ledger)
    assert created == ("screens:playlist:create", ADMIN.name, {"after": {"name": "大厅", "items": [OVERVIEW]}})
    assert changed[0] == "screens:playlist:change" and changed[2] == {
        "name": "大厅", "before": {"items": [OVERVIEW]}, "after": {"items": [OVERVIEW, ASIA]},
    }  # fmt: skip
    assert deleted[0] == "screens:playlist:delete" and deleted[2]["before"]["items"] == [OVERVIEW, ASIA]


@pytest.mark.db
def test_a_playlist_changed_meanwhile_is_not_overwritten(ledger: Engine) -> None:
    made = make_playlist(ledger, ADMIN, "大厅", [OVERVIEW])
    seen = only(ledger).changed_at.isoformat()
    change_playlist(ledger, ADMIN, made, "大厅", [ASIA], seen)
    with pytest.raises(Unfit, match="刚才改过"):
        change_playlist(ledger, ADMIN, made, "大厅", [OVERVIEW, ASIA], seen)
    assert only(ledger).items == [ASIA]


@pytest.mark.db
def test_names_of_playlists_are_unique(ledger: Engine) -> None:
    make_playlist(ledger, ADMIN, "Hall", [OVERVIEW])
    other = make_playlist(ledger, ADMIN, "大厅", [OVERVIEW])
    with pytest.raises(Unfit, match="同名"):
        make_playlist(ledger, ADMIN, "HALL", [OVERVIEW])
    with pytest.raises(Unfit, match="同名"):
        change_playlist(
            ledger, ADMIN, other, "hall", [OVERVIEW], playlist_of(ledger, ADMIN, other).changed_at.isoformat()
        )


def test_only_who_manages_tokens_touches_playlists(ledger: Engine) -> None:
    made = make_playlist(ledger, ADMIN, "大厅", [OVERVIEW])
    for deed in (
        lambda: make_playlist(ledger, MONITOR, "二楼", [OVERVIEW]),
        lambda: change_playlist(ledger, MONITOR, made, "二楼", [OVERVIEW], ""),
        lambda: remove_playlist(ledger, MONITOR, made),
        lambda: playlist_of(ledger, MONITOR, made),
        lambda: list_playlists(ledger, MONITOR),
    ):
        with pytest.raises(Refused):
            deed()
    assert only(ledger).name == "大厅" and len(lines(ledger)) == 1


@pytest.mark.db
def test_a_heartbeat_is_answered_with_what_the_screen_shall_play(ledger: Engine) -> None:
    screen, made = hang(ledger), make_playlist(ledger, ADMIN, "大厅", [OVERVIEW, ASIA])
    nothing = {"name": "", "items": [], "scale": "fit"}
    assert [beat(ledger, screen, LIVES).programme for _ in range(2)] == [nothing, nothing]
    change_screen(ledger, ADMIN, number(screen), Placing("一号屏", playlist_id=made, scale="stretch"))
    programme = {"name": "大厅", "items": [OVERVIEW, ASIA], "scale": "stretch"}
    assert beat(ledger, screen, LIVES).programme == programme
    seen = only(ledger)
    assert seen.screens == ("一号屏",)
    change_playlist(ledger, ADMIN, made, "大厅", [ASIA], seen.changed_at.isoformat())
    assert beat(ledger, screen, LIVES).programme["items"] == [ASIA]
    change_screen(ledger, ADMIN, number(screen), Placing("一号屏"))
    assert beat(ledger, screen, LIVES).programme == nothing


@pytest.mark.db
def test_a_playlist_in_use_cannot_be_removed_and_the_screens_are_named(ledger: Engine) -> None:
    made = make_playlist(ledger, ADMIN, "大厅", [OVERVIEW])
    screens = [hang(ledger, name) for name in ("一号屏", "二号屏")]
    for screen, name in zip(screens, ("一号屏", "二号屏"), strict=True):
        beat(ledger, screen, LIVES)
        change_screen(ledger, ADMIN, number(screen), Placing(name, playlist_id=made))
    with pytest.raises(Unfit, match="一号屏、二号屏还在用"):
        remove_playlist(ledger, ADMIN, made)
    revoke_token(ledger, number(screens[0]))
    with pytest.raises(Unfit, match=r"^二号屏还在用"):
        remove_playlist(ledger, ADMIN, made)
    change_screen(ledger, ADMIN, number(screens[1]), Placing("二号屏"))
    remove_playlist(ledger, ADMIN, made)
    assert list_playlists(ledger, ADMIN) == []


@pytest.mark.db
def test_a_screen_takes_only_what_there_is(ledger: Engine) -> None:
    screen = hang(ledger)
    beat(ledger, screen, LIVES)
    for wish, field in ((Placing("一号屏", playlist_id=99), "playlist_id"), (Placing("一号屏", scale="zoom"), "scale")):
        with pytest.raises(Unfit) as refusal:
            change_screen(ledger, ADMIN, number(screen), wish)
        assert refusal.value.field == field
    assert lines(ledger) == []


# The pages.


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with standing(tmp_path_factory) as found:
        yield found


LISTS = "/administration/screens/playlists"


def row(position: int, face: str = "overview", seconds: str = "30", start: str = "00:00", end: str = "24:00") -> Any:
    names = {"face": face, "seconds": seconds, "from": start, "to": end}
    return {f"items-{position}-{name}": value for name, value in names.items()}


def test_a_playlist_is_written_row_by_row_without_any_script(house: House) -> None:
    admin = house.browse("system_admin")
    two = {"name": "大厅", "rows": "2", **row(0), **row(1, "asia", "二十"), "items-1-weekdays": ["1", "5"]}
    page = post(admin, f"{LISTS}/new", **two, do="up-1").text
    assert 'value="二十"' in page, "what was typed moves with its row"
    assert page.index('name="items-0-face"') < page.index('selected value="asia"') < page.index('name="items-1-face"')
    assert page.count("checked") == 2
    page = post(admin, f"{LISTS}/new", **two, do="add").text
    assert 'name="rows" value="3"' in page and 'name="items-2-seconds"' in page
    page = post(admin, f"{LISTS}/new", **two, do="drop-0").text
    assert 'name="rows" value="1"' in page and 'value="二十"' in page
    for deed in ("up-0", "down-1", "drop-9", "drop-x", "dance"):
        assert 'name="rows" value="2"' in post(admin, f"{LISTS}/new", **two, do=deed).text
    answer = post(admin, f"{LISTS}/new", **two, do="save")
    assert answer.status_code == 400 and "第 2 行秒数：请填写整数" in answer.text
    answer = post(admin, f"{LISTS}/new", **two | row(1, "asia", "20", "18:00", "18:00"), do="save")
    assert answer.status_code == 400 and "第 2 行到：起止时间不能相同" in answer.text
    assert post(admin, f"{LISTS}/new", **two | row(1, "asia", "20", "18:00", "2:00"), do="save").status_code == 303
    page = see(admin, LISTS).text
    assert all(word in page for word in ("大厅", "中亚走廊 20 秒", "星期一、五 18:00–次日 02:00", "已保存", "现在播放"))


def test_a_screen_is_given_a_playlist_in_its_form_and_the_list_tells_what_it_shows(house: House) -> None:
    admin, wall = house.browse("system_admin"), house.screen()
    made = make_playlist(house.engine, ADMIN, "走廊<b>", [ASIA])
    told = {"size": "7680x2160", "face": "asia", "scale": "width"}
    headers = {"X-CSRFToken": (wall.get_cookie("panorama_csrf") or admin.get_cookie("panorama_csrf")).value}  # type: ignore[union-attr]
    assert wall.post("/screen/beat", json=told, headers=headers).json["programme"]["items"] == []
    with house.engine.connect() as connection:
        screen = connection.execute(select(wall_screen.c.id).order_by(wall_screen.c.id.desc())).scalars().first()
    path = f"/administration/screens/{screen}/change"
    assert "走廊&lt;b&gt;" in see(admin, path).text
    placed = {"name": "东屏", "enabled": "y", "playlist_id": str(made), "scale": "width"}
    assert post(admin, path, **placed | {"playlist_id": "x"}).status_code == 400
    assert post(admin, path, **placed).status_code == 303
    answer = wall.post("/screen/beat", json=told, headers=headers).json
    assert answer["programme"] == {"name": "走廊<b>", "items": [ASIA], "scale": "width"}
    page = see(admin, "/administration/screens").text
    assert all(word in page for word in ("中亚走廊", "播放单 走廊&lt;b&gt;", "16:9 版式，宽度优先"))
    assert "东屏" in see(admin, LISTS).text and "共 1 块" in see(admin, f"{LISTS}/{made}").text
    assert "东屏还在用它" in see(admin, f"{LISTS}/{made}/remove").text
    assert post(admin, f"{LISTS}/{made}/remove").status_code == 400
    assert post(admin, path, **placed | {"playlist_id": ""}).status_code == 303
    assert post(admin, f"{LISTS}/{made}/remove").status_code == 303
    assert see(admin, f"{LISTS}/{made}").status_code == 404


def test_a_form_opened_before_somebody_else_saved_says_so_and_keeps_what_was_typed(house: House) -> None:
    admin = house.browse("system_admin")
    made = make_playlist(house.engine, ADMIN, "夜班", [OVERVIEW])
    form = {"name": "夜班", "rows": "1", **row(0, "operations", "40"), "do": "save"}
    form["seen"] = playlist_of(house.engine, ADMIN, made).changed_at.isoformat()
    with time_machine.travel(datetime(2026, 11, 26, tzinfo=UTC), tick=False), house.engine.begin() as connection:
        connection.execute(update(screen_playlist).values(changed_at=datetime.now(UTC), changed_by="别人"))
    answer = post(admin, f"{LISTS}/{made}", **form)
    assert answer.status_code == 400 and "别人刚才改过" in answer.text and 'value="40"' in answer.text
    assert playlist_of(house.engine, ADMIN, made).items == [OVERVIEW]

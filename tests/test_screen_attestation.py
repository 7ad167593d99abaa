"""What screens report to show, compared: who differs is found, and nobody else; and the rule of viewing distance."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, select

from backend.alerts.service import resolve
from backend.identity.tokens import revoke_token
from backend.models import alert
from backend.screens.attestation import STEADY, compare
from backend.screens.service import beat
from backend.screens.told import composition
from backend.screens.viewing import readable
from backend.screens.watch import check_screens
from tests.hanging import LIVES, MONITOR, OTHER, alerts, hang, number, row


def shown(*hashes: str, **more: Any) -> list[dict[str, Any]]:
    same = {
        "generation": "g1",
        "view": "/wall",
        "build": "a",
        "size": "1920x1080",
        "odd_beats": 0,
        "place": "",
        "scale_shown": "fit",
    }
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
    one[2] |= {"size": "7680x2160", "scale_shown": "stretch"}
    assert subjects(one) == ["第 3 号屏"], "stretched, it shows the 16:9 composition"


def test_screens_that_show_other_faces_are_compared_all_the_same() -> None:
    one = shown("a", "a", "b")
    one[2] |= {"face": "asia"}
    assert subjects(one) == ["第 3 号屏"], "the figures of all faces are in every page"


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
        (1.2, 8, False, "只适合 4.0 米以内；画面须高 2.4 米，或拉近座位"),
        (2.4, 8.2, False, "需要 41 毫米"),
        (None, 8, None, "填写画面高度"),
    ],
)
def test_the_viewing_rule_is_text_of_a_two_hundredth_of_the_distance(
    height: float | None, distance: float, good: bool | None, words: str
) -> None:
    told = readable({"text_share": 18 / 1080, "height_m": height, "distance_m": distance, "size": "1920x1080"})
    assert told.good is good and words in told.words


@pytest.mark.parametrize(
    ("size", "share", "words"),
    [
        ("1024x768", 18 / 1920 * 1024 / 768, "改用“拉伸”缩放"),  # 等比 leaves height unused
        ("7680x2160", 18 / 1080, "改用“宽度优先”缩放"),
        ("1600x1200", 18 / 1920 * 1600 / 1200, "或改用“拉伸”缩放"),
    ],
)
def test_where_another_scale_makes_the_text_large_enough_it_is_named(size: str, share: float, words: str) -> None:
    told = readable({"text_share": share, "height_m": 2.4, "distance_m": 8, "size": size})
    told = told if share < 1 / 60 else readable({"text_share": share, "height_m": 1.2, "distance_m": 8, "size": size})
    assert told.good is False and words in told.words

"""The states that receipts make: by notice time and rank, never by arrival."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.clearance.states import CHANNELS, IllegalMove, Notice, check_user_move, status_of

START = datetime(2026, 3, 5, 1, tzinfo=UTC)
CHANNEL = st.sampled_from(sorted(CHANNELS))
NOTICES = st.lists(st.builds(Notice, CHANNEL, st.integers(0, 5).map(lambda h: START + timedelta(hours=h))), max_size=8)


def notices(channels: str) -> list[Notice]:
    return [Notice(c, START + timedelta(hours=n)) for n, c in enumerate(channels)]


@pytest.mark.parametrize(
    ("channels", "state", "counted"),
    [
        ("", "SUBMITTED", False),
        ("7L", "LODGED", False),
        ("7LJC", "EXAMINED", False),
        ("7LJP", "RELEASED", False),
        ("7LJPR", "CLEARED", True),
        ("7LE", "REJECTED", False),
        ("7LJPRD", "DELETED", False),
        ("DR", "DELETED", False),
        ("R", "CLEARED", True),
        ("7LJPRE", "CLEARED", True),
    ],
)
def test_receipts_make_the_state(channels: str, state: str, counted: bool) -> None:
    status = status_of(notices(channels))
    assert (status.state, status.counted) == (state, counted)


@given(NOTICES, st.randoms())
def test_arrival_and_repetition_change_nothing(arrived: list[Notice], random: object) -> None:
    again = [*arrived, *arrived[:3]]
    random.shuffle(again)  # type: ignore[attr-defined]
    assert status_of(again) == status_of(arrived)


def test_a_tie_goes_by_rank() -> None:
    tied = [Notice(c, START) for c in "RPJL7"]
    assert status_of(tied).state == "CLEARED"
    assert status_of(tied).clearance_minutes == 0


def test_the_day_is_shanghais() -> None:
    status = status_of([Notice("R", datetime(2026, 3, 31, 17, 0, tzinfo=UTC))])
    assert status.cleared_on == "2026-04-01"


def test_a_user_cannot_skip_a_step() -> None:
    check_user_move("REGISTERED", "TRANSFERRED")
    with pytest.raises(IllegalMove, match="收购登记"):
        check_user_move("REGISTERED", "LICENSED")

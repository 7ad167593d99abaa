"""Rules of numbers on screens: units, rounding, changes and what stands where nothing is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import format as f
from dashboard.fitting import fitted, width


@pytest.mark.parametrize(
    ("cents", "text", "unit"),
    [
        (53_774_713_437, "5.38", "亿元"),
        (10_000_000_000, "1.00", "亿元"),
        (9_999_400_000, "9,999", "万元"),
        (9_999_999_999, "10,000", "万元"),
        (1_000_000, "1", "万元"),
        (499_999, "0", "万元"),
        (500_000, "1", "万元"),
        (0, "0", "万元"),
        (-12_345_000_000, "-1.23", "亿元"),
        (None, "―", ""),
    ],
)
def test_money_takes_its_unit_from_its_size(cents: int | None, text: str, unit: str) -> None:
    assert f.money(cents) == f.Money(text, unit)


def test_half_is_rounded_up_and_not_to_even() -> None:
    assert [f.rounded(x) for x in (0.5, 1.5, 2.5)] == ["1", "2", "3"]
    assert f.money(10_050_000_00_0).text == "1.01"  # 1.005 亿


@pytest.mark.parametrize(
    ("ratio", "text", "tone"),
    [
        (0.365, "▲ 36.5%", "up"),
        (-0.058, "▼ 5.8%", "down"),
        (0.0, "― 持平", "flat"),
        (0.0004, "― 持平", "flat"),
        (-0.0004, "― 持平", "flat"),
        (0.0005, "▲ 0.1%", "up"),
        (0.9994, "▲ 99.9%", "up"),
        (1.521, "▲ 152%", "up"),
        (12.34, "▲ 12.3倍", "up"),
        (250.0, "▲ 250倍", "up"),
        (None, "―", "flat"),
    ],
)
def test_change_is_glyph_and_unsigned_size(ratio: float | None, text: str, tone: str) -> None:
    assert f.change(ratio) == f.Change(text, tone)


def test_a_place_on_the_ranking_for_the_first_time_is_new() -> None:
    assert [f.move(m).text for m in (None, 0, 2, -1)] == ["新", "―", "▲2", "▼1"]


@pytest.mark.parametrize(
    ("value", "text"), [(1.06, "1.1"), (9.94, "9.9"), (9.95, "10"), (9.99, "10"), (23.5, "24"), (None, "―")]
)
def test_days_have_one_decimal_under_ten(value: float | None, text: str) -> None:
    assert f.days(value) == text


@pytest.mark.parametrize("write", [f.wan, f.wan_fine, f.count, f.percent, f.days])
def test_nothing_known_is_a_dash_and_never_a_zero(write: object) -> None:
    assert write(None) == "―"  # type: ignore[operator]


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_the_written_amount_is_within_half_a_step_of_the_true_one(cents: int) -> None:
    shown = f.money(cents)
    step = {"亿元": f.YI_CENTS // 100, "万元": f.WAN_CENTS}[shown.unit]
    units = round(float(shown.text.replace(",", "")) * (100 if shown.unit == "亿元" else 1))
    assert abs(units * step - cents) * 2 <= step


@given(st.text(max_size=40), st.floats(min_value=2, max_value=20))
def test_a_fitted_name_is_never_wider_than_its_room(name: str, room: float) -> None:
    assert width(fitted(name, room)) <= room or fitted(name, room) == "…"


def test_a_name_that_fits_is_left_alone() -> None:
    assert fitted("吉尔吉斯斯坦", 9.6) == "吉尔吉斯斯坦"
    assert fitted("比亚迪 宋PLUS DM-i 冠军版", 9.6).endswith("…")

"""FOB values to the cent: terms, costs, ties, and the sum that must not drift."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.clearance.money import Cost, fob_cents

ONE = Decimal(1)
USD = Decimal("7.1")
TOTAL = {
    "freight": Cost("3", Decimal(60), ONE),
    "insurance": Cost("3", Decimal(4), ONE),
    "other": Cost("3", Decimal(1), ONE),
}


@pytest.mark.parametrize(
    ("terms", "cny"), [("1", 93700), ("2", 94100), ("3", 100100), ("4", 99700), ("7", 100100), ("5", 100100)]
)
def test_terms_say_which_costs_come_off(terms: str, cny: int) -> None:
    assert fob_cents([Decimal(1000)], terms, TOTAL, Decimal(0), USD)[0].cny == cny


def test_marks_are_percent_per_tonne_and_total() -> None:
    def cny(mark: str, value: str, rate: str) -> int:
        costs = {"freight": Cost(mark, Decimal(value), Decimal(rate))}
        return fob_cents([Decimal(1000)], "2", costs, Decimal(2500), USD)[0].cny

    assert cny("1", "5.5", "1") == 94500
    assert cny("2", "10", "7.1") == 100000 - 17750
    assert cny("3", "10", "7.1") == 100000 - 7100


def test_an_exact_tie_is_rounded_up() -> None:
    assert fob_cents([Decimal("10.005")], "3", {}, Decimal(0), ONE)[0] == (1001, 1001)
    assert fob_cents([Decimal("2.675")], "3", {}, Decimal(0), ONE)[0].cny == 268


@given(
    st.lists(st.decimals("0.01", "900000", places=2), min_size=1, max_size=50), st.decimals("0.01", "5000", places=2)
)
def test_shares_follow_value(values: list[Decimal], freight: Decimal) -> None:
    got = fob_cents(values, "1", {"freight": Cost("3", freight, ONE)}, Decimal(0), USD)
    invoice = sum(map(Fraction, values))
    for value, cents in zip(values, got, strict=True):
        exact = Fraction(value) - Fraction(freight) * Fraction(value) / invoice
        assert abs(cents.cny - exact * 100) <= Fraction(1, 2)
        assert abs(cents.usd - exact * 100 / Fraction(USD)) <= Fraction(1, 2)

"""The FOB value of each goods item in cents, once and for all when a declaration is taken (statistical rule 4).

Decimal with 28 digits, no rounding on the way, one rounding half up at the end for CNY and for USD separately. About
one item in 750 is an exact tie, so the order of the operations below is part of the rule: do not "simplify" it.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import NamedTuple

CENT = Decimal("0.01")
EXACT = Context(prec=28)
LOSES_FREIGHT = {"1", "2"}
LOSES_INSURANCE = {"1", "4"}


class Cost(NamedTuple):
    """Freight, insurance or other costs: mark 1 percent, 2 per tonne of gross weight, 3 total; CNY for one unit."""

    mark: str
    value: Decimal
    rate: Decimal


class Cents(NamedTuple):
    """An item's FOB value in integer cents."""

    cny: int
    usd: int


def fob_cents(
    values: Sequence[Decimal],
    terms: str,
    costs: dict[str, Cost],
    gross_weight: Decimal,
    usd_rate: Decimal,
) -> list[Cents]:
    """Value each item of one declaration.

    values: CNY value of each item; costs: any of freight, insurance, other; gross_weight in kg; usd_rate CNY for 1 USD.
    """
    with localcontext(EXACT):
        invoice = sum(values, Decimal(0))
        less = Decimal(0)
        if terms in LOSES_FREIGHT:
            less += _cost_cny(costs.get("freight"), invoice, gross_weight)
        if terms in LOSES_INSURANCE:
            less += _cost_cny(costs.get("insurance"), invoice, gross_weight)
        more = _cost_cny(costs.get("other"), invoice, gross_weight)
        return [_item(value, invoice, less - more, usd_rate) for value in values]


def _item(value: Decimal, invoice: Decimal, away: Decimal, usd_rate: Decimal) -> Cents:
    fob = value - (away * value / invoice if invoice else Decimal(0))
    return Cents(_cents(fob), _cents(fob / usd_rate))


def _cost_cny(cost: Cost | None, invoice: Decimal, gross_weight: Decimal) -> Decimal:
    if cost is None:
        return Decimal(0)
    if cost.mark == "1":
        return invoice * cost.value / 100
    each = cost.value * cost.rate
    return each * gross_weight / 1000 if cost.mark == "2" else each


def _cents(amount: Decimal) -> int:
    return int(amount.quantize(CENT, ROUND_HALF_UP) * 100)

"""What a right platform shows of the demo world, worked out by the Statistical rules and by no code of the product."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from backend.demo.cargo import C_AND_F, C_AND_I, CENT, CIF, PER_TONNE, PERCENT, Cost, Declaration
from backend.demo.journey import Notice
from backend.demo.rates import RateBook, month_of

DIGITS = Context(prec=28, rounding=ROUND_HALF_UP)
Cell = dict[str, int]


@dataclass
class Truth:
    """Figures over everything cleared and not deleted; money in integer cents, FOB.

    by_month is keyed YYYY-MM of 结关, by_country ISO alpha-3 of the final destination, by_model "brand series" as
    written, by_enterprise 统一社会信用代码; their cells hold vehicles, cny_cents, usd_cents. not_counted counts other
    declarations by their last channel; held lists {"file", "fault"} of those that cannot be counted as they stand.
    """

    vehicles: int = 0
    declarations: int = 0
    cny_cents: int = 0
    usd_cents: int = 0
    by_month: dict[str, Cell] = field(default_factory=dict)
    by_country: dict[str, Cell] = field(default_factory=dict)
    by_model: dict[str, Cell] = field(default_factory=dict)
    by_enterprise: dict[str, Cell] = field(default_factory=dict)
    not_counted: dict[str, int] = field(default_factory=dict)
    held: list[dict[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return asdict(self)

    def take(self, declaration: Declaration, notices: list[Notice], rates: RateBook) -> None:
        """Add a declaration with the notices that have come, or count it among those that do not count."""
        channels = [channel for channel, _ in notices]
        if "R" not in channels or "D" in channels or "A" in channels:
            last = channels[-1] if channels else ""
            self.not_counted[last] = self.not_counted.get(last, 0) + 1
            return
        self.declarations += 1
        cleared = next(when for channel, when in notices if channel == "R")
        for item, cny, usd in zip(declaration.items, *item_cents(declaration, rates), strict=True):
            figures = {"vehicles": item.quantity, "cny_cents": cny, "usd_cents": usd}
            self.add(figures)
            for group, key in (
                (self.by_month, month_of(cleared)), (self.by_country, declaration.destination[0]),
                (self.by_model, f"{item.brand} {item.car.series}"), (self.by_enterprise, declaration.enterprise.uscc),
            ):  # fmt: skip
                cell = group.setdefault(key, dict.fromkeys(figures, 0))
                for name, figure in figures.items():
                    cell[name] += figure

    def add(self, figures: Cell) -> None:
        """Add one item's figures to the totals."""
        self.vehicles += figures["vehicles"]
        self.cny_cents += figures["cny_cents"]
        self.usd_cents += figures["usd_cents"]


def item_cents(declaration: Declaration, rates: RateBook) -> tuple[list[int], list[int]]:
    """Return the FOB value of each item in cents of CNY and of USD, each rounded half up once (rule 4)."""
    month = month_of(declaration.declared)
    with localcontext(DIGITS):
        values = [item.total * rates.rate(month, item.currency) for item in declaration.items]
        invoice = sum(values, Decimal(0))
        net = deduction(declaration, invoice, rates)
        dollar = rates.rate(month, "USD")
        fob = [value - net * value / invoice for value in values]
        return [to_cents(value) for value in fob], [to_cents(value / dollar) for value in fob]


def deduction(declaration: Declaration, invoice: Decimal, rates: RateBook) -> Decimal:
    """Return the CNY to take off the invoice: freight (CIF, C&F) and insurance (CIF, C&I), less other costs."""
    taken = {"Fee": (CIF, C_AND_F), "Insur": (CIF, C_AND_I)}
    net = Decimal(0)
    for kind, cost in declaration.costs.items():
        if kind == "Other":
            net -= cost_cny(cost, declaration, invoice, rates)
        elif declaration.terms in taken[kind]:
            net += cost_cny(cost, declaration, invoice, rates)
    return net


def cost_cny(cost: Cost, declaration: Declaration, invoice: Decimal, rates: RateBook) -> Decimal:
    """Return a cost in CNY by its mark, at the rate of the declaration month."""
    if cost.mark == PERCENT:
        return invoice * cost.value / 100
    amount = cost.value * rates.rate(month_of(declaration.declared), cost.currency)
    return amount * declaration.gross / 1000 if cost.mark == PER_TONNE else amount


def to_cents(value: Decimal) -> int:
    """Return integer cents, half a cent upwards."""
    return int(value.quantize(CENT, ROUND_HALF_UP) * 100)


def total(cells: Iterable[Cell]) -> Cell:
    """Return the sum of a grouping's cells."""
    summed = {"vehicles": 0, "cny_cents": 0, "usd_cents": 0}
    for cell in cells:
        for name in summed:
            summed[name] += cell[name]
    return summed

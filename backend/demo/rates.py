"""The customs monthly rates of the demo world: CNY for one unit, the same for a seed whatever span is asked for."""

import random
from datetime import date
from decimal import Decimal

FIRST_YEAR = 2022
START = {"USD": Decimal("7.1000"), "EUR": Decimal("7.6500"), "RUB": Decimal("0.0860")}
UNREST = {"USD": 0.006, "EUR": 0.012, "RUB": 0.03}
FOUR_PLACES = Decimal("0.0001")


def month_of(day: date) -> str:
    """Return the month as the rate table writes it, YYYY-MM."""
    return f"{day:%Y-%m}"


def month_after(month: str) -> str:
    """Return the month that follows YYYY-MM."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"


class RateBook:
    """Monthly rates by a random walk from FIRST_YEAR on; asking for a later month walks further and changes nothing."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"{seed}/rates")
        self._last = f"{FIRST_YEAR - 1}-12"
        self._now = dict(START)
        self._rates: dict[tuple[str, str], Decimal] = {}

    def rate(self, month: str, currency: str) -> Decimal:
        """Return CNY for one unit of a currency in a month; KeyError before FIRST_YEAR or for a currency not kept."""
        while self._last < month:
            self._step()
        return self._rates[month, currency]

    def rows(self, first: str, last: str) -> list[dict[str, str]]:
        """Return the table's rows from one month to another, both included."""
        found, month = [], first
        while month <= last:
            for currency in ("CNY", *START):
                rate = self.rate(month, currency)
                found.append({"month": month, "currency": currency, "cny_per_unit": str(rate)})
            month = month_after(month)
        return found

    def _step(self) -> None:
        self._last = month_after(self._last)
        for currency, unrest in UNREST.items():
            # A pull back towards the start keeps the walk from running away.
            pull = float(START[currency] / self._now[currency] - 1) * 0.1
            factor = Decimal(str(round(1 + pull + self._rng.uniform(-unrest, unrest), 6)))
            self._now[currency] = (self._now[currency] * factor).quantize(FOUR_PLACES)
            self._rates[self._last, currency] = self._now[currency]
        self._rates[self._last, "CNY"] = Decimal(1)

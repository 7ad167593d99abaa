"""What one demo declaration holds: the enterprise, the goods with their vehicles, the terms and the costs."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from backend.demo import identifiers, places
from backend.demo.catalogue import CARS, CarModel
from backend.demo.enterprises import Enterprise
from backend.demo.rates import RateBook, month_of

CENT = Decimal("0.01")
TENTH_OF_A_MILL = Decimal("0.0001")
VEHICLES_PER_DECLARATION = 64  # numbers reserved for each declaration, so that no two ever share a vehicle
MOST_VEHICLES = 20
ITEM_COUNTS, ITEM_WEIGHTS = (1, 2, 3, 4, 5, 6), (26, 30, 22, 12, 6, 4)
QUANTITIES, QUANTITY_WEIGHTS = (1, 2, 3, 4, 5), (42, 28, 16, 9, 5)
CIF, C_AND_F, FOB, C_AND_I, EXW = "1", "2", "3", "4", "7"
TERMS, TERM_WEIGHTS = (FOB, CIF, C_AND_F, EXW, C_AND_I), (44, 25, 18, 8, 5)
PERCENT, PER_TONNE, TOTAL = "1", "2", "3"


@dataclass(frozen=True)
class Vehicle:
    """One vehicle: VIN, 号牌号码, 注册登记日期."""

    vin: str
    plate: str
    registered: date


@dataclass
class Item:
    """One goods item; price and total are amounts of its currency."""

    car: CarModel
    brand: str  # as written on the declaration
    price: Decimal
    total: Decimal
    currency: str
    vehicles: list[Vehicle]

    @property
    def quantity(self) -> int:
        """Number of vehicles."""
        return len(self.vehicles)


@dataclass(frozen=True)
class Cost:
    """Freight, insurance or other costs: mark 1 percent (no currency), 2 per tonne of gross weight, 3 total."""

    mark: str
    value: Decimal
    currency: str = ""


@dataclass
class Declaration:
    """One declaration before it is written in any format; times are Asia/Shanghai without offset, as in receipts."""

    serial: int
    declared: datetime
    enterprise: Enterprise
    transit: tuple[str, str]  # 运抵国: ISO code, old code
    destination: tuple[str, str]  # 最终目的国: ISO code, old code
    route: places.Route
    terms: str
    gross: int  # kg
    items: list[Item]
    costs: dict[str, Cost]  # by the message's own prefixes Fee, Insur, Other
    seq: str = ""
    entry: str = ""
    licence: str = ""
    issued: date = date.min

    def __post_init__(self) -> None:
        year = self.declared.year
        self.seq = identifiers.sequence_number(year, self.serial)
        self.entry = identifiers.entry_number(self.route.declared_at, year, self.serial)
        self.licence = identifiers.licence_number(year, self.serial)
        # A licence belongs to one calendar year: none is issued in December for a declaration of January.
        waited = timedelta(days=3 + self.serial % 14)
        self.issued = max(self.declared.date() - waited, date(year, 1, 1))

    @property
    def vehicles(self) -> list[Vehicle]:
        """All vehicles of all items."""
        return [vehicle for item in self.items for vehicle in item.vehicles]


def make(
    seed: int, serial: int, declared: datetime, firms: list[Enterprise], rates: RateBook, *, untidy: bool = False
) -> Declaration:
    """Return declaration number `serial`; the same arguments always give the same one, whatever was made before."""
    return Drawing(random.Random(f"{seed}/declaration/{serial}"), serial, declared, rates, untidy).declaration(firms)


class Drawing:
    """The drawing of one declaration by its own random numbers."""

    def __init__(self, rng: random.Random, serial: int, declared: datetime, rates: RateBook, untidy: bool) -> None:
        self.rng, self.serial, self.declared, self.rates, self.untidy = rng, serial, declared, rates, untidy
        self.currency = "USD"

    def declaration(self, firms: list[Enterprise]) -> Declaration:
        """Return a declaration of one of the enterprises, the larger ones more often."""
        firm = self.rng.choices(firms, [each.share for each in firms])[0]
        country = self.rng.choices(places.COUNTRIES, [each.share for each in places.COUNTRIES])[0]
        route = self.rng.choices(country.routes, [each.share for each in country.routes])[0]
        self.currency = choose_currency(self.rng, country.code)
        items = self.items(country)
        transit = (country.code, country.old)
        destination = places.ONWARD.get(country.code, transit) if self.rng.random() < 0.05 else transit
        gross = sum(item.car.kg * item.quantity for item in items) + self.rng.choice((0, 60, 80, 145))
        terms = self.rng.choices(TERMS, TERM_WEIGHTS)[0]
        costs = self.costs(terms, sum((item.total for item in items), Decimal(0)))
        return Declaration(self.serial, self.declared, firm, transit, destination, route, terms, gross, items, costs)

    def items(self, country: places.Country) -> list[Item]:
        """Return one to six goods items of at most MOST_VEHICLES vehicles, in models that the destination likes."""
        liking = {"BEV": country.taste[0], "PHEV": country.taste[1]}
        weights = [car.appeal * liking.get(car.fuel, country.taste[2]) for car in CARS]
        cars = self.rng.choices(CARS, weights, k=self.rng.choices(ITEM_COUNTS, ITEM_WEIGHTS)[0])
        items: list[Item] = []
        shipped = 0
        for car in cars:
            quantity = min(self.rng.choices(QUANTITIES, QUANTITY_WEIGHTS)[0], MOST_VEHICLES - shipped)
            if quantity:
                items.append(self.item(car, quantity, self.serial * VEHICLES_PER_DECLARATION + shipped))
            shipped += quantity
        return items

    def item(self, car: CarModel, quantity: int, number: int) -> Item:
        """Return one goods item: vehicles of one age from vehicle `number` on, priced by model and age."""
        rng, day, month = self.rng, self.declared.date(), month_of(self.declared)
        # Most exported used cars have hardly run; the rule of 180 days between registration and licence bites on these.
        days = rng.randint(25, 210) if rng.random() < 0.55 else rng.randint(211, 2400)
        dollars = car.usd * max(0.35, 1 - 0.12 * days / 365) * rng.uniform(0.94, 1.05)
        price = Decimal(str(round(dollars, 2))) * self.rates.rate(month, "USD") / self.rates.rate(month, self.currency)
        price = price.quantize(TENTH_OF_A_MILL if self.untidy and rng.random() < 0.1 else CENT)
        total = (price * quantity).quantize(CENT, ROUND_HALF_UP)
        vehicles = [make_vehicle(rng, car, number + k, day - timedelta(days=days)) for k in range(quantity)]
        brand = car.english if self.untidy and rng.random() < 0.06 else car.brand
        return Item(car, brand, price, total, self.currency, vehicles)

    def costs(self, terms: str, total: Decimal) -> dict[str, Cost]:
        """Return the costs that a declaration states, in each of the three ways of stating them."""
        costs: dict[str, Cost] = {}
        # A clerk sometimes fills in the freight of an FOB contract: it is stated, and no rule takes it off.
        if terms in (CIF, C_AND_F) or (self.untidy and self.rng.random() < 0.03):
            costs["Fee"] = self.freight(total)
        if terms in (CIF, C_AND_I):
            share = Cost(TOTAL, (total * Decimal("0.004")).quantize(CENT), self.currency)
            costs["Insur"] = Cost(PERCENT, Decimal("0.3")) if self.rng.random() < 0.7 else share
        if self.rng.random() < 0.05:
            costs["Other"] = self.rng.choice((Cost(TOTAL, Decimal("150.00"), "USD"), Cost(PERCENT, Decimal("0.5"))))
        return costs

    def freight(self, total: Decimal) -> Cost:
        """Return a freight, in the contract's currency or another."""
        ways = (
            Cost(TOTAL, (total * Decimal("0.055")).quantize(CENT), self.currency),
            Cost(PERCENT, Decimal("6.2")),
            Cost(PER_TONNE, Decimal("92.50"), "USD"),
            Cost(TOTAL, Decimal(self.rng.randrange(900, 4200)), "CNY"),
        )
        return self.rng.choices(ways, (45, 20, 20, 15))[0]


def choose_currency(rng: random.Random, country: str) -> str:
    """Return the currency of the contract: dollars mostly, with Russia mostly yuan and some roubles."""
    if country in ("RUS", "BLR"):
        return rng.choices(("CNY", "USD", "RUB"), (60, 25, 15))[0]
    return rng.choices(("USD", "CNY", "EUR"), (80, 15, 5))[0]


def make_vehicle(rng: random.Random, car: CarModel, number: int, registered: date) -> Vehicle:
    """Return vehicle `number`, first registered in the days before the given one, and of that year's model."""
    registered -= timedelta(days=rng.randrange(12))
    vin = identifiers.vin(car.maker, registered.year, number, rng.choice(identifiers.VIN_LETTERS))
    return Vehicle(vin, identifiers.plate(rng, car.fuel, number), registered)

"""The tables that other authorities hand over: licences with their vehicles, and the police's registrations."""

import csv
import io
import random
from datetime import date, datetime, timedelta

from backend.demo import cargo, identifiers
from backend.demo.cargo import Declaration, Vehicle
from backend.demo.catalogue import CARS, CarModel
from backend.demo.enterprises import Enterprise
from backend.demo.places import COUNTRIES

Row = dict[str, str]
NORMAL, DEREGISTERED = "A", "E"  # 机动车状态
MONTHS_TO_DEREGISTER = 60  # days that the rule leaves after 结关, about
EARLY_STAGES = ("acquired", "transferred", "licensed")
EARLY_NUMBER = 63  # the last number of a declaration's block, which no declared vehicle reaches
EARLY_LICENCE = 900_000


def csv_bytes(rows: list[Row], mark: bool = False) -> bytes:
    """Return rows as CSV with a heading line, with a byte-order mark when asked; no rows give no bytes."""
    if not rows:
        return b""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig" if mark else "utf-8")


def licence_row(number: str, firm: Enterprise, vin: str, country: str, issued: date) -> Row:
    """Return one vehicle's row of a licence; a licence ends with its calendar year at the latest."""
    until = min(issued + timedelta(days=170), date(issued.year, 12, 31))
    return {
        "许可证号": number, "出口商": firm.name, "统一社会信用代码": firm.uscc, "VIN": vin, "进口国(地区)": country,
        "发证日期": str(issued), "有效期至": str(until),
    }  # fmt: skip


def registration_row(vehicle: Vehicle, car: CarModel, transferred: date | None, status: str) -> Row:
    """Return one vehicle's row of the register; 转让待出口日期 is empty before that step."""
    return {
        "VIN": vehicle.vin, "号牌号码": vehicle.plate, "注册登记日期": str(vehicle.registered),
        "转让待出口日期": str(transferred or ""), "机动车状态": status, "品牌": car.brand, "型号": car.series,
    }  # fmt: skip


def licences(declaration: Declaration) -> list[Row]:
    """Return the licence rows of a declaration's vehicles."""
    firm, country = declaration.enterprise, declaration.destination[0]
    number, issued = declaration.licence, declaration.issued
    return [licence_row(number, firm, each.vin, country, issued) for each in declaration.vehicles]


def registrations(declaration: Declaration, cleared: datetime | None, horizon: datetime) -> list[Row]:
    """Return the register's rows of a declaration's vehicles; some time after 结关 most are 注销, a few are overdue."""
    rng = random.Random(f"{declaration.seq}/register")
    transferred = declaration.issued - timedelta(days=rng.randrange(4, 12))
    return [
        registration_row(vehicle, item.car, transferred, status(rng, cleared, horizon))
        for item in declaration.items
        for vehicle in item.vehicles
    ]


def status(rng: random.Random, cleared: datetime | None, horizon: datetime) -> str:
    """Return 机动车状态: normal until the owner has the cleared vehicle struck off."""
    if cleared is None:
        return NORMAL
    days = (horizon - cleared).days
    likely = 0.96 if days > MONTHS_TO_DEREGISTER else 0.9 * days / MONTHS_TO_DEREGISTER
    return DEREGISTERED if rng.random() < likely else NORMAL


def early_vehicles(rng: random.Random, count: int, firms: list[Enterprise], today: date) -> tuple[list[Row], list[Row]]:
    """Return registrations and licences of vehicles that no declaration names yet: `count` at each of EARLY_STAGES."""
    registered: list[Row] = []
    licensed: list[Row] = []
    for place in range(count * len(EARLY_STAGES)):
        stage = EARLY_STAGES[place % len(EARLY_STAGES)]
        car = rng.choices(CARS, [each.appeal for each in CARS])[0]
        number = place * cargo.VEHICLES_PER_DECLARATION + EARLY_NUMBER
        vehicle = cargo.make_vehicle(rng, car, number, today - timedelta(days=rng.randrange(60, 1500)))
        transferred = None if stage == "acquired" else today - timedelta(days=rng.randrange(8, 50))
        registered.append(registration_row(vehicle, car, transferred, NORMAL))
        if stage == "licensed":
            licence = identifiers.licence_number(today.year, EARLY_LICENCE + place)
            issued = max(today - timedelta(days=rng.randrange(1, 8)), date(today.year, 1, 1))
            licensed.append(licence_row(licence, rng.choice(firms), vehicle.vin, rng.choice(COUNTRIES).code, issued))
    return registered, licensed

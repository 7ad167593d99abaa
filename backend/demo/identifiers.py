"""Numbers of the field, well formed and with right check digits, yet recognisable as belonging to nothing real."""

import random

from backend.enterprises.uscc import CHARACTERS, check_character, organisation_check_character

# GB 16735-2019: the letters I, O and Q are not used; letters count as the digits below, each place by its weight.
VIN_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True))
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
VIN_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"  # the code of 1980 + n is at n modulo 30: no I, O, Q, U, Z or 0
VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"

PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
PLATES_IN_BLOCK = len(PLATE_LETTERS) * 10**4
SCRAMBLE = 7919  # shares no factor with PLATES_IN_BLOCK, so multiplying by it only mixes the order
# Neighbouring cities sell to Xi'an; each further block of vehicles takes the plates of one more province.
NEAR = ("陕A",) * 14 + ("陕C", "陕D", "陕E", "甘A", "晋A", "豫A")
FAR = "京津沪渝冀云辽黑湘皖鲁新苏浙赣鄂桂蒙吉闽贵粤青藏川宁琼"


def vin_check_digit(vin: str) -> str:
    """Return the ninth character that a VIN must have; whatever stands there now has weight 0."""
    rest = sum(VIN_VALUES[character] * weight for character, weight in zip(vin, VIN_WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def vin(maker: str, year: int, number: int, variant: str = "A") -> str:
    """Return the VIN of vehicle `number`; its descriptor section reads DEM0, so it is nobody's car.

    maker: three characters of the WMI; variant: one letter; year: model year. Numbers below 23 million do not repeat.
    """
    plant = VIN_LETTERS[number // 10**6]
    draft = f"{maker}DEM0{variant}0{VIN_YEARS[(year - 1980) % 30]}{plant}{number % 10**6:06d}"
    return draft[:8] + vin_check_digit(draft) + draft[9:]


def uscc(area: str, number: int) -> str:
    """Return the 统一社会信用代码 of enterprise `number` (below 29 791); its organisation code begins MADEM."""
    tail = "".join(CHARACTERS[number // 31**place % 31] for place in (2, 1, 0))
    organisation = "MADEM" + tail
    body = f"91{area}{organisation}{organisation_check_character(organisation)}"
    return body + check_character(body)


def plate(rng: random.Random, fuel: str, number: int) -> str:
    """Return the 号牌号码 of vehicle `number`: eight characters for new energy (D battery, F other), else seven."""
    block, place = divmod(number, PLATES_IN_BLOCK)
    place = place * SCRAMBLE % PLATES_IN_BLOCK
    code = f"{PLATE_LETTERS[place // 10**4]}{place % 10**4:04d}"
    city = rng.choice(NEAR) if block == 0 else FAR[(block - 1) % len(FAR)] + "A"
    return city + {"BEV": "D", "PHEV": "F"}.get(fuel, "") + code


def sequence_number(year: int, serial: int) -> str:
    """Return the 统一编号 of an export declaration: E, year, 13 digits of which the first is 9."""
    return f"E{year}9{serial:012d}"


def entry_number(office: str, year: int, serial: int) -> str:
    """Return the 海关编号: customs office (4), year, 0 for export, serial (9)."""
    return f"{office}{year}0{serial:09d}"


def licence_number(year: int, serial: int) -> str:
    """Return the 出口许可证号 yy-XX-nnnnnn; 61 stands for the issuing agency."""
    return f"{year % 100:02d}-61-{serial % 10**6:06d}"

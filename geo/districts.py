"""Xi'an inside: thirteen districts and counties by area code, and the zones of the customs district code."""

from dataclasses import dataclass

from geo.projection import Point


@dataclass(frozen=True)
class District:
    """An area with an outline: six-digit area code, name, and the (lon, lat) where its label stands."""

    code: str
    name: str
    point: Point


@dataclass(frozen=True)
class Zone:
    """A development zone: a numbered point, never an area, since its borders cross those of the districts.

    `code` is the five-digit customs district code (境内货源地) that counts it and `official` the wording of that table;
    both are None for a zone that customs counts under another code.
    """

    key: str
    code: str | None
    name: str
    point: Point
    official: str | None = None


_DISTRICTS = (
    District("610102", "新城区", (108.98, 34.28)),
    District("610103", "碑林区", (108.95, 34.245)),
    District("610104", "莲湖区", (108.90, 34.27)),
    District("610111", "灞桥区", (109.09, 34.28)),
    District("610112", "未央区", (108.91, 34.34)),
    District("610113", "雁塔区", (108.93, 34.205)),
    District("610114", "阎良区", (109.29, 34.68)),
    District("610115", "临潼区", (109.29, 34.44)),
    District("610116", "长安区", (108.90, 34.02)),
    District("610117", "高陵区", (109.07, 34.53)),
    District("610118", "鄠邑区", (108.55, 34.00)),
    District("610122", "蓝田县", (109.42, 34.06)),
    District("610124", "周至县", (108.08, 33.95)),
)

DISTRICTS: dict[str, District] = {district.code: district for district in _DISTRICTS}

# Old codes live on in the credit codes of companies registered before the county became a district.
RENAMED = {"610121": "610116", "610125": "610118", "610126": "610117"}

ZONES: tuple[Zone, ...] = (
    Zone("port", None, "国际港务区", (109.06, 34.39)),
    Zone("economic", None, "经开区", (108.94, 34.36)),
    Zone("hightech", "61013", "高新区", (108.87, 34.20), "西安新技术产业开发区"),
    Zone("xixian", "6104W", "西咸新区", (108.74, 34.29), "陕西西咸保税物流中心"),
    Zone("aerospace", "61012", "航天基地", (108.99, 34.16), "陕西航天经济技术开发区"),
    Zone("processing", "61015", "出口加工区", (108.97, 34.37), "陕西西安出口加工区"),
    # One code for three bonded zones; the point is that of the oldest, in 国际港务区.
    Zone("bonded", "61016", "综合保税区", (109.08, 34.41), "西安、西安高新和西安航空基地综合保税区"),
)

REST_OF_XIAN = {"61019": "西安其他"}  # No zone: everything in Xi'an that the codes above do not count.


def current_code(area_code: str) -> str:
    """The area code in force today for a code that may be older than the last change of districts."""
    return RENAMED.get(area_code, area_code)


def district_name(area_code: str) -> str | None:
    """The district's name by six-digit area code, old codes included; None outside Xi'an."""
    district = DISTRICTS.get(current_code(area_code))
    return district.name if district else None


def zone_name(district_code5: str) -> str | None:
    """The short name behind a five-digit customs district code, 西安其他 included; None for codes outside Xi'an."""
    zone = zone_of(district_code5)
    return zone.name if zone else REST_OF_XIAN.get(district_code5)


def zone_of(district_code5: str) -> Zone | None:
    """The numbered point of a customs district code; None for 西安其他 and for codes outside Xi'an."""
    return next((zone for zone in ZONES if zone.code == district_code5), None)

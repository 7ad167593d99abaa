"""Where vehicles leave China: land ports and harbours by customs office code and by port code, with coordinates."""

from dataclasses import dataclass

from geo.projection import Point

XIAN: Point = (108.94, 34.34)


@dataclass(frozen=True)
class Port:
    """One place of exit. `offices` are four-digit customs offices (出境关别), `codes` six-digit ports (离境口岸).

    `gate` is the sea area that a harbour opens to (see `geo.corridors`), None for a port on land.
    """

    key: str
    name: str
    point: Point
    offices: tuple[str, ...]
    codes: tuple[str, ...]
    gate: str | None = None


LAND = (
    Port("horgos", "霍尔果斯", (80.4, 44.2), ("9402", "9421", "9427"), ("650501", "651301")),
    Port("alashankou", "阿拉山口", (82.6, 45.2), ("9404", "9423"), ("650301", "650302", "650303")),
    Port("bakhty", "巴克图", (82.8, 46.7), ("9405",), ("650201", "650202")),
    Port("jeminay", "吉木乃", (85.7, 47.4), ("9407",), ("651001",)),
    Port("dulata", "都拉塔", (80.6, 43.7), ("9419",), ("650404",)),
    Port("torugart", "吐尔尕特", (75.4, 40.5), ("9403",), ("650902",)),
    Port("irkeshtam", "伊尔克什坦", (73.9, 39.7), ("9415",), ("650901",)),
    Port("karasu", "卡拉苏", (74.9, 38.3), ("9425",), ("651101",)),
    Port("khunjerab", "红其拉甫", (75.4, 36.9), ("9409",), ("650804",)),
    Port("takeshiken", "塔克什肯", (90.9, 46.2), ("9411",), ("650104",)),
    Port("erenhot", "二连浩特", (111.9, 43.6), ("0702", "0705", "0719"), ("150201", "150202")),
    Port("manzhouli", "满洲里", (117.4, 49.6), ("0600", "0603", "0609"), ("150102", "150104")),
    Port("suifenhe", "绥芬河", (131.1, 44.4), ("1902", "1925", "1928"), ("230401", "230402")),
    Port("heihe", "黑河", (127.5, 50.2), ("1903",), ("231101",)),
    Port("mohan", "磨憨", (101.7, 21.2), ("8612", "8638"), ("530802",)),
    Port("ruili", "瑞丽", (97.9, 24.0), ("8603",), ("530101",)),
    Port("hekou", "河口", (103.9, 22.5), ("8613", "8625"), ("530501", "530502")),
    Port("pingxiang", "友谊关", (106.7, 22.0), ("7208", "7220"), ("450401", "450402", "450405")),
    Port("jilong", "吉隆", (85.4, 28.4), ("8808",), ("540101",)),
)

HARBOURS = (
    Port(
        "tianjin",
        "天津港",
        (117.8, 38.9),
        ("0202", "0213", "0217"),
        ("120001", "120004", "121503", "121504"),
        "east",
    ),
    Port("yangshan", "洋山港", (122.1, 30.6), ("2207", "2248", "2249"), ("311002", "311003"), "east"),
    Port("waigaoqiao", "外高桥", (121.6, 31.4), ("2218", "2225"), ("310701",), "east"),
    Port("qingdao", "青岛港", (120.3, 36.0), ("4214", "4227", "4258"), ("370101", "370202"), "east"),
    Port("lianyungang", "连云港", (119.5, 34.8), ("2301",), ("321201",), "east"),
    Port("ningbo", "宁波港", (121.9, 29.9), ("3104",), ("380001", "380101", "380102"), "east"),
    Port(
        "guangzhou",
        "广州港",
        (113.6, 22.8),
        ("5100", "5166", "5167", "5168"),
        ("440001", "440101", "443404", "443405", "443406", "443417"),
        "south",
    ),
    Port("shenzhen", "深圳港", (114.2, 22.5), ("5304",), ("470601",), "south"),
    Port("qinzhou", "钦州港", (108.6, 21.7), ("7212", "7217"), ("450702",), "south"),
)

BY_KEY: dict[str, Port] = {port.key: port for port in (*LAND, *HARBOURS)}

# Every code of both kinds; four and six digits cannot be mistaken for each other.
PORTS: dict[str, Port] = {code: port for port in BY_KEY.values() for code in (*port.offices, *port.codes)}


# Offices of Xi'an itself: goods that leave by air, or in bond, name one of them as their place of exit.
HOME_OFFICES = {
    "9001": "关中海关",
    "9002": "咸阳机场",
    "9007": "西安综保区",
    "9008": "高新综保区",
    "9009": "西安车站",
    "9013": "西咸物流",
    "9016": "航空综保区",
}


def port_name(code: str) -> str:
    """The name of the place of exit by customs office or port code; the code itself where it is not in the table."""
    port = PORTS.get(code)
    return port.name if port else HOME_OFFICES.get(code, code)

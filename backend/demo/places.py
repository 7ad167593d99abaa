"""Where the demo vehicles go and by which way out of China: destinations, routes, and the counties of Xi'an."""

from dataclasses import dataclass

WATER, RAIL, ROAD, AIR, OTHER = "2", "3", "4", "5", "9"  # 运输方式


@dataclass(frozen=True)
class Route:
    """One way out: transport mode, customs of declaration, 出境关别, 离境口岸, 指运港, share of the traffic."""

    mode: str
    declared_at: str
    exit_office: str
    exit_port: str
    foreign_port: str
    share: int


@dataclass(frozen=True)
class Country:
    """One destination: ISO alpha-3, the old numeric customs code, its share, its routes and its taste in fuels."""

    code: str
    old: str
    share: int
    routes: tuple[Route, ...]
    taste: tuple[float, float, float]  # liking for battery, plug-in hybrid, and all other cars


def road(office: str, port: str, foreign: str, share: int = 1) -> Route:
    """Return a way by lorry or on own wheels."""
    return Route(ROAD, "9013", office, port, foreign, share)


def rail(office: str, port: str, foreign: str, share: int = 1) -> Route:
    """Return a way by a block train from Xi'an's station."""
    return Route(RAIL, "9009", office, port, foreign, share)


def water(office: str, port: str, foreign: str, share: int = 1) -> Route:
    """Return a way by ship."""
    return Route(WATER, "9001", office, port, foreign, share)


def air(foreign: str, share: int = 1) -> Route:
    """Return the way by air from Xianyang."""
    return Route(AIR, "9002", "9002", "610002", foreign, share)


HORGOS, ALATAW, ERENHOT = ("9402", "650501"), ("9404", "650302"), ("0702", "150201")
TORUGART, IRKESHTAM, KARASU = ("9403", "650902"), ("9415", "650901"), ("9425", "651101")
TIANJIN, YANGSHAN, NANSHA = ("0202", "120001"), ("2248", "311002"), ("5166", "440001")
DRIVEN = Route(OTHER, "9013", *HORGOS, "KAZ907", 2)  # 自驾出境, declared as 其他

TO_KAZAKHSTAN = (rail(*HORGOS, "KAZ907", 5), road(*HORGOS, "KAZ907", 4), rail(*ALATAW, "KAZ906", 2), DRIVEN)
TO_RUSSIA = (rail(*ALATAW, "RUS901", 4), rail(*ERENHOT, "RUS901", 3), road(*HORGOS, "RUS901", 3))
TO_EMIRATES = (water(*TIANJIN, "ARE027", 4), water(*YANGSHAN, "ARE027", 4), air("ARE018", 1))

COUNTRIES = (
    Country("KAZ", "145", 25, TO_KAZAKHSTAN, (1.2, 1.4, 0.9)),
    Country("KGZ", "146", 18, (road(*TORUGART, "KGZ902", 5), road(*IRKESHTAM, "KGZ905", 3)), (1.1, 1.0, 1.0)),
    Country("RUS", "344", 15, TO_RUSSIA, (0.4, 1.1, 1.6)),
    Country("UZB", "149", 14, (rail(*HORGOS, "UZB003", 5), road(*IRKESHTAM, "UZB003", 2)), (1.9, 1.2, 0.5)),
    Country("ARE", "138", 10, TO_EMIRATES, (1.0, 1.1, 1.1)),
    Country("TJK", "147", 4, (road(*KARASU, "TJK901"),), (1.6, 0.9, 0.8)),
    Country("BLR", "340", 3, (rail(*ALATAW, "BLR000"),), (0.9, 1.2, 1.0)),
    Country("GEO", "337", 2, (rail(*HORGOS, "GEO006", 2), water(*YANGSHAN, "GEO006", 1)), (0.8, 1.0, 1.2)),
    Country("AZE", "339", 2, (rail(*HORGOS, "AZE901"),), (0.9, 1.1, 1.0)),
    Country("TKM", "148", 1, (rail(*HORGOS, "TKM000"),), (0.2, 0.4, 1.8)),
    Country("JOR", "117", 2, (water(*YANGSHAN, "JOR003"),), (2.4, 0.6, 0.3)),
    Country("SAU", "131", 1, (water(*TIANJIN, "SAU000"),), (0.3, 0.8, 1.5)),
    Country("NGA", "236", 1, (water(*NANSHA, "NGA000"),), (0.1, 0.2, 1.8)),
    Country("EGY", "215", 1, (water(*YANGSHAN, "EGY012"),), (1.0, 0.8, 1.0)),
    Country("MNG", "124", 1, (rail(*ERENHOT, "MNG902"),), (0.3, 0.8, 1.5)),
)
# Goods that travel to a neighbour first: 运抵国 is the first, 最终目的国 the second.
ONWARD = {"KAZ": ("RUS", "344"), "KGZ": ("UZB", "149"), "ARE": ("EGY", "215")}

# Counties of Xi'an with their share of the exporters, and the 境内货源地 codes that stand for development zones.
COUNTIES = (("610112", 5), ("610111", 4), ("610113", 4), ("610116", 3), ("610104", 2), ("610102", 2), ("610117", 2),
            ("610103", 1), ("610115", 1), ("610118", 1), ("610114", 1), ("610124", 1), ("610122", 1))  # fmt: skip
ZONES = (("61019", 9), ("61013", 5), ("61012", 3), ("61016", 1))

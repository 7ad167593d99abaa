"""Groups of countries that leadership asks by: continents, trade agreements and regions, as one declaration."""

from dataclasses import dataclass
from functools import cache

from geo.countries import COUNTRIES


@dataclass(frozen=True)
class Group:
    """A named set of alpha-3 codes. Groups overlap: a sum over groups is no total."""

    name: str
    members: frozenset[str]


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _continent(*regions: str) -> frozenset[str]:
    return frozenset(code for code, country in COUNTRIES.items() if country.region in regions)


_CENTRAL_ASIA = _codes("KAZ KGZ TJK TKM UZB")
_ASEAN_TEN = _codes("BRN KHM IDN LAO MYS MMR PHL SGP THA VNM")
# The usual Chinese reading of 中东: West Asia without the Caucasus, with Egypt.
_MIDDLE_EAST = _codes("ARE BHR CYP EGY IRN IRQ ISR JOR KWT LBN OMN PSE QAT SAU SYR TUR YEM")
_SOUTH_ASIA = _codes("AFG BGD BTN IND LKA MDV NPL PAK")
_EAST_EUROPE = _codes("ALB BGR BIH CZE EST HRV HUN LTU LVA MKD MNE POL ROU SRB SVK SVN")

GROUPS: dict[str, Group] = {
    "central_asia": Group("中亚五国", _CENTRAL_ASIA),
    "eaeu": Group("欧亚经济联盟", _codes("ARM BLR KAZ KGZ RUS")),
    "rcep": Group("RCEP", _ASEAN_TEN | _codes("AUS CHN JPN KOR NZL")),
    "asean": Group("东盟", _ASEAN_TEN | {"TLS"}),  # 东帝汶 is a member since October 2025, but not of RCEP.
    "gcc": Group("海合会", _codes("ARE BHR KWT OMN QAT SAU")),
    "middle_east": Group("中东", _MIDDLE_EAST),
    # The 65 countries along the routes as named in 2015; more have signed since. Edit here when the bureau says so.
    "belt_and_road": Group(
        "一带一路沿线",
        _CENTRAL_ASIA
        | _ASEAN_TEN
        | _MIDDLE_EAST
        | _SOUTH_ASIA
        | _EAST_EUROPE
        | _codes("MNG RUS BLR UKR MDA GEO AZE ARM GRC"),
    ),
    # Continents after UN M49, the Americas split in two: every country but Antarctica lies in exactly one of these six.
    "asia": Group("亚洲", _continent("亚洲")),
    "europe": Group("欧洲", _continent("欧洲")),
    "africa": Group("非洲", _continent("非洲")),
    "latin_america": Group("拉美", _continent("拉美")),
    "north_america": Group("北美", _continent("北美")),
    "oceania": Group("大洋洲", _continent("大洋洲")),
}

CONTINENTS = ("asia", "europe", "africa", "latin_america", "north_america", "oceania")


@cache
def groups_of(alpha3: str) -> tuple[str, ...]:
    """The keys of all groups that hold a country, in the order of the declaration; none for an unknown code."""
    return tuple(key for key, group in GROUPS.items() if alpha3 in group.members)


def group_name(key: str) -> str:
    """The Chinese name of a group; a key that is none stands for itself."""
    group = GROUPS.get(key)
    return group.name if group else key

"""By what figures can be grouped and filtered: each dimension once, with the fact columns it is made from."""

from dataclasses import dataclass

from datasources.enterprises import DISTRICT

# Columns that belong to a goods item; the others are the same on every item of a declaration.
ITEM_COLUMNS = frozenset({"country", "brand", "model", "fuel", "zone"})
BASES = {"cleared": "cleared_on", "released": "released_on", "declared": "declared_on"}
ENTERPRISE_JOIN = "LEFT JOIN enterprise e ON e.uscc = r.uscc"
GROUP_JOIN = "LEFT JOIN country_group g ON g.country = r.country"


@dataclass(frozen=True)
class Dimension:
    """One way to group: its label, the columns it needs, its expression over relation `r`, and the join it needs."""

    label: str
    columns: tuple[str, ...]
    expression: str
    join: str = ""


def _plain(label: str, column: str) -> Dimension:
    return Dimension(label, (column,), f"r.{column}")


DIMENSIONS = {
    "month": Dimension("月份", ("day",), "strftime(r.day, '%Y-%m')"),
    "day": Dimension("日期", ("day",), "strftime(r.day, '%Y-%m-%d')"),
    "country": _plain("国家(地区)", "country"),
    "country_group": Dimension("区域", ("country",), "COALESCE(g.name, 'OTHER')", GROUP_JOIN),
    "brand": _plain("品牌", "brand"),
    "model": _plain("车型", "model"),
    "enterprise": _plain("企业", "uscc"),
    "exit_office": _plain("出境关别", "exit_office"),
    "transport_mode": _plain("运输方式", "transport_mode"),
    "fuel": _plain("动力类型", "fuel"),
    "district": Dimension("区县", ("uscc",), DISTRICT.format(uscc="r.uscc"), ENTERPRISE_JOIN),
    "zone": _plain("境内货源地", "zone"),
    "state": _plain("状态", "state"),
}
ORDERED = ("month", "day")
COUNTED_BY = tuple(name for name in DIMENSIONS if name != "state")

"""The metrics, each declared once; menus, drill, export, interface and the dictionary of metrics all read this list."""

from dataclasses import dataclass
from typing import Any

from datasources.dimensions import COUNTED_BY, DIMENSIONS
from datasources.periods import cents_each, share


@dataclass(frozen=True)
class Measure:
    """A sum or count: its SQL on facts and on cubes (None where no cube can tell), and the columns it needs."""

    facts: str
    cube: str | None
    columns: tuple[str, ...] = ()


def _sum(expression: str) -> str:
    return f"CAST(COALESCE(SUM({expression}), 0) AS BIGINT)"


_NEW_ENERGY = _sum("CASE WHEN r.fuel IN ('BEV', 'PHEV') THEN r.vehicles ELSE 0 END")
MEASURES = {
    "vehicles": Measure(_sum("r.vehicles"), _sum("r.vehicles")),
    "cny_cents": Measure(_sum("r.cny_cents"), _sum("r.cny_cents")),
    "usd_cents": Measure(_sum("r.usd_cents"), _sum("r.usd_cents")),
    "declarations": Measure("COUNT(DISTINCT r.declaration_id)", _sum("r.declarations")),
    "new_energy": Measure(_NEW_ENERGY, _NEW_ENERGY, ("fuel",)),
    "countries": Measure("COUNT(DISTINCT r.country)", "COUNT(DISTINCT r.country)", ("country",)),
    "enterprises": Measure("COUNT(DISTINCT r.uscc)", "COUNT(DISTINCT r.uscc)", ("uscc",)),
    "minutes": Measure("MEDIAN(minutes)", None),
}


@dataclass(frozen=True)
class Metric:
    """One figure. `kind`: sum, distinct, share (float), each (cents for one), median (hours); `rows`: counted or all.

    A share or an average is formed from its parts after they are added, never averaged.
    """

    name: str
    label: str
    unit: str
    kind: str
    measures: tuple[str, ...]
    definition: str
    fact: str = "goods_item"
    rows: str = "counted"
    dimensions: tuple[str, ...] = COUNTED_BY
    drill: tuple[str, ...] = ("country", "model", "enterprise")

    def value(self, parts: dict[str, Any]) -> int | float | None:
        """Form the figure from its added parts."""
        found = [parts.get(name) for name in self.measures]
        if self.kind == "share":
            return share(found[0] or 0, found[1] or 0)
        if self.kind == "each":
            return cents_each(found[0] or 0, found[1] or 0)
        if self.kind == "median":
            return None if found[0] is None else found[0] / 60
        return found[0] or 0


_LISTED = (
    Metric(
        "vehicles", "出口辆数", "辆", "sum", ("vehicles",),
        "已结关且未删单的报关单中,法定第一单位为“辆”的商品项的法定第一数量之和;按结关日归期。",
    ),
    Metric(
        "cny_cents", "出口额(人民币)", "分", "sum", ("cny_cents",),
        "离岸价,按申报月份的海关汇率折人民币;每个商品项四舍五入到分一次,此后只相加。",
    ),
    Metric(
        "usd_cents", "出口额(美元)", "美分", "sum", ("usd_cents",),
        "离岸价,由未舍入的人民币值按申报月份的美元汇率折算;每个商品项四舍五入到美分一次,此后只相加。",
    ),
    Metric(
        "declarations", "报关单份数", "份", "sum", ("declarations",),
        "已结关且未删单的报关单份数;按国别、车型等商品项维度分组时,一份报关单在它涉及的每一组各计一次。",
    ),
    Metric(
        "average_usd_cents", "平均单价", "美分/辆", "each", ("usd_cents", "vehicles"),
        "出口额(美元)除以出口辆数;先分别相加再相除。",
    ),
    Metric(
        "countries", "目的国(地区)数", "个", "distinct", ("countries",),
        "有已结关商品项的最终目的国(地区)个数。", drill=("country",),
    ),
    Metric(
        "enterprises", "活跃企业数", "家", "distinct", ("enterprises",),
        "期内有已结关报关单的境内发货人家数。", drill=("enterprise",),
    ),
    Metric(
        "new_energy_share", "新能源车占比", "比率", "share", ("new_energy", "vehicles"),
        "插电混动与纯电动车辆数占全部辆数的比率;混合动力(不可外接充电)不计入。", drill=("fuel", "model"),
    ),
    Metric(
        "filed", "各状态报关单份数", "份", "sum", ("declarations",),
        "全部报关单按当前状态计数,按申报日归期;与是否计入出口统计无关。",
        rows="all", dimensions=tuple(DIMENSIONS), drill=("state", "enterprise"),
    ),
    Metric(
        "median_hours", "通关时长中位数", "小时", "median", ("minutes",),
        "从海关收到报关单(回执 7)到结关(回执 R)的小时数的中位数;偶数份时取中间两份的平均。",
        fact="declaration", drill=("exit_office", "enterprise"),
    ),
)  # fmt: skip
METRICS = {metric.name: metric for metric in _LISTED}

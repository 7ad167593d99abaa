"""Says in words and as text by what conditions a figure is counted, for people who want to count it again."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from datasources.dimensions import DIMENSIONS
from datasources.figure_keys import SHARE, Figure
from datasources.metrics import METRICS
from datasources.names import FUELS, MODES, STATES, area_name, country_name, development_zone, office_name
from datasources.query import Question, relation
from datasources.reader import Reader
from datasources.scope import Scope
from geo.groups import GROUPS

BASIS_WORDS = {"cleared": "结关日", "released": "放行日", "declared": "申报日"}
CUBE_WORDS = {"cube_country": "国别", "cube_model": "车型", "cube_enterprise": "企业"}
NAMED: dict[str, Callable[[str], str]] = {
    "country": country_name,
    "country_group": lambda key: GROUPS[key].name if key in GROUPS else key,
    "exit_office": office_name,
    "transport_mode": lambda key: MODES.get(key, key),
    "fuel": lambda key: FUELS.get(key, key),
    "district": area_name,
    "zone": lambda key: development_zone(key) or key,
    "state": lambda key: STATES.get(key, key),
}


def filters_in_words(reader: Reader, filters: Mapping[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    """Return each filter's label with the names of its values."""
    return [
        {"dimension": name, "label": DIMENSIONS[name].label, "values": names_of(reader, name, values)}
        for name, values in filters.items()
    ]


def names_of(reader: Reader, dimension: str, values: tuple[str, ...]) -> list[str]:
    """Return the names that people know these values of a dimension by; a value without one stands for itself."""
    if dimension == "enterprise":
        marks = ", ".join("?" * len(values))
        found = dict(reader.rows(f"SELECT uscc, name FROM enterprise WHERE uscc IN ({marks})", list(values)))
        return [found.get(value, value) for value in values]
    named = NAMED.get(dimension)
    return [named(value) if named else value for value in values]


def conditions_in_words(reader: Reader, figure: Figure, question: Question, scope: Scope) -> list[str]:
    """Return one sentence for each step of the count."""
    basis = BASIS_WORDS[question.basis]
    steps = ["取本代事实中已结关且未删单的商品项", f"{basis}自 {question.date_from} 至 {question.date_to}，首尾都含"]
    steps += [f"{one['label']}为 {'、'.join(one['values'])}" for one in filters_in_words(reader, figure.filters)]
    if scope.kind != "all":
        steps.append("只取您有权查看的部分")
    steps.append(counted_in_words(figure))
    steps.append(f"屏上数字取自{source_in_words(reader, question)}，与上述逐笔之和比对")
    return steps


def counted_in_words(figure: Figure) -> str:
    """Return how the items become the figure."""
    metric = METRICS[figure.counted]
    if metric.kind == "distinct":
        return f"数其中不同的{DIMENSIONS[metric.drill[0]].label}，得{metric.label}"
    if figure.metric == SHARE:
        return f"相加得{metric.label}，再除以同期全部{metric.label}，得占比"
    return f"相加得{metric.label}"


def source_in_words(reader: Reader, question: Question) -> str:
    """Return the relation that the figure itself is read from."""
    columns = {column for name in question.filters for column in DIMENSIONS[name].columns}
    chosen = relation(reader, question, columns, METRICS[question.metrics[0]].measures[0], "counted")
    return f"按{CUBE_WORDS[chosen]}汇总的立方" if chosen in CUBE_WORDS else "事实"


def spelled(sql: str, values: list[Any]) -> str:
    """Write a query with its bound values in their places, to be read and run again; ours is run with them bound."""
    first, *rest = sql.split("?")
    return first + "".join(f"{_literal(value)}{part}" for value, part in zip(values, rest, strict=True))


def _literal(value: Any) -> str:
    if isinstance(value, date):
        return f"DATE '{value}'"
    return "'" + str(value).replace("'", "''") + "'"

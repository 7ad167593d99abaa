"""Answers questions about metrics by dimensions from the smallest cube that covers them, else from the facts."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from datasources.cubes import BY_DAY
from datasources.dimensions import BASES, DIMENSIONS, ITEM_COLUMNS, ORDERED
from datasources.metrics import MEASURES, METRICS, Metric
from datasources.reader import Reader
from datasources.scope import Scope


class QuestionError(ValueError):
    """The question names something that does not exist or does not fit; the message is for people."""


@dataclass(frozen=True)
class Question:
    """Metrics by dimensions, with filters (any of the values) and days from and to, both included, on one basis."""

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    date_from: date | None = None
    date_to: date | None = None
    basis: str = "cleared"

    def key(self) -> dict[str, Any]:
        """Return the question as JSON data, for the key of a kept answer."""
        return {**asdict(self), "filters": {name: sorted(values) for name, values in sorted(self.filters.items())}}


@dataclass(frozen=True)
class Answer:
    """Rows with their dimensions and metrics by name, the total over all rows, and the generation they are of."""

    rows: list[dict[str, Any]]
    total: dict[str, Any]
    generation: str
    as_of: str


@dataclass(frozen=True)
class _Condition:
    """The conditions of one query with their bound values, the joins and the columns they need."""

    where: list[str]
    values: list[Any]
    joins: frozenset[str]
    columns: frozenset[str]


def ask(reader: Reader, question: Question, scope: Scope) -> Answer:
    """Answer a question within a scope; raises QuestionError."""
    check(question)
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    total: dict[str, Any] = {}
    for rows in ("counted", "all"):
        metrics = [METRICS[name] for name in question.metrics if METRICS[name].rows == rows]
        if metrics:
            for key, parts in _parts(reader, question, scope, metrics, question.by, rows).items():
                groups.setdefault(key, {}).update(_values(metrics, parts))
            total.update(_values(metrics, _parts(reader, question, scope, metrics, (), rows).get((), {})))
    made = [{**dict(zip(question.by, key, strict=True)), **_filled(question, row)} for key, row in groups.items()]
    return Answer(_sorted(question, made) if question.by else made, total, reader.generation, reader.as_of)


def check(question: Question) -> None:
    """Refuse a question that names an unknown metric, dimension or basis; raises QuestionError."""
    if not question.metrics:
        raise QuestionError("没有选择指标")
    for metric in question.metrics:
        if metric not in METRICS:
            raise QuestionError(f"没有这个指标:{metric}")
    for name in (*question.by, *question.filters):
        if name not in DIMENSIONS:
            raise QuestionError(f"没有这个维度:{name}")
        for metric in question.metrics:
            if name not in METRICS[metric].dimensions:
                raise QuestionError(f"指标“{METRICS[metric].label}”不能按“{DIMENSIONS[name].label}”统计")
    if question.basis not in BASES:
        raise QuestionError(f"没有这种归期口径:{question.basis}")
    if question.date_from and question.date_to and question.date_from > question.date_to:
        raise QuestionError("起始日期晚于截止日期")


def _values(metrics: Iterable[Metric], parts: dict[str, Any]) -> dict[str, Any]:
    return {metric.name: metric.value(parts) for metric in metrics}


def _filled(question: Question, row: dict[str, Any]) -> dict[str, Any]:
    """Give a row the metrics it has nothing for: 0 of what is counted, nothing of what is divided."""
    return {name: row[name] if name in row else METRICS[name].value({}) for name in question.metrics}


def _sorted(question: Question, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort by time where the first dimension is one, else by the first metric, largest first, then by key."""
    if question.by[0] in ORDERED:
        return sorted(rows, key=lambda row: tuple(row[name] for name in question.by))
    first = question.metrics[0]
    return sorted(rows, key=lambda row: (-(row[first] or 0), tuple(row[name] for name in question.by)))


def _parts(
    reader: Reader, question: Question, scope: Scope, metrics: list[Metric], by: tuple[str, ...], rows: str
) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return the added measures by key, each from the relation that can tell it cheapest."""
    condition = conditions(question, scope)
    needed = _columns(by, condition)
    measures = dict.fromkeys(measure for metric in metrics for measure in metric.measures)
    plans: dict[tuple[str, str], list[str]] = {}
    for measure in measures:
        apart = "minutes" if measure == "minutes" else ""
        plans.setdefault((apart, relation(reader, question, needed, measure, rows)), []).append(measure)
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for (apart, source), names in plans.items():
        sql = _median_sql(source, by, condition) if apart else _sql(source, names, by, condition)
        for row in reader.rows(sql, condition.values):
            found.setdefault(row[: len(by)], {}).update(zip(names, row[len(by) :], strict=True))
    return found


def conditions(question: Question, scope: Scope) -> _Condition:
    """Turn filters, days and scope into conditions; names come from our own list, values are bound."""
    where: list[str] = ["FALSE"] if scope.kind == "none" else []
    values: list[Any] = []
    limits = [*question.filters.items(), *scope.limits().items()]
    for name, wanted in limits:
        where.append(_one_of(name, len(wanted)))
        values += list(wanted)
    days = (("r.day >= ?", question.date_from), ("r.day <= ?", question.date_to))
    for clause, day in days:
        if day is not None:
            where.append(clause)
            values.append(day)
    dimensions = [DIMENSIONS[name] for name, _ in limits]
    joins = frozenset(d.join for d in dimensions if d.join and "country_group" not in d.join)
    columns = frozenset(column for d in dimensions for column in d.columns)
    return _Condition(where, values, joins, columns)


def _one_of(name: str, count: int) -> str:
    """Return the condition that a dimension has one of so many values; a country may be in several groups."""
    marks = ", ".join("?" * count)
    if name == "country_group":
        return f"r.country IN (SELECT country FROM country_group WHERE name IN ({marks}))" if count else "FALSE"
    return f"{DIMENSIONS[name].expression} IN ({marks})" if count else "FALSE"


def relation(reader: Reader, question: Question, needed: Iterable[str], measure: str, rows: str) -> str:
    """Choose where a measure is read: the smallest cube that has all columns, else the facts with a column `day`."""
    columns = {*needed, *MEASURES[measure].columns}
    whole = measure != "declarations" or not columns & ITEM_COLUMNS
    if question.basis == "cleared" and rows == "counted" and MEASURES[measure].cube and whole:
        covering = [cube.table for cube in BY_DAY if columns <= {*cube.dimensions}]
        if covering:
            return min(covering, key=lambda table: reader.sizes.get(table, 0))
    day = BASES["declared" if rows == "all" else question.basis]
    counted = "counted AND cleared_on IS NOT NULL" if rows == "counted" else "TRUE"
    return f"(SELECT *, {day} AS day FROM fact WHERE {counted} AND {day} IS NOT NULL)"


def _sql(source: str, measures: list[str], by: tuple[str, ...], condition: _Condition) -> str:
    keys = [DIMENSIONS[name].expression for name in by]
    # Where nothing belongs to single items, the flag on line 1 counts declarations without gathering their numbers.
    kind = "facts" if source.startswith("(") and _columns(by, condition) & ITEM_COLUMNS else "cube"
    chosen = ", ".join([*keys, *(str(getattr(MEASURES[name], kind)) for name in measures)])
    return f"SELECT {chosen} FROM {source} r {_joins(by, condition)} {_where(condition)} {_group(keys)}"


def _median_sql(source: str, by: tuple[str, ...], condition: _Condition) -> str:
    """The median counts each declaration once for a key, whichever of its items has the key; its time is on line 1."""
    if not _columns(by, condition) & ITEM_COLUMNS:
        keys = [DIMENSIONS[name].expression for name in by]
        chosen = ", ".join([*keys, "MEDIAN(r.clearance_minutes)"])
        where = _where(condition, "r.line = 1")
        return f"SELECT {chosen} FROM {source} r {_joins(by, condition)} {where} {_group(keys)}"
    names = [f"k{place}" for place in range(len(by))]
    keys = [f"{DIMENSIONS[name].expression} AS {key}" for name, key in zip(by, names, strict=True)]
    listed = ", ".join([*keys, "r.declaration_id"])
    found = f"SELECT DISTINCT {listed} FROM {source} r {_joins(by, condition)} {_where(condition)}"
    times = "SELECT declaration_id, clearance_minutes AS minutes FROM fact WHERE line = 1"
    chosen = ", ".join([*names, MEASURES["minutes"].facts])
    return f"SELECT {chosen} FROM ({found}) f JOIN ({times}) t USING (declaration_id) {_group(names)}"


def _joins(by: tuple[str, ...], condition: _Condition) -> str:
    return " ".join(sorted(condition.joins | {DIMENSIONS[name].join for name in by}))


def _where(condition: _Condition, *more: str) -> str:
    clauses = [*condition.where, *more]
    return f"WHERE {' AND '.join(clauses)}" if clauses else ""


def _columns(by: tuple[str, ...], condition: _Condition) -> frozenset[str]:
    """Return the fact columns that keys and conditions need."""
    return condition.columns | {column for name in by for column in DIMENSIONS[name].columns}


def _group(keys: list[str]) -> str:
    return f"GROUP BY {', '.join(keys)}" if keys else ""

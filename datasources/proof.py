"""The proof of a figure: the declarations behind it, by the very conditions that made it, and whether they add up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from datasources.figure_keys import SHARE, Figure, figure_of
from datasources.metrics import MEASURES, METRICS
from datasources.proof_words import conditions_in_words, filters_in_words, spelled
from datasources.query import Question, ask, conditions, relation
from datasources.reader import Reader
from datasources.scope import Scope
from datasources.source import SHANGHAI

PAGE = 50
SUMS = ("declarations", "vehicles", "cny_cents", "usd_cents", "countries", "enterprises")


class NoSuchPage(LookupError):
    """The list of declarations is not that long; the message is for people."""


@dataclass(frozen=True)
class Evidence:
    """The goods items behind a figure: a relation `r` with its joins, its conditions and their bound values."""

    source: str
    where: tuple[str, ...]
    values: list[Any]

    def totals(self) -> str:
        """The SQL that adds all items: their number and every sum of `SUMS`, in that order."""
        return f"SELECT COUNT(*), {', '.join(MEASURES[name].facts for name in SUMS)} {self._items()}"

    def page(self) -> str:
        """The SQL of one page of declarations, newest clearance first; the ledger's own number keeps the order firm."""
        listed = f"SELECT r.declaration_id, MIN(r.day) AS day {self._items()} GROUP BY r.declaration_id"
        return f"{listed} ORDER BY day DESC, r.declaration_id DESC LIMIT {PAGE} OFFSET ?"

    def declarations(self, keys: list[int]) -> str:
        """The SQL of these declarations with what of each counts for the figure."""
        lists = ", ".join(f"list_sort(list(DISTINCT r.{name}))" for name in ("country", "model"))
        sums = ", ".join(MEASURES[name].facts for name in ("vehicles", "cny_cents", "usd_cents"))
        one = "r.declaration_id, MIN(r.seq_no), CAST(MIN(r.day) AS VARCHAR), MIN(r.uscc), COUNT(*)"
        among = f"r.declaration_id IN ({', '.join(map(str, keys))})"
        return f"SELECT {one}, {lists}, {sums} {self._items(among)} GROUP BY r.declaration_id"

    def _items(self, *more: str) -> str:
        clauses = (*self.where, *more)
        return f"{self.source} WHERE {' AND '.join(clauses)}" if clauses else self.source


def proof(reader: Reader, key: str, scope: Scope, page: int | None) -> dict[str, Any]:
    """Prove a figure of a generation within a scope; page None leaves the single declarations out.

    Gives the figure as the cubes have it (`exact`: cents or a count), what its goods items in the facts add up to
    (`found`), whether both are equal, and one page of declarations. Money is integer cents throughout.
    Raises MalformedKey, UnknownFigure and NoSuchPage.
    """
    figure = figure_of(key)
    question = figure.question(datetime.fromisoformat(reader.as_of).astimezone(SHANGHAI).date())
    evidence = evidence_of(reader, question, scope)
    items, *sums = reader.rows(evidence.totals(), evidence.values)[0]
    added = dict(zip(SUMS, sums, strict=True))
    exact = ask(reader, question, scope).total[figure.counted]
    return {
        "key": figure.key,
        **described(reader, figure, question, scope),
        "exact": exact,
        "whole": whole(reader, figure, question, scope),
        "found": added[figure.counted],
        "agrees": exact == added[figure.counted],
        "items": items,
        "sums": added,
        "sql": {
            "words": conditions_in_words(reader, figure, question, scope),
            "text": spelled(evidence.totals(), evidence.values),
        },
        **listed(reader, evidence, added["declarations"], page),
    }


def described(reader: Reader, figure: Figure, question: Question, scope: Scope) -> dict[str, Any]:
    """Return what the figure is called and means, and of which days, generation and moment it is."""
    metric = METRICS[figure.counted]
    days = {"from": str(question.date_from), "to": str(question.date_to)}
    return {
        "metric": {name: getattr(metric, name) for name in ("name", "label", "unit", "definition")},
        "share": figure.metric == SHARE,
        "period": {"name": figure.period, **days},
        "filters": filters_in_words(reader, figure.filters),
        "scope": scope.kind,
        "generation": reader.generation,
        "as_of": reader.as_of,
    }


def whole(reader: Reader, figure: Figure, question: Question, scope: Scope) -> int | None:
    """Return what a share is a part of: the same metric over the same days without the conditions."""
    if figure.metric != SHARE:
        return None
    all_of = Question(question.metrics, (), {}, question.date_from, question.date_to, question.basis)
    return int(ask(reader, all_of, scope).total[figure.counted])


def evidence_of(reader: Reader, question: Question, scope: Scope) -> Evidence:
    """Return the facts that a question counts, by the same conditions and scope that `ask` puts to the cubes."""
    condition = conditions(question, scope)
    # No cube has the number of a declaration, so asking for it leads to the facts, cut to what the metric counts.
    facts = relation(reader, question, {"declaration_id"}, "vehicles", METRICS[question.metrics[0]].rows)
    source = " ".join(["FROM", facts, "r", *sorted(condition.joins)])
    return Evidence(source, tuple(condition.where), condition.values)


def listed(reader: Reader, evidence: Evidence, count: int, page: int | None) -> dict[str, Any]:
    """Return one page of the declarations, with how many pages there are; raises NoSuchPage."""
    pages = max(1, -(-count // PAGE))
    if page is None:
        return {"page": None, "pages": pages, "rows": None}
    if not 1 <= page <= pages:
        raise NoSuchPage(f"没有第 {page} 页，清单共 {pages} 页")
    found = reader.rows(evidence.page(), [*evidence.values, (page - 1) * PAGE])
    return {"page": page, "pages": pages, "rows": rows_of(reader, evidence, [row[0] for row in found])}


def rows_of(reader: Reader, evidence: Evidence, keys: list[int]) -> list[dict[str, Any]]:
    """Return these declarations in the order of their numbers here, each with what of it counts for the figure."""
    if not keys:
        return []
    rows = {row[0]: row[1:] for row in reader.rows(evidence.declarations(keys), evidence.values)}
    firms = sorted({rows[key][2] for key in keys})
    marks = ", ".join("?" * len(firms))
    names = dict(reader.rows(f"SELECT uscc, name FROM enterprise WHERE uscc IN ({marks})", firms))
    return [_row(rows[key], names) for key in keys]


def _row(row: tuple[Any, ...], names: dict[str, str]) -> dict[str, Any]:
    seq_no, day, uscc, items, countries, models, vehicles, cny_cents, usd_cents = row
    return {
        "seq_no": seq_no,
        "day": day,
        "uscc": uscc,
        "enterprise": names.get(uscc, uscc),
        "countries": countries,
        "models": models,
        "items": items,
        "vehicles": vehicles,
        "cny_cents": cny_cents,
        "usd_cents": usd_cents,
    }

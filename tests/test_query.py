"""Questions: who sees what, what is refused, from where it is answered, and the answer of the statistics interface."""

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cache.published import Published
from datasources import query
from datasources.query import Question, QuestionError, ask
from datasources.reader import Reader, Readers
from datasources.scope import ALL, LIMITED, NOTHING, Scope
from datasources.statistics import statistics
from tests.ledger_rows import USCCS, Desk, Filing, Item, minutes_later, scattered

FILINGS = scattered(21, 120)
COUNTED = [(filing, item) for filing in FILINGS if filing.counted for item in filing.items]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A published generation of scattered declarations."""
    folder = tmp_path_factory.mktemp("query")
    desk = Desk(f"sqlite:///{folder / 'ledger.sqlite'}", folder)
    desk.ledger.put(FILINGS)
    desk.publish()
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def reader(desk: Desk) -> Reader:
    """The reader of the published generation."""
    return desk.reader()


def test_an_enterprise_sees_its_own_and_nothing_else(reader: Reader) -> None:
    answer = ask(
        reader, Question(("vehicles", "declarations", "median_hours"), ("enterprise",)), Scope("enterprise", USCCS[1])
    )
    own = [(f, i) for f, i in COUNTED if f.uscc == USCCS[1]]
    assert [row["enterprise"] for row in answer.rows] == [USCCS[1]]
    assert answer.total["vehicles"] == sum(item.vehicles for _, item in own)
    assert answer.total["declarations"] == len({filing.id for filing, _ in own})


def test_a_filter_cannot_widen_a_scope(reader: Reader) -> None:
    question = Question(("vehicles",), (), {"enterprise": (USCCS[0], USCCS[2])})
    assert ask(reader, question, Scope("enterprise", USCCS[1])).total == {"vehicles": 0}


@pytest.mark.parametrize("metric", ["vehicles", "countries", "filed", "median_hours", "average_usd_cents"])
def test_the_scope_none_sees_nothing(reader: Reader, metric: str) -> None:
    assert ask(reader, Question((metric,), ("month",)), NOTHING).rows == []


@pytest.mark.parametrize(("kind", "value"), [("district", "610104"), ("exit_office", "9404")])
def test_other_scopes_limit_every_metric(reader: Reader, kind: str, value: str) -> None:
    match = {"district": lambda f: f.uscc[2:8] == value, "exit_office": lambda f: f.exit_office == value}[kind]
    expected = sum(item.vehicles for filing, item in COUNTED if match(filing))
    assert 0 < ask(reader, Question(("vehicles",)), Scope(kind, value)).total["vehicles"] == expected


@pytest.mark.parametrize(("kind", "value"), [("everything", ""), ("enterprise", ""), ("", ""), ("uscc", "x")])
def test_a_scope_that_is_none_of_ours_is_refused(kind: str, value: str) -> None:
    with pytest.raises(ValueError, match="数据范围"):
        Scope(kind, value)


def test_a_scope_is_a_required_argument() -> None:
    with pytest.raises(TypeError):
        ask(None, Question(("vehicles",)))  # type: ignore[call-arg, arg-type]
    assert set(LIMITED) == {"enterprise", "district", "exit_office"}


@pytest.mark.parametrize("value", ["' OR 1=1 --", "KAZ'; DROP VIEW fact; --", "?", "", "\x00"])
def test_values_are_bound_and_never_read_as_sql(reader: Reader, value: str) -> None:
    for name in ("country", "model", "enterprise", "district", "country_group"):
        assert ask(reader, Question(("vehicles",), (), {name: (value,)}), ALL).total == {"vehicles": 0}


@pytest.mark.parametrize(
    "question",
    [
        Question(()),
        Question(("vehicles; DROP",)),
        Question(("vehicles",), ("colour",)),
        Question(("vehicles",), (), {"1=1": ("x",)}),
        Question(("vehicles",), ("state",)),
        Question(("vehicles",), (), {}, None, None, "cleared_on"),
        Question(("vehicles",), (), {}, date(2026, 2, 1), date(2026, 1, 1)),
    ],
)
def test_a_question_that_does_not_fit_is_refused(reader: Reader, question: Question) -> None:
    with pytest.raises(QuestionError):
        ask(reader, question, ALL)


def test_an_empty_filter_matches_nothing(reader: Reader) -> None:
    assert ask(reader, Question(("vehicles",), (), {"country": ()}), ALL).total == {"vehicles": 0}


@pytest.mark.parametrize(
    ("by", "measure", "expected"),
    [
        (("month", "country"), "vehicles", "cube_country"),
        (("model",), "cny_cents", "cube_model"),
        (("district",), "vehicles", "cube_enterprise"),
        (("enterprise",), "declarations", "cube_enterprise"),
        (("country",), "declarations", "fact"),
        (("country", "model"), "vehicles", "fact"),
        (("exit_office",), "declarations", "cube_country"),
    ],
)
def test_the_smallest_relation_that_can_tell_is_chosen(
    reader: Reader, by: tuple[str, ...], measure: str, expected: str
) -> None:
    question = Question(("vehicles",), by)
    needed = {column for name in by for column in query.DIMENSIONS[name].columns}
    assert expected in query.relation(reader, question, needed, measure, "counted")


def test_answers_do_not_depend_on_where_they_are_read(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = ("vehicles", "cny_cents", "declarations", "countries", "new_energy_share")
    questions = [
        Question(metrics, by) for by in ((), ("month",), ("exit_office",), ("enterprise", "month"), ("day", "district"))
    ]
    from_cubes = [ask(reader, question, ALL) for question in questions]
    monkeypatch.setattr(query, "BY_DAY", ())
    assert [ask(reader, question, ALL) for question in questions] == from_cubes


def test_rows_are_sorted_by_time_or_by_size(reader: Reader) -> None:
    months = [row["month"] for row in ask(reader, Question(("vehicles",), ("month",)), ALL).rows]
    sizes = [row["cny_cents"] for row in ask(reader, Question(("cny_cents", "vehicles"), ("model",)), ALL).rows]
    assert months == sorted(months) and sizes == sorted(sizes, reverse=True) and len(sizes) > 3


def test_many_threads_ask_one_reader(reader: Reader) -> None:
    expected = ask(reader, Question(("vehicles", "declarations"), ("country",)), ALL)
    found: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(ask(reader, Question(("vehicles", "declarations"), ("country",)), ALL))
        )
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 12


# ---- the statistics interface -------------------------------------------------------------------------------------


def plain(by: str, first: date | None, last: date | None) -> list[dict[str, Any]]:
    """The rows of the interface counted in the plainest way."""
    sums: dict[str, list[int]] = {}
    for filing, item in COUNTED:
        day = filing.cleared_on
        assert day is not None
        if (first is None or day >= first) and (last is None or day <= last):
            key = {"month": f"{day:%Y-%m}", "country": item.country, "model": item.model, "enterprise": filing.uscc}[by]
            row = sums.setdefault(key, [0, 0, 0])
            for place, value in enumerate((item.vehicles, item.cny_cents, item.usd_cents)):
                row[place] += value
    rows = [
        dict(zip(("key", "vehicles", "cny_cents", "usd_cents"), (key, *row), strict=True)) for key, row in sums.items()
    ]
    order = (lambda r: r["key"]) if by == "month" else (lambda r: (-r["vehicles"], -r["cny_cents"], r["key"]))
    return sorted(rows, key=order)


@pytest.mark.parametrize("by", ["month", "country", "model", "enterprise"])
@pytest.mark.parametrize(
    ("first", "last"),
    [(None, None), (date(2026, 1, 1), None), (date(2025, 6, 15), date(2026, 3, 10)), (date(2030, 1, 1), None)],
)
def test_the_answer_of_the_interface(reader: Reader, by: str, first: date | None, last: date | None) -> None:
    answer = statistics(reader, by, first, last, ALL)
    assert list(answer) == ["generation", "as_of", "total", "rows"]
    assert answer["rows"] == plain(by, first, last)
    assert list(answer["total"]) == ["vehicles", "declarations", "cny_cents", "usd_cents"]
    counted = {f.id for f, _ in COUNTED if (first or date.min) <= (f.cleared_on or date.min) <= (last or date.max)}
    assert answer["total"]["declarations"] == len(counted)
    assert answer["total"]["cny_cents"] == sum(row["cny_cents"] for row in answer["rows"])
    assert answer["generation"] == reader.generation and answer["as_of"].endswith("+08:00")
    assert all(type(value) is int for row in answer["rows"] for name, value in row.items() if name != "key")


def test_both_days_of_the_interface_are_included(database_url: str, tmp_path: Path) -> None:
    desk = Desk(database_url, tmp_path)
    desk.ledger.put([Filing(day, cleared_on=date(2026, 3, day)) for day in range(1, 6)])
    desk.publish()
    answer = statistics(desk.reader(), "country", date(2026, 3, 2), date(2026, 3, 4), ALL)
    assert answer["total"]["declarations"] == 3
    desk.close()


def test_the_interface_keeps_to_its_scope_and_its_dimensions(reader: Reader) -> None:
    own = statistics(reader, "country", None, None, Scope("enterprise", USCCS[0]))
    assert own["total"]["vehicles"] == sum(item.vehicles for filing, item in COUNTED if filing.uscc == USCCS[0])
    with pytest.raises(QuestionError):
        statistics(reader, "fuel", None, None, ALL)


def test_money_beyond_the_precision_of_a_float_is_exact(database_url: str, tmp_path: Path) -> None:
    desk = Desk(database_url, tmp_path)
    large = 9_007_199_254_740_993
    desk.ledger.put([Filing(1, (Item(cny_cents=large), Item(cny_cents=2)))])
    desk.publish()
    assert statistics(desk.reader(), "country", None, None, ALL)["total"]["cny_cents"] == large + 2
    desk.close()


def test_readers_follow_the_pointer_and_outlive_a_lost_generation(database_url: str, tmp_path: Path) -> None:
    desk = Desk(database_url, tmp_path)
    published = Published(desk.store)
    readers = Readers(desk.settings, published)
    assert readers.current() is None
    desk.ledger.put([Filing(1)])
    first = desk.publish()
    published._looked = float("-inf")
    reader = readers.current()
    assert reader is not None and reader.generation == first and readers.current() is reader
    desk.ledger.put([Filing(2, changed_at=minutes_later(1))])
    second = desk.publish()
    published._looked = float("-inf")
    following = readers.current()
    assert following is not None and following.generation == second
    (desk.settings.var / f"analytics/generations/{desk.publish()}.json").unlink()
    published._looked = float("-inf")
    assert readers.current() is following
    desk.close()

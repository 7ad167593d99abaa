"""What changed arrives once, whatever the order of commits, and the cubes equal a count from nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasources import cubing, ingest
from datasources.cubes import CUBES
from datasources.snapshots import Folder, Manifest
from tests.ledger_rows import Desk, Filing, Item, Ledger, minutes_later, revised, scattered


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A worker over an empty ledger."""
    desk = Desk(database_url, tmp_path)
    yield desk
    desk.close()


def manifest(desk: Desk) -> Manifest:
    return Folder(desk.settings.var / "analytics").load(desk.publish())


def facts(desk: Desk) -> list[tuple[int, int, int, int]]:
    rows = desk.reader().rows("SELECT declaration_id, line, revision, cny_cents FROM fact ORDER BY ALL")
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def expected(filings: list[Filing]) -> list[tuple[int, int, int, int]]:
    return sorted((f.id, line, f.revision, item.cny_cents) for f in filings for line, item in enumerate(f.items, 1))


@pytest.mark.db
def test_every_item_of_every_state_arrives_as_it_is(desk: Desk) -> None:
    filings = scattered(1, 60)
    desk.ledger.put(filings)
    desk.publish()
    assert facts(desk) == expected(filings)


@pytest.mark.db
def test_taking_again_changes_nothing(desk: Desk) -> None:
    desk.ledger.put(scattered(2, 20))
    first, again = manifest(desk), manifest(desk)
    assert again.facts == first.facts and again.marks == first.marks and again.cubes == first.cubes
    assert again.as_of > first.as_of


@pytest.mark.db
def test_a_new_revision_replaces_all_items_of_the_old(desk: Desk) -> None:
    filings = scattered(3, 20)
    desk.ledger.put(filings)
    desk.publish()
    filings[4] = replace(revised(filings[4], 99, minutes_later(2)), items=(Item(cny_cents=7),))
    desk.ledger.put([filings[4]])
    desk.publish()
    assert facts(desk) == expected(filings)


@pytest.mark.db
def test_a_late_commit_within_the_overlap_is_caught(desk: Desk) -> None:
    on_time = replace(scattered(4, 1)[0], changed_at=minutes_later(9))
    desk.ledger.put([on_time])
    desk.publish()
    late = scattered(5, 1, first=2, changed_at=minutes_later(1))
    desk.ledger.put(late)
    desk.publish()
    assert facts(desk) == expected([on_time, *late])


def test_a_commit_later_than_the_overlap_is_refused_once_and_then_healed(desk: Desk) -> None:
    desk.ledger.put([Filing(1, changed_at=minutes_later(60))])
    desk.publish()
    desk.ledger.put([Filing(2, changed_at=minutes_later(1))])
    assert not hasattr(desk.tick(), "generation")
    desk.publish()
    assert [row[0] for row in facts(desk)] == [1, 2]


def test_a_crowded_overlap_is_cut_to_its_newest_rows(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "OVERLAP_ROWS", 5)
    desk.ledger.put([Filing(number, changed_at=minutes_later(number / 10)) for number in range(1, 21)])
    watermark = manifest(desk).watermark
    with desk.minute.source.reading() as reading:
        condition = ingest.window(reading, watermark)
        left = reading.rows(f"SELECT id FROM declaration WHERE {condition}")
    assert sorted(row["id"] for row in left) == [16, 17, 18, 19, 20]


@pytest.mark.db
def test_many_changes_at_once_take_the_other_path(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "BY_NUMBER", 3)
    filings = scattered(6, 30)
    desk.ledger.put(filings)
    desk.publish()
    filings = [revised(filing, filing.id, minutes_later(2)) for filing in filings[:10]] + filings[10:]
    desk.ledger.put(filings[:10])
    desk.publish()
    assert facts(desk) == expected(filings)


def test_columns_that_are_empty_at_first_do_not_break_the_driver(desk: Desk) -> None:
    waiting = [Filing(n, state="LODGED", released_on=None, cleared_on=None, minutes=None) for n in range(1, 1500)]
    desk.ledger.put([*waiting, Filing(1500, state="CLEARED", cleared_on=date(2026, 3, 3), minutes=5)])
    desk.publish()
    found = desk.reader().rows("SELECT cleared_on, clearance_minutes, COUNT(*) FROM fact GROUP BY ALL ORDER BY 3")
    assert found == [(date(2026, 3, 3), 5, 1), (None, None, 1499)]


def test_a_restored_backup_with_older_revisions_is_taken_again(desk: Desk) -> None:
    old = Filing(1, items=(Item(cny_cents=5),))
    new = replace(old, items=(Item(cny_cents=8),), revision=2, changed_at=minutes_later(2))
    for filing in (old, new, replace(old, changed_at=minutes_later(4))):
        desk.ledger.put([filing])
        desk.publish()
    assert facts(desk) == expected([old])


def test_small_files_are_merged_and_nothing_is_lost(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "TIERS", ((6, 3), (100, 2)))
    filings = [Filing(1)]
    for step in range(16):
        filings[0] = replace(
            filings[0], revision=step + 1, changed_at=minutes_later(step), items=(Item(cny_cents=step),)
        )
        desk.ledger.put(filings)
        last = manifest(desk)
    assert len(last.facts) <= 5 and len(last.marks) <= 5
    assert sum(part.rows for part in last.facts) == 16
    assert facts(desk) == expected(filings)


def cube_rows(desk: Desk) -> dict[str, list[tuple[object, ...]]]:
    engine = desk.minute.engine
    return {c.name: engine.execute(f"SELECT * FROM {c.table} ORDER BY ALL").fetchall() for c in CUBES}


steps = st.lists(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 10_000)), max_size=8), min_size=1, max_size=4)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_deltas_equal_a_rebuild(steps: list[list[tuple[int, int]]], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("deltas")
    desk = Desk(f"sqlite:///{folder / 'ledger.sqlite'}", folder)
    known: dict[int, Filing] = {}
    for minute, step in enumerate(steps):
        for number, seed in dict(step).items():
            before = known.get(number) or replace(scattered(seed, 1, first=number)[0], revision=0)
            known[number] = revised(before, seed, minutes_later(minute))
        desk.ledger.put([known[number] for number in dict(step)])
        made = manifest(desk)
        by_deltas = cube_rows(desk)
        cubing.load(desk.minute.engine, desk.settings.var / "analytics", made.cubes)
        assert cube_rows(desk) == by_deltas, "the files hold what the memory holds"
        cubing.rebuild(desk.minute.engine, ingest.current(desk.settings.var / "analytics", made.facts, made.marks))
        assert cube_rows(desk) == by_deltas
    assert facts(desk) == expected(list(known.values()))
    desk.close()


@pytest.mark.db
def test_control_totals_read_one_index_without_sorting(database_url: str) -> None:
    from sqlalchemy import text

    from datasources.facts import SOURCE_CONTROL

    ledger = Ledger(database_url)
    if ledger.engine.dialect.name == "sqlite":
        with ledger.engine.connect() as connection:
            plan = " ".join(str(row) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {SOURCE_CONTROL}")))
        assert "COVERING INDEX ix_declaration_control" in plan and "TEMP B-TREE" not in plan
    ledger.close()

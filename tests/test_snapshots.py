"""Nothing wrong is ever published: mismatches, lost leases and killed ticks leave the last good generation standing."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cache.store import Pointer
from datasources.minute import Refused
from datasources.reconcile import by_month, plan, shown
from datasources.snapshots import Folder, SnapshotUnreadable, generation_id, kept, sequence_of
from datasources.source import SourceUnavailable
from tests.ledger_rows import Desk, Filing, Item, minutes_later, scattered


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A worker whose first generation is published."""
    desk = Desk(database_url, tmp_path)
    desk.ledger.put(scattered(7, 40))
    desk.publish()
    yield desk
    desk.close()


def files(desk: Desk) -> set[str]:
    root = desk.settings.var / "analytics"
    return {str(path.relative_to(root)) for path in root.rglob("*.*") if path.is_file()}


def cleared(desk: Desk) -> Filing:
    return next(filing for filing in scattered(7, 40) if filing.counted)


@pytest.mark.db
@pytest.mark.parametrize("measure", ["cny_cents", "usd_cents", "vehicles"])
def test_one_cent_in_the_source_keeps_the_old_generation_and_shows_the_fault(desk: Desk, measure: str) -> None:
    filing, before, pointer = cleared(desk), files(desk), desk.store.pointer()
    desk.ledger.falsify(filing.id, **{measure: filing.total(measure) + 1})
    refused = desk.tick()
    assert isinstance(refused, Refused) and refused.code == "reconcile"
    assert desk.store.pointer() == pointer and files(desk) == before
    fault = desk.store.fault()
    assert fault is not None and fault["code"] == "reconcile"
    assert f"{filing.cleared_on:%Y-%m}" in fault["message"] and fault["since"].endswith("+08:00")
    unit = {"vehicles": "相差 1 辆", "cny_cents": "相差 0.01 元", "usd_cents": "相差 0.01 美元"}[measure]
    assert unit in fault["message"]
    desk.ledger.falsify(filing.id, **{measure: filing.total(measure)})
    desk.publish()
    assert desk.store.fault() is None


def test_the_fault_says_since_when_it_lasts(desk: Desk) -> None:
    filing = cleared(desk)
    desk.ledger.falsify(filing.id, cny_cents=filing.total("cny_cents") + 1)
    desk.tick()
    since = desk.store.fault()
    desk.tick()
    assert since is not None and desk.store.fault() == since


@pytest.mark.db
def test_one_cent_on_a_goods_item_is_found(desk: Desk) -> None:
    filing = cleared(desk)
    desk.ledger.falsify_item(filing.id, 1, cny_cents=filing.items[0].cny_cents - 1)
    refused = desk.tick()
    assert isinstance(refused, Refused) and "商品项" in refused.message


def test_one_cent_in_a_cube_of_the_memory_is_refused_and_then_healed(desk: Desk) -> None:
    good = desk.wall()["year"]
    desk.minute.engine.execute("UPDATE cube_model SET cny_cents = cny_cents + 1 WHERE rowid = 0")
    refused = desk.tick()
    assert isinstance(refused, Refused) and "model" in refused.message
    desk.publish()
    assert desk.wall()["year"] == good and desk.store.fault() is None


def test_one_cent_in_a_cube_of_the_disk_is_refused_and_then_healed(desk: Desk) -> None:
    root = desk.settings.var / "analytics"
    manifest = Folder(root).load(str(desk.store.pointer() and desk.store.pointer().generation))  # type: ignore[union-attr]
    target = root / next(iter(manifest.cubes["enterprise"].values()))
    engine = desk.minute.engine
    engine.execute(f"CREATE TEMP TABLE spoilt AS SELECT * REPLACE (usd_cents + 1 AS usd_cents) FROM '{target}'")
    engine.execute(f"COPY spoilt TO '{target}' (FORMAT parquet)")
    desk.minute = desk.worker()
    refused = desk.tick()
    assert isinstance(refused, Refused) and "enterprise" in refused.message
    desk.publish()
    whole = "SELECT CAST(SUM(usd_cents) AS BIGINT) FROM "
    assert desk.reader().rows(f"{whole} cube_enterprise") == desk.reader().rows(f"{whole} cube_country")


def test_a_lower_fence_is_refused_before_any_work(desk: Desk) -> None:
    desk.publish(fence=5)
    before = files(desk)
    refused = desk.minute.tick(4, lambda: True)
    assert isinstance(refused, Refused) and refused.code == "fence" and files(desk) == before


def test_a_worker_overtaken_during_its_tick_does_not_publish(desk: Desk) -> None:
    rival = desk.worker()
    desk.now += timedelta(minutes=1)
    desk.ledger.put([Filing(900, changed_at=minutes_later(1))])

    def overtaken() -> bool:
        assert isinstance(rival.tick(9, lambda: True), Pointer)
        return True

    refused = desk.minute.tick(1, overtaken)
    assert isinstance(refused, Refused) and refused.code == "fence"
    pointer = desk.store.pointer()
    assert pointer is not None and pointer.fence == 9
    assert isinstance(desk.minute.tick(9, lambda: True), Pointer), "it goes on from the rival's generation"
    assert desk.reader().rows("SELECT COUNT(*) FROM fact WHERE declaration_id = 900") == [(1,)]
    rival.close()


def test_a_lost_lease_is_refused_and_leaves_nothing(desk: Desk) -> None:
    before, pointer = files(desk), desk.store.pointer()
    desk.ledger.put([Filing(901, changed_at=minutes_later(1))])
    refused = desk.minute.tick(1, lambda: False)
    assert isinstance(refused, Refused) and refused.code == "lease"
    assert files(desk) == before and desk.store.pointer() == pointer
    desk.publish()
    assert desk.reader().rows("SELECT COUNT(*) FROM fact WHERE declaration_id = 901") == [(1,)]


def test_an_error_while_drawing_leaves_memory_and_disk_as_before(desk: Desk) -> None:
    before = files(desk)
    desk.ledger.put([Filing(902, changed_at=minutes_later(1))])
    desk.minute.render, kept_render = _fail, desk.minute.render
    with pytest.raises(ZeroDivisionError):
        desk.tick()
    assert files(desk) == before
    desk.minute.render = kept_render
    desk.publish()
    assert desk.reader().rows("SELECT COUNT(*) FROM fact WHERE declaration_id = 902") == [(1,)]


def _fail(figures: dict[str, Any]) -> dict[str, bytes]:
    raise ZeroDivisionError


def test_what_a_killed_tick_left_is_not_read_and_is_swept_later(desk: Desk) -> None:
    desk.ledger.put([Filing(903, changed_at=minutes_later(1))])
    desk.minute._undo = lambda made: None  # type: ignore[method-assign]  # A killed process tidies nothing up.
    before = files(desk)
    desk.minute.tick(1, lambda: False)
    left = files(desk) - before
    assert any(name.startswith("generations/") for name in left) and any(name.startswith("facts/") for name in left)
    desk.minute = desk.worker()
    desk.publish()
    assert desk.reader().rows("SELECT COUNT(*) FROM fact WHERE declaration_id = 903") == [(1,)]
    root = desk.settings.var / "analytics"
    for name in left:
        os.utime(root / name, (time.time() - 3600, time.time() - 3600))
    current = desk.store.pointer()
    assert current is not None
    Folder(root).sweep(current.generation, datetime.now(UTC))
    assert not left & files(desk)


def test_a_new_worker_goes_on_from_the_manifest_alone(desk: Desk) -> None:
    desk.ledger.put([Filing(904, changed_at=minutes_later(1))])
    desk.minute.close()
    desk.minute = desk.worker()
    generation = desk.publish()
    assert sequence_of(generation) == 2
    assert desk.reader().rows("SELECT COUNT(*) FROM fact WHERE declaration_id = 904") == [(1,)]


def test_an_unreadable_generation_is_replaced_from_an_older_one(desk: Desk) -> None:
    good = desk.wall()["year"]
    generation = desk.publish()
    (desk.settings.var / f"analytics/generations/{generation}.json").write_text("{")
    desk.minute = desk.worker()
    desk.publish()
    assert desk.wall()["year"] == good


def test_without_any_readable_generation_all_is_taken_anew(desk: Desk) -> None:
    good = desk.wall()["year"]
    for path in (desk.settings.var / "analytics/facts").iterdir():
        path.unlink()
    desk.minute = desk.worker()
    desk.publish()
    assert desk.wall()["year"] == good


def test_a_missing_database_is_an_error_that_passes(desk: Desk, tmp_path: Path) -> None:
    desk.ledger.close()
    ledger = tmp_path / "ledger.sqlite"
    ledger.rename(tmp_path / "away.sqlite")
    with pytest.raises(SourceUnavailable):
        desk.tick()
    (tmp_path / "away.sqlite").rename(ledger)
    desk.publish()


@pytest.mark.db
def test_changed_tells_of_new_rows_and_is_quiet_after_the_tick(desk: Desk) -> None:
    assert not desk.minute.changed()
    desk.ledger.put([Filing(905, changed_at=minutes_later(0))])
    assert desk.minute.changed(), "a late commit moves no newest time, but it has the highest number"
    desk.publish()
    assert not desk.minute.changed()
    desk.ledger.enterprises({"91610113MA6TEST011": ("西安秦岭行汽车进出口有限公司", None)}, minutes_later(2))
    assert desk.minute.changed()


def test_an_unchanged_minute_shares_every_file_with_the_last(desk: Desk) -> None:
    before = files(desk)
    generation = desk.publish()
    assert files(desk) - before == {f"generations/{generation}.json"}


def test_a_past_generation_answers_as_it_was_known_then(desk: Desk) -> None:
    from datasources.reader import open_reader

    then = desk.store.pointer()
    assert then is not None
    whole = "SELECT COUNT(*), CAST(SUM(cny_cents) AS BIGINT) FROM fact"
    before = desk.reader().rows(whole)
    desk.ledger.put([Filing(1, (Item(cny_cents=1),), revision=2, changed_at=minutes_later(2)), Filing(906)])
    desk.publish()
    assert desk.reader().rows(whole) != before
    assert open_reader(desk.settings, then.generation).rows(whole) == before


def test_each_minute_of_a_day_each_hour_of_a_month_and_each_day_are_kept() -> None:
    now = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    ages = [timedelta(minutes=10 * step) for step in range(6 * 24 * 60)]
    names = {generation_id(now - age, 100_000 - place, 1): now - age for place, age in enumerate(ages)}
    left = {now - names[name] for name in kept(names, now)}
    assert sum(age <= timedelta(hours=24) for age in left) == 6 * 24 + 1
    assert sum(timedelta(hours=24) < age <= timedelta(days=31) for age in left) == pytest.approx(30 * 24, abs=1)
    assert sum(age > timedelta(days=31) for age in left) == pytest.approx(29, abs=1)
    assert all(
        moment.minute == 50 for moment in (names[n] for n in kept(names, now)) if now - moment > timedelta(days=2)
    )


def test_of_two_manifests_with_one_number_only_the_published_one_is_kept() -> None:
    now = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    killed, published = generation_id(now - timedelta(hours=2), 5, 1), generation_id(now - timedelta(hours=1), 5, 2)
    assert kept({killed: now - timedelta(hours=2), published: now - timedelta(hours=1)}, now) == {published}


def test_the_sweep_spares_young_files_and_files_in_use(desk: Desk) -> None:
    root = desk.settings.var / "analytics"
    old, young = root / "facts/old.parquet", root / "facts/young.parquet"
    old.write_bytes(b""), young.write_bytes(b"")
    os.utime(old, (1, 1))
    pointer = desk.store.pointer()
    assert pointer is not None
    manifest = Folder(root).load(pointer.generation)
    for name in manifest.files():
        os.utime(root / name, (1, 1))
    Folder(root).sweep(pointer.generation, datetime.now(UTC))
    assert young.is_file() and not old.exists() and all((root / name).is_file() for name in manifest.files())


def test_a_manifest_whose_file_is_missing_is_unreadable(desk: Desk) -> None:
    root = desk.settings.var / "analytics"
    next((root / "cubes").rglob("*.parquet")).unlink()
    pointer = desk.store.pointer()
    assert pointer is not None
    with pytest.raises(SnapshotUnreadable, match="缺少文件"):
        Folder(root).load(pointer.generation)


def test_item_by_item_work_stays_bounded_and_comes_round() -> None:
    cubes = {f"2026-{month:02d}": {"items": 100} for month in range(1, 11)}
    assert plan(cubes, {"2026-03"}, (), 1000) == (None, ())
    seen: set[str] = set()
    pending: tuple[str, ...] = ()
    for _ in range(10):
        chosen, pending = plan(cubes, {"2026-10"}, pending, 250)
        assert chosen is not None and chosen[0] == "2026-10" and len(chosen) == 2
        seen.update(chosen)
    assert seen == set(cubes)


def test_figures_of_a_fault_are_written_as_people_read_them() -> None:
    assert shown("cny_cents", -1234567) == "-12,345.67 元" and shown("vehicles", 1200) == "1,200 辆"


def test_months_are_added_without_a_float() -> None:
    large = 9_007_199_254_740_993
    days: list[dict[str, int | str]] = [{"day": "2026-01-01", "n": large}, {"day": "2026-01-31", "n": 1}]
    assert by_month(days, ("n",)) == {"2026-01": {"n": large + 1}}

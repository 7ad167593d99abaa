"""Old audit lines leave the table for signed archives, never before their time, and come back as they were."""

import gzip
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, event, select, update

from backend.audit.archive import KEPT_DAYS, ArchiveRefused, TooYoung, archive, restore
from backend.audit.commands import audit_folder, run_archive, run_restore, run_verify
from backend.audit.heads import sign_head, signed
from backend.audit.lines import (
    CHANGED,
    stored_lines,
)
from backend.audit.manifests import ArchiveBroken
from backend.audit.verify import check_recent, verify
from backend.crypto.keys import Keys, open_keys
from backend.db import now, owning
from backend.models import audit_chain, audit_line
from tests.tampering import LONG_AGO, OLD, TAMPERINGS, faults, refused, rows_of, unguarded, write


def aged(engine: Engine, keys: Keys, folder: Path) -> Engine:
    """Nine lines that may be archived, three of which by an earlier day, and two that may not."""
    write(engine, 3, now() - OLD - timedelta(days=30))
    write(engine, 6, now() - OLD)
    write(engine, 2)
    assert sign_head(engine, keys, folder)
    return engine


@pytest.fixture
def old(ledger: Engine, keys: Keys, folder: Path) -> Engine:
    return aged(ledger, keys, folder)


def numbers(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(select(audit_line.c.id).order_by(audit_line.c.id)))


def test_row_19_lines_of_the_last_180_days_cannot_be_archived(old: Engine, keys: Keys, folder: Path) -> None:
    assert KEPT_DAYS >= 180
    for before in (LONG_AGO + timedelta(days=1), date.today(), date(2100, 1, 1)):
        with pytest.raises(TooYoung, match="至少保存 180 天"):
            archive(old, keys, folder, before)
    assert numbers(old) == list(range(1, 12))


@pytest.mark.db
def test_row_19_the_database_itself_keeps_young_and_unarchived_lines(old: Engine) -> None:
    refused(old, owning, "DELETE FROM audit_line WHERE id <= 9")
    with owning(old) as connection:
        connection.execute(update(audit_chain).values(base_id=11))
    refused(old, owning, "DELETE FROM audit_line WHERE id <= 10")


@pytest.mark.db
def test_row_19_an_archive_verifies_and_comes_back_as_it_was(old: Engine, keys: Keys, folder: Path) -> None:
    with old.connect() as connection:
        before = rows_of(connection)
    made = archive(old, keys, folder, LONG_AGO, "演示审计员")
    assert made and (made.manifest.first_id, made.manifest.last_id, made.manifest.count) == (1, 9, 9)
    assert numbers(old) == [10, 11, 12]
    assert archive(old, keys, folder, LONG_AGO) is None
    assert check_recent(old, keys, folder) is None
    report = verify(old, keys, folder)
    assert (report.whole, report.lines) == (True, 3)
    assert stat.S_IMODE((folder / "archive" / made.manifest.file).stat().st_mode) == 0o600
    assert restore(old, keys, made.path, actor="演示审计员") == 9
    with old.connect() as connection:
        after = rows_of(connection)
        assert len(list(stored_lines(connection))) == 13
    assert after[:11] == before
    assert [(row["tag"], row["actor"]) for row in after[11:]] == [
        ("audit:archive:make", "演示审计员"), ("audit:archive:restore", "演示审计员"),
    ]  # fmt: skip
    assert verify(old, keys, folder).whole
    assert check_recent(old, keys, folder) is None
    assert archive(old, keys, folder, LONG_AGO)
    assert verify(old, keys, folder).whole


@pytest.mark.db
def test_row_19_only_the_newest_archive_can_come_back_first(old: Engine, keys: Keys, folder: Path) -> None:
    first = archive(old, keys, folder, LONG_AGO - timedelta(days=40))
    second = archive(old, keys, folder, LONG_AGO)
    assert first and second and (first.manifest.last_id, second.manifest.first_id) == (3, 4)
    assert verify(old, keys, folder).whole
    with pytest.raises(ArchiveRefused, match="最新的一份"):
        restore(old, keys, first.path)
    assert restore(old, keys, second.path) == 6
    with pytest.raises(ArchiveRefused):
        restore(old, keys, second.path)
    assert restore(old, keys, first.path) == 3
    assert numbers(old) == list(range(1, 16))
    assert verify(old, keys, folder).whole


def test_row_19_a_clock_that_was_set_back_leaves_no_gap(ledger: Engine, keys: Keys, folder: Path) -> None:
    for at in (now() - OLD, now() - timedelta(days=1), now() - OLD):
        write(ledger, 2, at)
    made = archive(ledger, keys, folder, LONG_AGO)
    assert made and made.manifest.last_id == 2
    assert verify(ledger, keys, folder).whole


@pytest.mark.db
def test_row_19_a_damaged_or_strange_archive_is_found_and_not_restored(
    old: Engine, keys: Keys, strange_keys: Keys, folder: Path
) -> None:
    made = archive(old, keys, folder, LONG_AGO)
    assert made
    file, manifest = made.path.with_name(made.manifest.file), made.path.read_bytes()
    whole, there = file.read_bytes(), numbers(old)
    other = gzip.compress(gzip.decompress(whole).replace("王演示".encode(), "李演示".encode()), mtime=0)

    def resigned(keys: Keys, **values: Any) -> bytes:
        content = {k: v for k, v in orjson.loads(manifest).items() if k not in ("key_id", "signature")} | values
        return orjson.dumps(signed(content, keys))

    from backend.crypto.digest import sm3_hex

    bad = [
        (other, manifest), (whole[:-9], manifest), (gzip.compress(gzip.decompress(whole), 1), manifest),
        (whole, manifest.replace(b'"count": 9', b'"count": 8')),
        (other, resigned(strange_keys, sm3=sm3_hex(other))), (whole, b"{}"),
    ]  # fmt: skip
    for content, words in bad:
        file.write_bytes(content)
        made.path.write_bytes(words)
        assert faults(old, keys, folder) == [("归档不符", None)]
        with pytest.raises(ArchiveBroken):
            restore(old, keys, made.path)
    # Even what we would sign ourselves must hang together with the chain.
    file.write_bytes(other)
    made.path.write_bytes(resigned(keys, sm3=sm3_hex(other)))
    with pytest.raises(ArchiveBroken, match=CHANGED):
        restore(old, keys, made.path)
    assert numbers(old) == there
    file.unlink()
    made.path.write_bytes(manifest)
    report = verify(old, keys, folder)
    assert report.whole and "确认已另存" in " ".join(report.notes)
    made.path.unlink()
    assert faults(old, keys, folder) == [("归档不符", None)]


@pytest.mark.parametrize("name", ["edit with its own value", "delete in the middle", "rewrite all"])
def test_row_19_a_broken_chain_is_not_archived(ledger: Engine, keys: Keys, folder: Path, name: str) -> None:
    write(ledger, 12, now() - OLD)
    sign_head(ledger, keys, folder)
    with unguarded(ledger) as connection:
        TAMPERINGS[name][0](connection)
    there = numbers(ledger)
    with pytest.raises(ArchiveRefused):
        archive(ledger, keys, folder, LONG_AGO)
    assert numbers(ledger) == there
    assert list((folder / "archive").iterdir()) == []


STEPS = {
    "before the manifest": None,
    "before the base moves": "UPDATE audit_chain SET base_id",
    "before the lines go": "DELETE FROM audit_line",
    "before its own line": "INSERT INTO audit_line",
    "before the commit": "UPDATE audit_chain SET head_id",
}


@contextmanager
def stopping(engine: Engine, statement: str, how: Callable[[], None]) -> Iterator[None]:
    """Let something happen just before a statement is sent."""

    def stop(connection: Any, cursor: Any, text: str, *_: Any) -> None:
        if text.startswith(statement):
            how()

    event.listen(engine, "before_cursor_execute", stop)
    yield
    event.remove(engine, "before_cursor_execute", stop)


def fall() -> None:
    raise KeyboardInterrupt


@pytest.mark.db
@pytest.mark.parametrize("step", STEPS)
def test_row_19_an_interrupted_archive_loses_nothing_and_is_taken_up_again(
    old: Engine, keys: Keys, folder: Path, step: str
) -> None:
    statement = STEPS[step]
    if statement is None:
        (folder / "archive" / "audit-1-9.json").mkdir(parents=True)
        with pytest.raises(OSError):
            archive(old, keys, folder, LONG_AGO)
        (folder / "archive" / "audit-1-9.json").rmdir()
    else:
        with stopping(old, statement, fall), pytest.raises(KeyboardInterrupt):
            archive(old, keys, folder, LONG_AGO)
    assert numbers(old) == list(range(1, 12))
    assert verify(old, keys, folder).whole
    made = archive(old, keys, folder, LONG_AGO)
    assert made and numbers(old) == [10, 11, 12]
    assert verify(old, keys, folder).whole
    with stopping(old, "INSERT INTO audit_line", fall), pytest.raises(KeyboardInterrupt):
        restore(old, keys, made.path)
    assert numbers(old) == [10, 11, 12]
    assert verify(old, keys, folder).whole
    assert restore(old, keys, made.path) == 9


def test_row_19_an_archive_killed_in_the_middle_is_taken_up_again(old: Engine, keys: Keys, folder: Path) -> None:
    old.dispose()
    child = os.fork()
    if child == 0:
        with stopping(old, "DELETE FROM audit_line", lambda: os.kill(os.getpid(), 9)):
            archive(old, keys, folder, LONG_AGO)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    assert numbers(old) == list(range(1, 12))
    assert verify(old, keys, folder).whole
    assert archive(old, keys, folder, LONG_AGO)
    assert numbers(old) == [10, 11, 12]


def test_row_19_archives_by_command(ledger: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = SimpleNamespace(var=tmp_path, key_folder=tmp_path / "keys")
    aged(ledger, open_keys(settings.key_folder), audit_folder(settings))
    assert run_archive(ledger, settings, date.today()) == 2
    assert "至少保存 180 天" in capsys.readouterr().err
    assert run_archive(ledger, settings, LONG_AGO) == 0
    assert "归档 1 份" in capsys.readouterr().out
    (manifest,) = (audit_folder(settings) / "archive").glob("*.json")
    assert run_restore(ledger, settings, manifest) == 0
    assert run_restore(ledger, settings, manifest) == 2
    assert run_verify(ledger, settings) == 0

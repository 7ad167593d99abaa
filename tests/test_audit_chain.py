"""The audit chain shows every tampering: the walk, the signed heads outside the database, the check of each minute."""

import json
import re
import shutil
import stat
import time
import tracemalloc
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import time_machine
from sqlalchemy import Engine, delete, event, select, update
from sqlalchemy.exc import OperationalError

from backend.audit.chain import CONTENT, START, linked
from backend.audit.commands import audit_folder, run_verify
from backend.audit.heads import head_files, is_signed, read_heads, sign_head, signed, trusted_keys
from backend.audit.lines import (
    CHANGED,
    CUT,
    HEADS_BROKEN,
    REWRITTEN,
    TWICE,
    UNSIGNED,
    Broken,
    Link,
    Stored,
    Walk,
)
from backend.audit.verify import check_recent, each_minute, verify
from backend.clearance.states import SHANGHAI
from backend.crypto.keys import Keys, open_keys
from backend.crypto.sm2 import verify as sm2_verify
from backend.models import audit_line
from tests.tampering import TAMPERINGS, faults, rewrite, rows_of, unguarded, write

# Tampering shows


@pytest.fixture
def chain(ledger: Engine, keys: Keys, folder: Path) -> Engine:
    """Twelve lines, signed after the fourth, the eighth and the last."""
    for _ in range(3):
        write(ledger, 4)
        assert sign_head(ledger, keys, folder)
    report = verify(ledger, keys, folder)
    assert (report.whole, report.lines, report.heads, report.notes) == (True, 12, 3, ())
    return ledger


OTHER: dict[str, Any] = {
    "at": datetime(2026, 1, 1, tzinfo=UTC), "detail": {"n": 5}, "document_id": 7, "result": "failed", "hash": "f" * 64,
}  # fmt: skip


@pytest.mark.db
def test_row_18_an_edit_of_any_column_names_the_line(chain: Engine, keys: Keys, folder: Path) -> None:
    with chain.connect() as connection:
        before = rows_of(connection)[4]
    for name in set(audit_line.c.keys()) - {"id"}:
        there = update(audit_line).where(audit_line.c.id == 5)
        with unguarded(chain) as connection:
            connection.execute(there.values({name: OTHER.get(name, "x")}))
        (fault,) = verify(chain, keys, folder).faults
        assert (fault.kind, fault.number) == (CHANGED, 5), name
        if name not in ("at", "tag"):
            assert f"{before['at'].astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}，clearance:declaration:take" in str(fault)
        with unguarded(chain) as connection:
            connection.execute(there.values({name: before[name]}))
        assert verify(chain, keys, folder).whole, name


@pytest.mark.db
@pytest.mark.parametrize("name", TAMPERINGS)
def test_row_18_edit_delete_truncate_rewrite_are_each_found(chain: Engine, keys: Keys, folder: Path, name: str) -> None:
    tamper, kind, number = TAMPERINGS[name]
    with unguarded(chain) as connection:
        tamper(connection)
    assert faults(chain, keys, folder) == [(kind, number)]
    words = str(verify(chain, keys, folder).faults[0])
    assert kind in words and (f"第 {number} 行" in words or number is None)


def test_row_18_the_same_number_twice_is_named() -> None:
    walk = Walk(Link(3, START), 9)
    line = dict.fromkeys(CONTENT) | {"id": 4, "at": "2026-11-24T08:00:00.000000", "tag": "a:b:c"}
    walk.step(Stored(line, linked(START, line)))
    with pytest.raises(Broken) as caught:
        walk.step(Stored(line, linked(START, line)))
    assert (caught.value.fault.kind, caught.value.fault.number) == (TWICE, 4)


@pytest.mark.parametrize("value", ["CAST(x'ff31' AS TEXT)", "x'31'"], ids=["no utf-8", "a blob"])
@pytest.mark.parametrize("column", ["key", "detail", "at", "hash"])
def test_row_18_bytes_that_are_no_text_are_named(
    chain: Engine, keys: Keys, folder: Path, column: str, value: str
) -> None:
    with unguarded(chain) as connection:
        connection.exec_driver_sql(f"UPDATE audit_line SET {column} = {value} WHERE id = 7")
    assert faults(chain, keys, folder) == [(CHANGED, 7)]
    with pytest.raises(OperationalError), chain.connect() as connection:  # It reads as strictly as before.
        connection.exec_driver_sql("SELECT CAST(x'ff' AS TEXT)").scalar()


@pytest.mark.db
def test_row_18_lines_written_while_we_read_are_no_fault(chain: Engine, keys: Keys, folder: Path) -> None:
    def meanwhile(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if "FROM audit_chain" in statement and not done:
            done.append(1)
            write(chain, 3)
            sign_head(chain, keys, folder)

    done: list[int] = []
    event.listen(chain, "after_cursor_execute", meanwhile)
    assert verify(chain, keys, folder).whole
    assert done


# The heads outside the database


def lines_of(folder: Path) -> list[bytes]:
    return head_files(folder)[-1].read_bytes().splitlines()


def put(folder: Path, lines: list[bytes], end: bytes = b"\n") -> None:
    head_files(folder)[-1].write_bytes(b"\n".join(lines) + end)


def changed(raw: bytes, **values: Any) -> bytes:
    return orjson.dumps(orjson.loads(raw) | values, option=orjson.OPT_SORT_KEYS)


def test_row_18_heads_are_signed_files_that_only_we_read(chain: Engine, keys: Keys, folder: Path) -> None:
    heads = [entry.head for entry in read_heads(folder)]
    assert [head.head_id for head in heads if head] == [4, 8, 12]
    content = orjson.loads(lines_of(folder)[1])
    signature = bytes.fromhex(content.pop("signature"))
    pem = (folder / f"public-{keys.audit.key_id}.pem").read_text()
    assert sm2_verify(pem, orjson.dumps(content, option=orjson.OPT_SORT_KEYS), signature)
    assert stat.S_IMODE(head_files(folder)[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_row_18_a_quiet_chain_is_signed_hourly_and_a_month_begins_a_file(
    ledger: Engine, keys: Keys, folder: Path
) -> None:
    with time_machine.travel(datetime(2026, 11, 30, 14, 50, tzinfo=UTC), tick=False) as clock:
        write(ledger, 1)
        assert sign_head(ledger, keys, folder)
        clock.shift(timedelta(minutes=59))
        assert sign_head(ledger, keys, folder) is None
        clock.shift(timedelta(minutes=1))
        assert sign_head(ledger, keys, folder)
        clock.shift(timedelta(minutes=30))
        write(ledger, 1)
        assert sign_head(ledger, keys, folder)
        clock.shift(timedelta(days=-3))
        write(ledger, 1)
        assert sign_head(ledger, keys, folder)
    assert [path.name for path in head_files(folder)] == ["heads-2026-11.jsonl", "heads-2026-12.jsonl"]
    report = verify(ledger, keys, folder)
    assert (report.whole, report.heads) == (True, 4)


@pytest.mark.parametrize("name", ["head_id", "head_hash", "base_id", "at", "signature"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_row_18_an_altered_head_is_named(chain: Engine, keys: Keys, folder: Path, name: str, place: int) -> None:
    other = {"head_id": 3, "head_hash": "0" * 64, "base_id": 1, "at": "2026-01-01T00:00:00.000000", "signature": "00"}
    lines = lines_of(folder)
    lines[place] = changed(lines[place], **{name: other[name]})
    put(folder, lines)
    (fault,) = verify(chain, keys, folder).faults
    assert (fault.kind, f"第 {place + 1} 行" in fault.words) == (UNSIGNED, True)


def test_row_18_a_missing_or_unreadable_head_is_named(chain: Engine, keys: Keys, folder: Path) -> None:
    lines = lines_of(folder)
    for left in ([lines[0], lines[2]], [lines[1], lines[2]], [lines[1], lines[0], lines[2]]):
        put(folder, left)
        assert HEADS_BROKEN in [kind for kind, _ in faults(chain, keys, folder)]
    for place in range(3):
        put(folder, [*lines[:place], b"?", *lines[place + 1 :]])
        (fault,) = verify(chain, keys, folder).faults
        assert (fault.kind, f"第 {place + 1} 行" in fault.words) == (HEADS_BROKEN, True)
    put(folder, lines)
    assert verify(chain, keys, folder).whole


def forged(folder: Path, previous: bytes, strange: Keys, **values: Any) -> bytes:
    """A head as a stranger would sign it, its public key laid beside ours."""
    from backend.crypto.digest import sm3_hex

    content = {k: v for k, v in orjson.loads(previous).items() if k not in ("key_id", "signature")}
    (folder / f"public-{strange.audit.key_id}.pem").write_text(strange.audit.public_pem)
    head = signed(content | {"previous": sm3_hex(previous)} | values, strange)
    return orjson.dumps(head, option=orjson.OPT_SORT_KEYS)


@pytest.mark.parametrize("then", ["at the end", "signed over"])
@pytest.mark.parametrize("pose", [False, True], ids=["by its own key", "under our key's id"])
def test_row_18_a_head_of_a_stranger_is_named(
    chain: Engine, keys: Keys, strange_keys: Keys, folder: Path, then: str, pose: bool
) -> None:
    lines = lines_of(folder)
    head = forged(folder, lines[-1], strange_keys)
    if pose:
        head = changed(head, key_id=keys.audit.key_id)
    put(folder, [*lines, head])
    assert UNSIGNED in (check_recent(chain, keys, folder) or "")
    if then == "signed over":
        write(chain, 1)
        assert sign_head(chain, keys, folder)
    (fault,) = verify(chain, keys, folder).faults
    assert (fault.kind, "第 4 行" in fault.words) == (UNSIGNED, True)


def test_row_18_whole_chain_and_heads_of_a_stranger_are_found(
    chain: Engine, keys: Keys, strange_keys: Keys, folder: Path
) -> None:
    with unguarded(chain) as connection:
        rewrite(connection, 1, actor="x")
    shutil.rmtree(folder)
    assert sign_head(chain, strange_keys, folder)
    assert faults(chain, keys, folder) == [(UNSIGNED, None)]
    assert UNSIGNED in (check_recent(chain, keys, folder) or "")


def test_row_18_a_head_cut_off_by_a_crash_is_named_and_gone_on_from(chain: Engine, keys: Keys, folder: Path) -> None:
    lines = lines_of(folder)
    for end in (b"{", lines[-1][:200], lines[-1][:-1]):
        put(folder, [*lines, end], b"")
        report = verify(chain, keys, folder)
        assert report.whole and "第 4 行只写到一半" in report.notes[0]
        assert check_recent(chain, keys, folder) is None
    write(chain, 1)
    assert sign_head(chain, keys, folder)
    report = verify(chain, keys, folder)
    assert report.whole and "第 4 行只写到一半" in report.notes[0]
    lines = lines_of(folder)
    assert len(lines) == 5
    put(folder, [*lines[:3], lines[4]])
    assert verify(chain, keys, folder).notes == ()


def test_row_18_heads_of_a_former_key_count_when_it_is_trusted(
    chain: Engine, keys: Keys, strange_keys: Keys, folder: Path
) -> None:
    write(chain, 1)
    assert sign_head(chain, strange_keys, folder)
    assert [kind for kind, _ in faults(chain, strange_keys, folder)] == [UNSIGNED]
    trusted = trusted_keys(strange_keys, [keys.audit.public_pem])
    assert verify(chain, trusted, folder).whole


def test_row_18_without_heads_it_is_said_that_a_rewriting_cannot_be_excluded(
    ledger: Engine, keys: Keys, folder: Path
) -> None:
    write(ledger, 1)
    report = verify(ledger, keys, folder)
    assert report.whole and "不能排除" in report.notes[0]


def test_row_18_a_long_row_of_heads_is_read_from_its_end(chain: Engine, keys: Keys, folder: Path) -> None:
    for _ in range(150):
        write(chain, 1)
        assert sign_head(chain, keys, folder)
    assert head_files(folder)[-1].stat().st_size > 65_536
    lines = lines_of(folder)
    put(folder, [*lines[:3], *[b"?" * 1000] * 90])
    head = sign_head(chain, keys, folder)
    assert head and is_signed(asdict(head), trusted_keys(keys))
    put(folder, [*lines[:3], orjson.dumps(asdict(head), option=orjson.OPT_SORT_KEYS)])
    assert verify(chain, keys, folder).whole


# The check of every minute


@pytest.mark.db
@pytest.mark.parametrize("name", sorted(set(TAMPERINGS) - {"edit with its own value"}))
def test_row_18_the_check_of_each_minute_finds_what_happened_since_the_last_head(
    ledger: Engine, keys: Keys, folder: Path, name: str
) -> None:
    write(ledger, 12)
    assert check_recent(ledger, keys, folder) is None
    tamper, kind, _ = TAMPERINGS[name]
    if kind == REWRITTEN or name == "truncate with the head":
        sign_head(ledger, keys, folder)
    assert check_recent(ledger, keys, folder) is None
    with unguarded(ledger) as connection:
        tamper(connection)
    if name == "put one below the first":  # Only the full walk looks below the base.
        assert faults(ledger, keys, folder) == [(kind, 0)]
    else:
        words = check_recent(ledger, keys, folder) or ""
        assert kind in words and "请保留现场" in words


@pytest.mark.db
def test_row_18_a_broken_chain_is_not_signed_so_that_the_alarm_stays(ledger: Engine, keys: Keys, folder: Path) -> None:
    for number in range(1, 4):
        write(ledger, 4)
        assert each_minute(ledger, keys, folder) is None
        assert len(lines_of(folder)) == number
    with unguarded(ledger) as connection:
        TAMPERINGS["truncate with the head"][0](connection)
    for _ in range(3):
        assert CUT in (each_minute(ledger, keys, folder) or "")
        assert len(lines_of(folder)) == 3
        write(ledger, 1)
    folder.rename(folder.with_name("aside"))
    assert each_minute(ledger, keys, folder) is None
    assert len(lines_of(folder)) == 1


@pytest.mark.db
@pytest.mark.parametrize("tamper", [
    delete(audit_line).where(audit_line.c.id == 12),
    update(audit_line).where(audit_line.c.id == 12).values(hash="f" * 64),
])  # fmt: skip
def test_row_18_the_check_of_each_minute_looks_at_the_very_line_that_was_signed(
    chain: Engine, keys: Keys, folder: Path, tamper: Any
) -> None:
    with unguarded(chain) as connection:
        connection.execute(tamper)
    assert "第 12 行" in (check_recent(chain, keys, folder) or "")


# The commands


def test_row_18_the_command_names_the_first_bad_line(
    ledger: Engine, keys: Keys, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = SimpleNamespace(var=tmp_path, key_folder=tmp_path / "keys")
    ours = open_keys(settings.key_folder)
    write(ledger, 3)
    sign_head(ledger, ours, audit_folder(settings))
    assert run_verify(ledger, settings) == 0
    assert "完整无误" in capsys.readouterr().out
    assert run_verify(ledger, settings, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["whole"] is True
    with unguarded(ledger) as connection:
        connection.execute(update(audit_line).where(audit_line.c.id == 2).values(actor="x"))
    assert run_verify(ledger, settings) == 1
    assert re.search(r"第 2 行（20\d\d-.*，clearance:declaration:take）被改动", capsys.readouterr().out)
    assert run_verify(ledger, settings, as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["whole"], told["faults"][0]["number"], told["faults"][0]["kind"]) == (False, 2, CHANGED)
    assert run_verify(ledger, settings, public=[tmp_path / "none.pem"]) == 2


def read_plainly(ledger: Engine) -> list[Any]:
    """All lines as they stand, and nothing done with them."""
    with ledger.connect() as connection:
        return list(connection.execute(select(audit_line)).mappings())


def test_row_18_a_long_chain_is_walked_quickly_and_in_little_memory(ledger: Engine, keys: Keys, folder: Path) -> None:
    write(ledger, 20_000)
    sign_head(ledger, keys, folder)
    taken, plain = [], []
    for _ in range(3):
        began = time.perf_counter()
        assert len(read_plainly(ledger)) == 20_000
        plain.append(time.perf_counter() - began)
        began = time.perf_counter()
        assert verify(ledger, keys, folder).lines == 20_000
        taken.append(time.perf_counter() - began)
    assert min(taken) < 3 * min(plain)  # 1.1 times is usual.
    peaks = []
    for lines in (0, 20_000):
        write(ledger, lines)
        tracemalloc.start()
        assert verify(ledger, keys, folder).whole
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]

"""The audit: complete lines, one for every change in its own transaction, which the database keeps as they are."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import DBAPIError

from backend.administration.options import change_option, options_of
from backend.audit.chain import CONTENT, START, value_of, visible, visible_all
from backend.audit.context import Acting, acting
from backend.audit.service import Line, write_lines
from backend.audit.verify import verify
from backend.clearance.vehicles import record_step
from backend.db import now, owning, writing
from backend.demo.world import World
from backend.exchange.importer import Importer
from backend.identity.tokens import create_token, list_tokens, revoke_token
from backend.models import access_token, audit_line
from tests.tampering import OLD, refused, rows_of, write

# What a line holds


@pytest.mark.db
def test_row_17_a_line_tells_who_when_from_where_what_and_how_it_ended(ledger: Engine) -> None:
    whole = Acting("a" * 32, "declarant,enterprise_admin", "10.0.0.9", "0123456789ab", "r" * 32)
    token = acting.set(whole)
    at = datetime(2026, 11, 24, 16, 0, 0, 123456, UTC)
    try:
        with writing(ledger) as connection:
            line = Line("王演示", "clearance:declaration:take", "E1", None, {"before": 1, "after": 2}, "refused")
            write_lines(connection, at, [line])
    finally:
        acting.reset(token)
    with ledger.connect() as connection:
        (row,) = rows_of(connection)
    assert {name: row[name] for name in whole._fields} == whole._asdict()
    assert (row["at"], row["actor"], row["key"], row["result"]) == (at, "王演示", "E1", "refused")
    assert (row["tag"], row["entity"]) == ("clearance:declaration:take", "declaration")
    assert row["detail"] == {"before": 1, "after": 2}
    # Nothing in the table is outside the chain, so nothing in it can be altered unseen.
    assert {*CONTENT, "hash"} == set(audit_line.c.keys())


HOSTILE = "E1\r\n2026-11-24 王演示 administration:role:grant ok\u202e\u200f\u2066\u2028\x00\x1b[2J\x85\ufeff"


@pytest.mark.db
def test_row_17_line_breaks_and_direction_marks_are_spelt_out(ledger: Engine) -> None:
    token = acting.set(Acting(role=HOSTILE, session="a\nb", request="c\u202e", address="d\r"))
    try:
        with writing(ledger) as connection:
            detail = {HOSTILE: [HOSTILE, {"deep": HOSTILE}]}
            write_lines(connection, now(), [Line(HOSTILE, "a:b:c", HOSTILE, detail=detail)])
    finally:
        acting.reset(token)
    with ledger.connect() as connection:
        (row,) = rows_of(connection)
    written = [str(value) for value in row.values()] + [json.dumps(row["detail"], ensure_ascii=False)]
    assert all(text.isprintable() for text in written), written
    assert "\\u000d\\u000a" in row["key"] and "\\u202e" in row["actor"] and "\\u0000" in row["key"]
    assert (row["session"], row["address"]) == ("a\\u000ab", "d\\u000d")


@given(st.text())
def test_row_17_no_text_whatever_breaks_a_line(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", shown)


LEAF = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text()


@given(detail=st.dictionaries(st.text(), st.recursive(LEAF, st.lists), max_size=4))
def test_row_18_a_detail_reads_back_as_it_was_chained(detail: dict[str, Any]) -> None:
    row = {name: None for name in CONTENT} | {"at": now(), "detail": visible_all(detail)}
    assert value_of(START, row | {"detail": orjson.loads(json.dumps(row["detail"]))}) == value_of(START, row)


# Every change leaves its line


@contextmanager
def watched(engine: Engine) -> Iterator[list[set[str]]]:
    """The tables that each committed transaction wrote to."""
    done: list[set[str]] = []
    now_written: dict[Any, set[str]] = {}

    def seen(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if found := re.match(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", statement):
            now_written.setdefault(connection.connection.dbapi_connection, set()).add(found[1])

    def committed(connection: Any) -> None:
        if tables := now_written.pop(connection.connection.dbapi_connection, None):
            done.append(tables)

    event.listen(engine, "after_cursor_execute", seen)
    event.listen(engine, "commit", committed)
    yield done
    event.remove(engine, "after_cursor_execute", seen)
    event.remove(engine, "commit", committed)


@pytest.mark.db
def test_row_16_every_change_leaves_a_line_in_its_own_transaction(ledger: Engine, tmp_path: Path) -> None:
    World(3, date(2026, 10, 31)).write(tmp_path / "world", 12, untidy=True, faults=3)
    with watched(ledger) as transactions:
        Importer(ledger).run(tmp_path / "world")
        create_token(ledger, "api", "演示系统", "commerce")
        revoke_token(ledger, list_tokens(ledger)[0]["id"])
        with writing(ledger) as connection:
            change_option(connection, "0" * 32, "演示管理员", "idle_minutes", 20, "试用")
        with writing(ledger) as connection:
            record_step(connection, now(), "演示", "LGXC16DF0A0000001", "REGISTERED", "登记证书")
    assert set().union(*transactions) >= {"declaration", "licence", "access_token", "configuration", "vehicle_step"}
    # A file that still waits is only judged again; the list of held files keeps its reason.
    assert [tables for tables in transactions if "audit_line" not in tables and tables != {"document"}] == []


@pytest.mark.db
def test_row_20_without_its_audit_line_no_change_is_made(ledger: Engine) -> None:
    create_token(ledger, "api", "旧系统", "commerce")
    with owning(ledger) as connection:
        connection.exec_driver_sql(
            "REVOKE INSERT ON audit_line FROM panorama_writer"
            if ledger.dialect.name == "postgresql"
            else "CREATE TRIGGER broken BEFORE INSERT ON audit_line BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    with pytest.raises(DBAPIError), writing(ledger) as connection:
        change_option(connection, "0" * 32, "演示管理员", "idle_minutes", 20, "试用")
    with pytest.raises(DBAPIError):
        create_token(ledger, "api", "新系统", "commerce")
    with pytest.raises(DBAPIError):
        revoke_token(ledger, list_tokens(ledger)[0]["id"])
    with ledger.connect() as connection:
        assert options_of(connection)["idle_minutes"] == 30
        tokens = connection.execute(select(access_token.c.name, access_token.c.revoked_at)).all()
    assert tokens == [("旧系统", None)]


# The database keeps the lines


@pytest.mark.db
@pytest.mark.parametrize("way", [writing, owning], ids=["writer", "owner"])
def test_row_18_the_database_refuses_to_change_or_remove_lines(ledger: Engine, way: Callable[[Engine], Any]) -> None:
    write(ledger, 3)
    change = ["UPDATE audit_line SET actor = 'x' WHERE id = 2", "DELETE FROM audit_line WHERE id = 2"]
    change += ["UPDATE audit_chain SET head_id = 1", "DELETE FROM audit_chain"]
    if ledger.dialect.name == "postgresql":
        change += ["TRUNCATE audit_line", "TRUNCATE audit_chain", "TRUNCATE alert_transition"]
        again = "INSERT INTO audit_line SELECT * FROM audit_line WHERE id = 2"
        change.append(f"{again} ON CONFLICT (id) DO UPDATE SET actor = 'x'")
    else:
        change.append("INSERT OR REPLACE INTO audit_line SELECT * FROM audit_line WHERE id = 2")
        change.append("UPDATE OR REPLACE audit_line SET id = 2 WHERE id = 3")
        change.append("INSERT OR REPLACE INTO audit_chain VALUES (1, 1, '', 0, '')")
    refused(ledger, way, *change)
    assert verify(ledger, {}, Path("/nowhere")).whole


@pytest.mark.db
@pytest.mark.parametrize("way", [writing, owning], ids=["writer", "owner"])
def test_row_18_the_course_of_an_alert_is_only_added_to(ledger: Engine, way: Callable[[Engine], Any]) -> None:
    moment = "'2026-11-24 08:00:00.000000'"
    with writing(ledger) as connection:
        connection.exec_driver_sql(
            "INSERT INTO alert (id, rule, subject, severity, state, words, first_at, last_at, times, open_key) VALUES "
            f"(1, 'r', 's', 'warning', 'firing', '演示', {moment}, {moment}, 1, 'r:s')"
        )
        connection.exec_driver_sql(
            "INSERT INTO alert_transition (id, alert_id, at, to_state, actor) VALUES "
            f"(1, 1, {moment}, 'firing', '平台')"
        )
    refused(ledger, way, "UPDATE alert_transition SET actor = 'x'", "DELETE FROM alert_transition")
    if ledger.dialect.name == "sqlite":
        refused(ledger, way, "INSERT OR REPLACE INTO alert_transition SELECT * FROM alert_transition")


def test_row_18_the_writer_cannot_move_the_base_or_the_schema_version(postgres: Any) -> None:
    from backend.db import make_engine, migrate

    name = postgres.create_database()
    engine = make_engine(postgres.url(name))
    migrate(engine)
    refused(engine, writing, "UPDATE audit_chain SET base_id = 1", "UPDATE alembic_version SET version_num = '0001'")
    with engine.connect() as connection:
        held = "SELECT has_table_privilege('panorama_writer', '{}', '{}')"
        for table in ("audit_line", "alert_transition"):
            rights = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
            may = [right for right in rights if connection.exec_driver_sql(held.format(table, right)).scalar()]
            assert may == ["SELECT", "INSERT"], table
    # A table of our name in front of ours must not answer the trigger's question.
    write(engine, 2, now() - OLD)
    with pytest.raises(DBAPIError, match="审计记录不能修改"), owning(engine) as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE audit_chain AS SELECT 9 AS base_id")
        connection.exec_driver_sql("DELETE FROM public.audit_line")
    engine.dispose()
    postgres.drop_database(name)

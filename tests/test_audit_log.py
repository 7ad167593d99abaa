"""The audit log: found by every condition, paged without gaps, on record itself, and taken out only with a mark."""

import csv
import io
import re
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine, func, insert, select, update
from werkzeug.test import TestResponse

from backend.administration import configuration
from backend.administration.audit_export import begin_export
from backend.administration.audit_files import write_csv, write_workbook
from backend.administration.audit_search import Wanted, search
from backend.administration.audit_words import ACTIONS, SUBJECTS
from backend.audit.context import Acting, acting
from backend.audit.heads import sign_head
from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.identity.roles import permissions_of
from backend.models import alert, audit_chain, audit_line
from datasources.scope import ALL
from tests.house import House, post, see

BASE = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)  # 16:30 in Beijing


def somebody(name: str, role: str) -> Principal:
    return Principal("account", f"{name:0>32}", name, (role,), permissions_of([role]), ALL)


SYSTEM, AUDITOR = somebody("system_admin", "system_admin"), somebody("audit_admin", "audit_admin")


def audited(engine: Engine, tag: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(audit_line).where(audit_line.c.tag == tag).order_by(audit_line.c.id)))


def note(engine: Engine, *keys: str, tag: str = "identity:session:begin", at: datetime = BASE, **more: Any) -> None:
    with writing(engine) as connection:
        write_lines(connection, at, [Line(**{"actor": "zhang", **more}, tag=tag, key=key) for key in keys])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = House(tmp_path_factory.mktemp("var"))
    place = home.cast.place("platform", "平台")
    for role in ("system_admin", "audit_admin"):
        home.cast.person(role, place, role)
    home.build()
    yield home
    home.engine.dispose()


def found(engine: Engine, **wanted: str) -> list[str]:
    return [row["key"] for row in search(engine, AUDITOR, Wanted.of(wanted)).rows]


@pytest.mark.db
def test_lines_are_found_by_each_condition_and_by_several_together(ledger: Engine) -> None:
    note(ledger, "early", at=BASE - timedelta(minutes=1))
    note(ledger, "on-time", at=BASE)
    note(ledger, "late", at=BASE + timedelta(minutes=1))
    note(ledger, "no", tag="identity:guard:refuse", actor="li", result="refused", at=BASE)
    acting.set(Acting(account_id="b" * 32, address="10.1.2.3"))
    note(ledger, "half_off", tag="clearance:declaration:take", actor="wang", at=BASE)
    acting.set(Acting())
    assert found(ledger, since="2026-11-24T16:30", until="2026-11-24T16:30") == ["half_off", "no", "on-time"]
    assert found(ledger, person="li") == ["no"] and found(ledger, address="10.1.2.3") == ["half_off"]
    assert found(ledger, tag="identity:guard") == ["no"] and found(ledger, result="refused") == ["no"]
    assert found(ledger, entity="session", key="late") == ["late"] and found(ledger, entity="session", key="lat") == []
    assert found(ledger, text="alf_o") == ["half_off"] and found(ledger, text="_a") == []
    assert found(ledger, person="zhang", since="2026-11-24T16:31", entity="session") == ["late"]


def test_somebody_is_found_by_his_account_too(ledger: Engine, tmp_path: Path) -> None:
    house = House(tmp_path / "var")
    number = house.cast.person("ZhangSan", house.cast.place("platform", "平台"), "monitor")
    acting.set(Acting(account_id=number))
    note(house.engine, "by-account", actor="ZhangSan")
    acting.set(Acting())
    note(house.engine, "before-sign-in", actor="zhangsan")
    assert found(house.engine, person="zhangsan") == ["before-sign-in", "by-account"]


@pytest.mark.parametrize("wanted", [{"since": "gestern"}, {"since": "2026-13-01T00:00"}, {"result": "maybe"},
                                    {"since": "2026-11-24T16:30", "until": "2026-11-24T16:29"}])  # fmt: skip
def test_what_is_no_time_or_result_is_said_so(wanted: dict[str, str]) -> None:
    with pytest.raises(Unfit):
        Wanted.of(wanted)


@pytest.mark.db
def test_turning_pages_shows_every_line_once_while_new_ones_arrive(ledger: Engine) -> None:
    note(ledger, *(f"k{n:03}" for n in range(120)))
    wanted, seen, before = Wanted.of({"entity": "session"}), [], 0
    while True:
        page = search(ledger, AUDITOR, wanted, before)
        seen += [row["key"] for row in page.rows]
        note(ledger, "new")
        if not page.older:
            break
        before = page.older
    assert seen == [f"k{n:03}" for n in reversed(range(120))]
    back = search(ledger, AUDITOR, wanted, after=page.newer)
    assert [row["key"] for row in back.rows] == [f"k{n:03}" for n in range(69, 19, -1)] and back.newer and back.older


@pytest.mark.db
def test_row_16_each_search_look_and_export_leaves_a_line(ledger: Engine) -> None:
    note(ledger, "x")
    search(ledger, AUDITOR, Wanted.of({"person": "zhang", "since": "2026-11-24T00:00"}))
    begin_export(ledger, AUDITOR, Wanted.of({"person": "zhang"}), "csv", False)
    line, export = audited(ledger, "audit:log:search")[0], audited(ledger, "audit:log:export")[0]
    assert line.key == "起 2026-11-24 00:00；账号 zhang" and line.actor == "audit_admin"
    assert export.detail == {"person": "zhang", "kind": "csv", "rows": 1, "head_id": 2}
    for verb in (
        lambda: search(ledger, SYSTEM, Wanted()),
        lambda: begin_export(ledger, SYSTEM, Wanted(), "csv", False),
    ):
        with pytest.raises(Refused):
            verb()


def test_row_20_without_its_own_line_nothing_of_the_log_is_shown(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.cast.person("audit_admin", house.cast.place("platform", "平台"), "audit_admin")
    note(house.engine, "secret-key")
    house.build()
    client = house.browse("audit_admin")
    assert "secret-key" in see(client, "/administration/audit").text
    with house.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.exec_driver_sql(
            "CREATE TRIGGER no_line BEFORE INSERT ON audit_line BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    for path in ("/administration/audit", "/administration/audit/1"):
        refused = see(client, path)
        assert refused.status_code >= 500 and "secret-key" not in refused.text
    assert "secret-key" not in post(client, "/administration/audit/export", kind="csv").text


def test_a_line_is_shown_in_full_and_one_that_was_altered_is_called_out(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.cast.person("audit_admin", house.cast.place("platform", "平台"), "audit_admin")
    note(house.engine, "first", "second", detail={"before": "甲", "after": {"b": 1}}, at=BASE)
    sign_head(house.engine, house.keys, house.settings.var / "audit")
    house.build()
    client = house.browse("audit_admin")
    page = see(client, "/administration/audit/2").text
    assert "2026-11-24 16:30:00" in page and "本行内容与链值相符" in page and "甲" in page
    assert "链头与库中相符" in see(client, "/administration/audit").text
    with house.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.exec_driver_sql("DROP TRIGGER audit_line_unchanged")
        connection.execute(update(audit_line).where(audit_line.c.id == 2).values(actor="somebody else", hash="0" * 64))
    assert "不符" in see(client, "/administration/audit/2").text
    log = see(client, "/administration/audit").text
    assert "审计链不符" in log and "链头与库中相符" not in log
    assert see(client, "/administration/audit/99999").status_code == 404


def test_the_page_of_the_log_says_how_many_lines_and_up_to_where_they_are_signed(house: House) -> None:
    client = house.browse("audit_admin")
    head = sign_head(house.engine, house.keys, house.settings.var / "audit")
    assert head is not None
    assert f"链头签到第 <b>{head.head_id:,}</b> 行" in see(client, "/administration/audit").text
    bad = see(client, "/administration/audit?since=gestern")
    assert bad.status_code == 400 and "时间应为" in bad.text


# Files.

NASTY = ["=1+1", "+86", "-5", "@SUM(A1)", "＝1", "0012345678901234567890", "https://example.com"]


def rows_of(house_or_engine: Engine, wanted: Wanted, kind: str) -> bytes:
    export = begin_export(house_or_engine, AUDITOR, wanted, kind, False)
    file = io.BytesIO()
    (write_csv if kind == "csv" else write_workbook)(house_or_engine, export, file)
    return file.getvalue()


@pytest.mark.db
def test_row_36_export_carries_a_watermark_with_who_and_when_and_a_foot_to_check_it(ledger: Engine) -> None:
    note(ledger, *NASTY)
    with time_machine.travel(BASE, tick=False):
        body = rows_of(ledger, Wanted.of({"entity": "session"}), "xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    assert rows[0][0] == "审计日志 · 导出人 audit_admin · 2026-11-24 16:30:00 · 只供审计使用，不得外传"
    assert [str(row[6]) for row in rows[2 : 2 + len(NASTY)]] == NASTY
    assert rows[2][1] == datetime(2026, 11, 24, 16, 30) and rows[2][2] == "zhang"
    foot = {row[0]: row[1] for row in rows[-5:]}
    assert foot["条件"] == "对象 会话" and foot["行数"] == str(len(NASTY)) and foot["导出人"] == "audit_admin"
    assert foot["链头"] == f"第 {len(NASTY)} 行 {rows[1 + len(NASTY)][14]}"
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "导出人 audit_admin · 2026-11-24 16:30:00" in sheet.split("<oddHeader>")[1]
    assert "<f>" not in sheet and "hyperlink" not in sheet


@pytest.mark.db
def test_row_36_the_csv_carries_the_mark_too_and_computes_nothing(ledger: Engine) -> None:
    note(ledger, *NASTY)
    body = rows_of(ledger, Wanted(), "csv")
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    assert [row[6] for row in rows[1 : 1 + len(NASTY)]] == [f"'{word}" for word in NASTY[:5]] + NASTY[5:]
    assert any("导出人 audit_admin" in row[0] for row in rows if row) and rows[-5] == ["条件", "全部"]
    assert not any(cell.startswith(("=", "+", "-", "@", "＝")) for row in rows for cell in row)


def limited(engine: Engine, rows: int) -> None:
    with engine.connect() as connection:
        seen = len(configuration.versions_of(connection, "export_rows"))
    configuration.change(engine, SYSTEM, "export_rows", str(rows), "测试用的上限", seen)


@pytest.mark.db
def test_row_24_an_export_near_the_limit_raises_an_alert_and_one_over_it_is_refused(ledger: Engine) -> None:
    limited(ledger, 1000)
    note(ledger, *("k" for _ in range(800)))
    only = Wanted.of({"entity": "session"})
    begin_export(ledger, AUDITOR, only, "csv", False)
    with ledger.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(alert)) == 0
    note(ledger, "k")
    began = now()
    begin_export(ledger, AUDITOR, only, "csv", False)
    with ledger.connect() as connection:
        raised = connection.execute(select(alert)).one()
    assert (raised.rule, raised.subject, raised.state) == ("export_volume", AUDITOR.id, "firing")
    assert "801 行" in raised.words and abs((raised.first_at - began).total_seconds()) < 60
    note(ledger, *("k" for _ in range(200)))
    with pytest.raises(Unfit, match="单次导出上限 1,000 行"):
        begin_export(ledger, AUDITOR, only, "csv", False)
    assert [line.result for line in audited(ledger, "audit:log:export")] == ["ok", "ok", "refused"]


def test_the_export_holds_the_lines_of_its_moment_and_not_its_own(ledger: Engine) -> None:
    note(ledger, "a", "b")
    export = begin_export(ledger, AUDITOR, Wanted(), "csv", False)
    note(ledger, "afterwards")
    file = io.BytesIO()
    write_csv(ledger, export, file)
    assert file.getvalue().decode("utf-8-sig").count("identity:session:begin") == export.rows == 2


def download(client: FlaskClient, **form: str) -> TestResponse:
    return post(client, "/administration/audit/export", **form)


def test_files_are_handed_out_on_the_page_of_the_log(house: House) -> None:
    client = house.browse("audit_admin")
    book = download(client, kind="xlsx", entity="session")
    assert book.status_code == 200 and book.headers["Cache-Control"] == "no-store"
    assert "audit_admin" in book.headers["Content-Disposition"]
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.data)).get_sheet_by_index(0).to_python()
    assert {row[5].split(":")[1] for row in sheet[2:-6]} == {"session"}
    assert download(client, kind="csv").data.startswith(b"\xef\xbb\xbf")
    assert download(client, kind="exe").status_code == 400
    assert download(house.browse("system_admin"), kind="csv").status_code == 403


def test_a_demo_says_so_in_the_file_and_in_its_name(ledger: Engine) -> None:
    export = begin_export(ledger, AUDITOR, Wanted(), "csv", True)
    assert export.mark().startswith("演示数据 · ") and export.name("csv").startswith("演示数据-审计日志-audit_admin-")


def swell(engine: Engine, lines: int, copies: int) -> None:
    """Put copies of the newest lines behind them, under keys of their own; whoever searches does not walk the chain."""
    c, names = audit_line.c, [column.name for column in audit_line.c]
    with writing(engine) as connection:
        head = connection.execute(select(audit_chain.c.head_id)).scalar_one()
        for copy in range(1, copies + 1):
            own = {"id": c.id + lines * copy, "key": c.key + f"-{copy}"}
            rows = select(*(own.get(name, c[name]).label(name) for name in names))
            connection.execute(insert(audit_line).from_select(names, rows.where(c.id > head - lines, c.id <= head)))
        connection.execute(update(audit_chain).values(head_id=head + lines * copies))


@pytest.mark.db
@pytest.mark.slow
def test_a_page_of_a_hundred_thousand_lines_opens_in_a_fifth_of_a_second(ledger: Engine) -> None:
    for hour in range(100):
        acting.set(Acting(account_id=f"{hour % 40:032}", address=f"10.0.0.{hour}"))
        keys = (f"{hour:03}{n:04}" for n in range(0, 1000, 10))
        note(ledger, *keys, at=BASE + timedelta(hours=hour), actor=f"u{hour % 40}")
        swell(ledger, 100, 9)
    acting.set(Acting())
    with ledger.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(audit_line)) == 100_000
    asked: list[tuple[dict[str, str], int]] = [
        ({}, 0), ({}, 50_000), ({"since": "2026-11-24T20:00", "until": "2026-11-24T21:00"}, 0),
        ({"person": "u7"}, 90_000),
        ({"result": "failed"}, 0), ({"text": "no such key"}, 0), ({"tag": "nothing:"}, 0), ({"address": "10.0.0.3"}, 0),
        ({"entity": "session", "key": "0500500"}, 0),
    ]  # fmt: skip
    for wanted, before in asked:
        times = []
        for _ in range(3):
            began = time.perf_counter()
            search(ledger, AUDITOR, Wanted.of(wanted), before)
            times.append(time.perf_counter() - began)
        assert min(times) < 0.2, (wanted, times)


def test_every_tag_of_the_program_has_a_chinese_name() -> None:
    root = Path(__file__).resolve().parent.parent
    sources = [path.read_text(encoding="utf-8") for path in (root / "backend").rglob("*.py")]
    tags = {tag for source in sources for tag in re.findall(r'"[a-z]+:([a-z-]+:[a-z-]+)"', source)}
    unnamed = [t for t in tags if t.split(":")[0] not in SUBJECTS or t.split(":")[1] not in ACTIONS]
    assert len(tags) > 20 and unnamed == []

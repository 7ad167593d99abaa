"""The worker's duties beside publishing: faults become alerts within a minute, and audit lines reach a log server."""

import logging
import os
import re
import select as ready
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import Engine, func, insert, select, text, update

from backend.alerts.service import raise_alert, resolve
from backend.audit.cef import VERSION, cef_of, message_of
from backend.audit.heads import head_files
from backend.audit.lines import Stored, snapshot, stored_lines
from backend.audit.service import ChainGone, Line, write_lines
from backend.audit.syslog import BATCH, END, Away, deliver, last_sent, send_lines
from backend.crypto.keys import Keys
from backend.db import now, writing
from backend.identity.sign_in import Origin, SignInRefused, sign_in
from backend.models import alert, audit_line, sign_in_attempt
from dashboard.duties import EVERY, Duties
from dashboard.settings import Settings
from tests.cast import Cast
from tests.conftest import ROOT
from tests.servers import free_port
from tests.tampering import rewrite, unguarded, write
from tests.test_alerts import somebody


@pytest.fixture
def duties(ledger: Engine, keys: Keys, tmp_path: Path) -> Duties:
    return duties_of(ledger, keys, tmp_path)


def duties_of(engine: Engine, keys: Keys, var: Path, **more: str) -> Duties:
    return Duties(Settings(var=var, demo="off", **more), engine, keys)  # type: ignore[arg-type]


def alerts(engine: Engine, rule: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(alert).where(alert.c.rule == rule).order_by(alert.c.id)).mappings())


def heads(folder: Path) -> list[bytes]:
    return [line for path in head_files(folder) for line in path.read_bytes().splitlines()]


# Row 24: faults become alerts


@pytest.mark.db
def test_row_24_a_broken_chain_raises_an_alert_within_one_round_of_duties(duties: Duties) -> None:
    write(duties.engine, 4)
    duties.round()
    write(duties.engine, 4)
    signed = heads(duties.folder)
    assert len(signed) == 1 and not alerts(duties.engine, "audit_break")
    with unguarded(duties.engine) as connection:
        connection.execute(text("UPDATE audit_line SET actor = '别人' WHERE id = 6"))
    duties.round()
    (raised,) = alerts(duties.engine, "audit_break")
    assert (raised["severity"], raised["state"], raised["times"]) == ("critical", "firing", 1)
    assert "第 6 行" in raised["words"] and "被改动" in raised["words"]
    duties.round()
    assert [(row["id"], row["times"]) for row in alerts(duties.engine, "audit_break")] == [(raised["id"], 2)]
    assert heads(duties.folder) == signed, "a head was signed over the broken chain"


@pytest.mark.db
def test_row_24_a_chain_whose_record_is_gone_raises_an_alert_though_nothing_else_can_be_written(duties: Duties) -> None:
    write(duties.engine, 4)
    duties.round()
    with unguarded(duties.engine) as connection:
        connection.execute(text("DELETE FROM audit_chain"))
    for _ in range(2):
        duties.round()
    (raised,) = alerts(duties.engine, "audit_break")
    assert (raised["severity"], raised["times"]) == ("critical", 2) and "链头" in raised["words"]
    with pytest.raises(ChainGone):
        write(duties.engine, 1)
    with pytest.raises(ChainGone), writing(duties.engine) as connection:
        raise_alert(connection, rule="clock_skew", subject="本机时钟", severity="warning", words="时钟不准")
    assert not alerts(duties.engine, "clock_skew")


@pytest.mark.db
def test_row_24_a_signed_stretch_that_is_rewritten_whole_raises_an_alert_too(duties: Duties) -> None:
    write(duties.engine, 6)
    duties.round()
    with unguarded(duties.engine) as connection:
        rewrite(connection, 3, actor="别人")
    for _ in range(2):
        duties.round()
    assert [row["times"] for row in alerts(duties.engine, "audit_break")] == [2]
    assert len(heads(duties.folder)) == 1


@pytest.mark.db
def test_row_24_a_lockout_raises_an_alert(duties: Duties) -> None:
    cast = Cast(duties.engine, duties.keys)
    cast.person("zhang", cast.place("market", "市场"), "market")
    for _ in range(5):
        with pytest.raises(SignInRefused):
            sign_in(duties.engine, "zhang", "wrong", Origin("10.0.0.5"))
    (raised,) = alerts(duties.engine, "lockout")
    assert (raised["subject"], raised["state"], raised["severity"]) == ("zhang", "firing", "warning")
    duties.round()
    assert [row["state"] for row in alerts(duties.engine, "lockout")] == ["firing"]


@pytest.mark.db
def test_row_24_a_duty_that_fails_does_not_stop_the_others(duties: Duties, caplog: pytest.LogCaptureFixture) -> None:
    duties.folder.parent.mkdir(exist_ok=True)
    duties.folder.write_text("在应是目录的地方放一个文件，链头便签不了")
    old = now() - timedelta(days=2)
    row = {"at": old, "login_key": "zhang", "address": "10.0.0.5", "outcome": "failed"}
    with writing(duties.engine) as connection:
        connection.execute(insert(sign_in_attempt).values(row))
        write_lines(connection, now() + timedelta(minutes=5), [Line("王演示", "a:b:c", "k")])
    with caplog.at_level(logging.ERROR, "panorama.duties"):
        duties.round()
    assert [record.getMessage() for record in caplog.records] == ["chain 没有做成，下一分钟再试"]
    assert len(alerts(duties.engine, "clock_skew")) == 1
    with duties.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(sign_in_attempt)) == 0


def test_row_24_duties_come_often_enough_for_an_alert_within_a_minute(duties: Duties) -> None:
    assert EVERY + 10 < 60
    write(duties.engine, 1)
    duties.maybe()
    write(duties.engine, 1)
    duties.maybe()
    assert len(heads(duties.folder)) == 1, "the second round was not due yet"
    duties.next_at -= EVERY
    duties.maybe()
    assert len(heads(duties.folder)) == 2


# Row 37: the clock


@pytest.mark.db
@pytest.mark.parametrize(("seconds", "way"), [(-9, "慢"), (9, "快")])
def test_row_37_a_clock_that_differs_by_more_than_five_seconds_is_an_alert(
    duties: Duties, seconds: int, way: str
) -> None:
    if duties.engine.dialect.name == "sqlite":
        if way == "快":
            return  # SQLite has no second clock that a fast one could be compared with.
        write(duties.engine, 1)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds)):
        duties.clock()
        (raised,) = alerts(duties.engine, "clock_skew")
        assert f"{way} {abs(seconds)}" in raised["words"] or f"{way} {abs(seconds) - 1}.9" in raised["words"]
        assert "NTP" in raised["words"]
        duties.clock()
        assert [(row["state"], row["times"]) for row in alerts(duties.engine, "clock_skew")] == [("firing", 2)]
    if way == "慢":
        duties.clock()
        assert [row["state"] for row in alerts(duties.engine, "clock_skew")] == ["resolved"]


@pytest.mark.db
def test_row_37_four_seconds_are_no_alert(duties: Duties) -> None:
    write(duties.engine, 1)
    for seconds in (-4, 4):
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds)):
            duties.clock()
    assert not alerts(duties.engine, "clock_skew")


def test_row_37_a_clock_set_back_stays_an_alert_until_it_has_caught_up(duties: Duties) -> None:
    with time_machine.travel("2026-11-24 08:00:00+00:00", tick=False) as clock:
        write(duties.engine, 1)
        clock.shift(-3600)
        for _ in range(3):  # The alert's own line is written with the wrong clock and must not hide it.
            duties.clock()
        (raised,) = alerts(duties.engine, "clock_skew")
        assert (raised["state"], raised["times"], raised["detail"]) == (
            "firing", 3, {"until": "2026-11-24T08:00:00.000000"},
        )  # fmt: skip
        assert "慢 60.0 分钟" in raised["words"]
        clock.shift(3600)
        duties.clock()
        assert [row["state"] for row in alerts(duties.engine, "clock_skew")] == ["resolved"]
        clock.shift(-60)
        duties.clock()
        assert [row["state"] for row in alerts(duties.engine, "clock_skew")] == ["resolved", "firing"]


def test_row_37_a_clock_that_was_a_year_ahead_is_told_once_and_closed_by_a_person(duties: Duties) -> None:
    with time_machine.travel("2027-11-24 08:00:00+00:00"):
        write(duties.engine, 1)
    with time_machine.travel("2026-11-24 08:00:00+00:00"):
        duties.clock()
        (raised,) = alerts(duties.engine, "clock_skew")
        resolve(duties.engine, somebody("zhiban", "monitor"), raised["id"], "已核对，时钟已校准")
        duties.clock()
        assert [row["state"] for row in alerts(duties.engine, "clock_skew")] == ["resolved"]
    with time_machine.travel("2027-11-24 09:00:00+00:00"):
        write(duties.engine, 1)
    with time_machine.travel("2026-11-24 08:00:00+00:00"):
        duties.clock()
        assert [row["state"] for row in alerts(duties.engine, "clock_skew")] == ["resolved", "firing"]


# Row 37: audit lines go out


class LogServer:
    """A log server on 127.0.0.1; it can go down and come up again on the same port. `messages` is all it has read."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.port = free_port()
        self.address = f"{kind}://127.0.0.1:{self.port}"
        self.messages: list[bytes] = []

    def up(self) -> None:
        self.socket = socket.socket(type=socket.SOCK_DGRAM if self.kind == "udp" else socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", self.port))
        self.stopping = False
        if self.kind == "tcp":
            self.socket.listen()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def down(self) -> None:
        self.stopping = True
        self.thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while not self.stopping or self._waiting():
            if self._waiting():
                self._datagram() if self.kind == "udp" else self._connection()

    def _waiting(self) -> bool:
        return bool(ready.select([self.socket], [], [], 0.05)[0])

    def _datagram(self) -> None:
        self.messages.append(self.socket.recv(65536))

    def _connection(self) -> None:
        with self.socket.accept()[0] as link, link.makefile("rb") as stream:
            while digits := b"".join(iter(lambda: stream.read(1).strip(), b"")):  # Up to the blank, or the end.
                message = stream.read(int(digits))
                assert len(message) == int(digits)
                self.messages.append(message)

    def numbers(self) -> list[int]:
        return [int(extension_of(message)["externalId"]) for message in self.messages]


def extension_of(message: bytes) -> dict[str, str]:
    return parsed(message.decode().split("panorama - audit - ", 1)[1])[1]


def parsed(cef: str) -> tuple[list[str], dict[str, str]]:
    """CEF read back by its own rules: seven parts up to unescaped bars, then `name=value` with escapes."""
    *head, rest = _mark(cef).split("|", 7)
    pieces = re.findall(r"(\w+)=(.*?)(?= \w+=|$)", rest, re.DOTALL)
    return [_unmark(part) for part in head], {name: _unmark(value) for name, value in pieces}


MARKS = {"\\\\": "\ue000", "\\|": "\ue001", "\\=": "\ue002", "\\n": "\ue003", "\\r": "\ue004"}


def _mark(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: MARKS[found[0]], text, flags=re.DOTALL)


def _unmark(text: str) -> str:
    for mark, plain in zip(MARKS.values(), "\\|=\n\r", strict=True):
        text = text.replace(mark, plain)
    return text


@pytest.fixture(params=["udp", "tcp"])
def server(request: pytest.FixtureRequest) -> Iterator[LogServer]:
    log_server = LogServer(request.param)
    log_server.up()
    yield log_server
    if not log_server.stopping:
        log_server.down()


@pytest.mark.db
def test_row_37_audit_lines_go_to_the_log_server(ledger: Engine, keys: Keys, tmp_path: Path, server: LogServer) -> None:
    duties = duties_of(ledger, keys, tmp_path, syslog=server.address)
    write(ledger, 3)
    duties.send()
    server.down()
    assert server.numbers() == [1, 2, 3]
    line = server.messages[0].decode()
    assert re.match(
        r"<110>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [!-~]+ panorama - audit - CEF:0\|西安二手车平台\|", line
    )
    with ledger.connect() as connection:
        stored = connection.execute(select(audit_line).where(audit_line.c.id == 1)).one()
    sent = extension_of(server.messages[0])
    assert (sent["suser"], sent["cs1"], sent["outcome"]) == ("王演示", stored.hash, "ok")
    assert "cs3Label" not in sent, "a label without its value"
    assert int(sent["rt"]) == int(stored.at.timestamp() * 1000 + 0.5)

    write(ledger, 4)  # The server is down.
    for _ in range(2):
        duties.send()
    (away,) = alerts(ledger, "syslog_away")
    assert (away["state"], away["severity"], away["times"]) == ("firing", "warning", 2)
    assert "拒绝连接" in away["words"] and "第 3 行" in away["words"]
    write(ledger, 2)

    server.up()
    duties_of(ledger, keys, tmp_path, syslog=server.address).send()  # Another worker goes on where the first stopped.
    assert [row["state"] for row in alerts(ledger, "syslog_away")] == ["resolved"]
    duties.send()
    server.down()
    with ledger.connect() as connection:
        assert server.numbers() == list(connection.scalars(select(audit_line.c.id).order_by(audit_line.c.id)))
    assert len(server.messages) == 11, "nine written here, and the alert's two"


def test_row_37_many_lines_go_in_batches_and_in_order(ledger: Engine, tmp_path: Path, server: LogServer) -> None:
    count = BATCH[server.kind] * 3 + 7
    write(ledger, count)
    began = time.monotonic()
    assert send_lines(ledger, tmp_path / "audit", server.address) == count
    assert time.monotonic() - began < 5
    server.down()
    assert server.numbers() == list(range(1, count + 1))
    assert last_sent(tmp_path / "audit").number == count
    if os.name == "posix":
        assert (tmp_path / "audit").stat().st_mode & 0o077 == 0


def test_row_37_a_server_that_says_nothing_costs_less_than_five_seconds_and_loses_nothing(
    ledger: Engine, tmp_path: Path
) -> None:
    write(ledger, 3)
    with closing(socket.create_server(("127.0.0.1", 0))) as mute:
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(Away, match="没有应答"):
            send_lines(ledger, tmp_path, address)
        assert END - 1 < time.monotonic() - began < 5
    assert last_sent(tmp_path).number == 0


def test_row_37_a_server_that_dies_before_it_has_read_gets_the_lines_again(ledger: Engine, tmp_path: Path) -> None:
    write(ledger, 20)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def die() -> None:
            link = server.accept()[0]
            link.recv(10)
            link.close()

        dying = threading.Thread(target=die)
        dying.start()
        with pytest.raises(Away, match="中途断开"):
            send_lines(ledger, tmp_path, f"tcp://127.0.0.1:{server.getsockname()[1]}")
        dying.join()
    assert last_sent(tmp_path).number == 0


def test_row_37_one_datagram_to_a_port_where_nobody_listens_is_not_lost(ledger: Engine, tmp_path: Path) -> None:
    write(ledger, 1)
    with pytest.raises(Away, match="拒绝连接"):
        send_lines(ledger, tmp_path, f"udp://127.0.0.1:{free_port()}")
    assert last_sent(tmp_path).number == 0


def test_row_37_an_unknown_host_is_named() -> None:
    with pytest.raises(Away, match=re.escape("udp://log.invalid:514 查不到这个主机名")):
        deliver("udp://log.invalid:514", [b"x"], time.monotonic() + 4)


@pytest.mark.parametrize("left", ["", "{", '{"number": "x"}', "[]"])
def test_row_37_a_lost_position_sends_everything_again(
    ledger: Engine, tmp_path: Path, server: LogServer, left: str
) -> None:
    write(ledger, 3)
    send_lines(ledger, tmp_path, server.address)
    (tmp_path / "syslog.json").write_text(left)
    assert send_lines(ledger, tmp_path, server.address) == 3
    server.down()
    assert server.numbers() == [1, 2, 3, 1, 2, 3]


@pytest.mark.db
def test_row_37_a_database_set_back_to_a_backup_is_sent_again(
    ledger: Engine, tmp_path: Path, server: LogServer
) -> None:
    write(ledger, 5)
    send_lines(ledger, tmp_path, server.address)
    with unguarded(ledger) as connection:
        rewrite(connection, 4, actor="另一段历史")
    assert send_lines(ledger, tmp_path, server.address) == 5
    assert send_lines(ledger, tmp_path, server.address) == 0


@pytest.mark.db
def test_row_37_a_line_spoilt_by_a_hand_at_the_database_does_not_jam_the_queue(
    ledger: Engine, tmp_path: Path, server: LogServer
) -> None:
    write(ledger, 4)
    spoilt: dict[str, Any] = {"tag": "x", "actor": "a|b=c\\d\ne", "key": "长" * 60_000, "address": "::1"}
    with unguarded(ledger) as connection:
        connection.execute(update(audit_line).where(audit_line.c.id == 2).values(spoilt))
        if ledger.dialect.name == "sqlite":
            connection.execute(text("UPDATE audit_line SET at = 'never', detail = '{', actor = x'ff' WHERE id = 3"))
    assert send_lines(ledger, tmp_path, server.address) == 4
    server.down()
    assert server.numbers() == [1, 2, 3, 4]
    sent = extension_of(server.messages[1])
    assert (sent["suser"], sent["c6a2"], len(sent["cs2"])) == ("a|b=c\\d\ne", "::1", 1023)
    assert "src" not in sent


def test_row_37_clearing_the_setting_closes_the_alert(ledger: Engine, keys: Keys, tmp_path: Path) -> None:
    write(ledger, 1)
    duties_of(ledger, keys, tmp_path, syslog=f"tcp://127.0.0.1:{free_port()}").send()
    assert [row["state"] for row in alerts(ledger, "syslog_away")] == ["firing"]
    duties_of(ledger, keys, tmp_path).send()
    assert [row["state"] for row in alerts(ledger, "syslog_away")] == ["resolved"]


WILD = st.text(st.characters(codec="utf-8", exclude_characters="".join(MARKS.values())), max_size=60)


@given(actor=WILD, key=WILD, tag=WILD, detail=st.dictionaries(WILD, WILD, max_size=3))
@example(actor="王 suid=1 outcome=ok", key="k externalId=8", tag="a:b:c", detail={})
@example(actor="a=b|c\\", key="\\n\n\r\\=", tag="a|b\\|c\n:d=e", detail={"=": "\\"})
def test_row_37_whatever_a_line_holds_cef_gives_it_back(actor: str, key: str, tag: str, detail: dict[str, str]) -> None:
    content = {name: None for name in ("account_id", "role", "session", "request", "document_id", "entity")}
    content |= {
        "id": 7,
        "at": "2026-11-24T08:36:00.250000",
        "tag": tag,
        "key": key,
        "actor": actor,
        "result": "refused",
    }
    cef = cef_of(Stored(content | {"address": "10.0.0.5", "detail": detail}, "f" * 64))
    assert "\n" not in cef and "\r" not in cef
    head, rest = parsed(cef)
    flat = re.sub(r"[\r\n]", " ", tag)
    assert head[:3] == ["CEF:0", "西安二手车平台", "panorama"] and head[3] == VERSION
    assert (head[4], head[6], len(head)) == (flat, "6", 7)
    assert (rest.get("suser", ""), rest.get("cs2", "")) == (actor, key)
    assert (rest["rt"], rest["src"], rest["externalId"]) == ("1795509360250", "10.0.0.5", "7")
    assert (rest["outcome"], rest["cs1"]) == ("refused", "f" * 64)


@pytest.mark.parametrize(("result", "start"), [("ok", b"<110>1 "), ("refused", b"<108>1 "), ("failed", b"<107>1 ")])
def test_row_37_the_result_gives_the_severity(ledger: Engine, result: str, start: bytes) -> None:
    with writing(ledger) as connection:
        write_lines(connection, now(), [Line("王演示", "identity:account:suspend", "k", result=result)])
    with snapshot(ledger) as connection:
        (line,) = stored_lines(connection)
    message = message_of(line)
    assert message.startswith(start)
    assert "|identity:account:suspend|账号停用|" in message.decode()


def test_row_37_the_version_in_cef_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION


GOOD = ["", "udp://10.0.0.5:514", "tcp://log.example.cn:601", "tcp://[fd00::5]:601"]
BAD = [
    "10.0.0.5:514", "udp://10.0.0.5", "http://10.0.0.5:514", "udp://:514", "tcp://10.0.0.5:0", "tcp://10.0.0.5:70000",
    "udp://10.0.0.5:x", "udp://a@10.0.0.5:514", "udp://10.0.0.5:514/x", "udp://10.0.0.5:514?x", "udp://[fd00::5:514",
]  # fmt: skip


@pytest.mark.parametrize("address", GOOD)
def test_row_37_addresses_of_log_servers_are_taken(address: str) -> None:
    assert Settings(syslog=address).syslog == address  # type: ignore[call-arg]


@pytest.mark.parametrize("address", BAD)
def test_row_37_what_is_no_address_of_a_log_server_is_refused_in_chinese(address: str) -> None:
    with pytest.raises(ValidationError, match="日志服务器应写作"):
        Settings(syslog=address)  # type: ignore[call-arg]


def test_row_37_a_malformed_log_server_stops_the_start() -> None:
    env = {**os.environ, "PANORAMA_SYSLOG": "10.0.0.5"}
    command = [sys.executable, "-m", "dashboard", "check"]
    started = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=env, encoding="utf-8")
    assert started.returncode != 0
    assert "日志服务器应写作" in started.stdout + started.stderr

"""The time of one tick on ten million facts, in the real transaction database."""

import random
import sqlite3
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson

from backend.db import make_engine, migrate
from cache.store import FileStore, Pointer
from dashboard.publish import render
from dashboard.settings import Settings
from datasources.minute import Minute
from tests.bench.report import Result
from tests.bench.stopwatch import Stopwatch, timing

ITEMS = 3  # Goods items of a declaration.
DAYS = 1050
DECLARATIONS = """
INSERT INTO declaration (id, seq_no, uscc, declared_on, state, released_on, cleared_on, clearance_minutes, counted,
  vehicles, cny_cents, usd_cents, version, revision, document_id, changed_at, exit_office, transport_mode, lodged_at,
  cleared_at, consignor_name, bill_no)
WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < {count})
SELECT i, 'E2026' || printf('%013d', i), '916101' || printf('%02d', 13 + i % 9) || 'MA6T' || printf('%05d', i % 900)
  || '1', date('2024-01-01', '+' || (i * {days} / {count}) || ' days'), 'CLEARED',
  date('2024-01-03', '+' || (i * {days} / {count}) || ' days'),
  date('2024-01-05', '+' || (i * {days} / {count}) || ' days'), 1000 + i * 31 % 9000, 1, 0, 0, 0, 1, 1, 1,
  datetime('2024-01-05', '+' || (i * {days} / {count}) || ' days') || '.000000', 9400 + i % 7, 2 + i % 3,
  '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', '演示企业', 'B' || i FROM g
"""
GOODS = """
INSERT INTO goods_item (declaration_id, line, country, brand, model, fuel, vehicles, cny_cents, usd_cents,
  source_district, hs_code, name)
SELECT d.id, k.l, substr('KAZKGZUZBRUSARETJKBLRGEOAZEMNGJORIRQSAUNGAEGYKHM', 1 + 3 * ((d.id * k.l * 13) % 16), 3),
  'B' || (d.id * k.l % 20), 'B' || (d.id * k.l % 20) || ' M' || (d.id * k.l * 17 % 300),
  trim(substr('BEV   PHEV  HEV   PETROLDIESEL', 1 + 6 * (d.id % 5), 6)), 1 + d.id % 3,
  10000000 + (d.id * k.l) % 7777777, 1400000 + (d.id * k.l) % 777777, '6101' || (d.id % 5), '8703800010', '旧小轿车'
FROM declaration d JOIN (SELECT 1 l UNION ALL SELECT 2 UNION ALL SELECT 3) k
"""
SUMS = """
UPDATE declaration SET vehicles = g.v, cny_cents = g.c, usd_cents = g.u FROM (SELECT declaration_id i,
  SUM(vehicles) v, SUM(cny_cents) c, SUM(usd_cents) u FROM goods_item GROUP BY declaration_id) g
WHERE g.i = declaration.id
"""


def bench_tick(folder: Path, quick: bool) -> Result:
    """Fill a ledger, let the worker take it in, then time ticks with 1,000 new and 200 changed items each."""
    items = 300_000 if quick else 10_000_000
    count = -(-items // ITEMS)
    connection = filled(folder / "ledger.sqlite", count)
    settings = Settings(var=folder, database_url=f"sqlite:///{folder / 'ledger.sqlite'}")
    minute = Minute(settings, FileStore(folder / "published"), lambda figures: {"wall": orjson.dumps(figures)})
    fixed = f"{count * ITEMS:,} 个商品项（{count:,} 份报关单），每次 1,002 项新增、201 项改动，SQLite，单个工人进程。"
    result = Result("tick", "一分钟的工作量", fixed)
    started = time.monotonic()
    minute.tick(1, lambda: True)
    result.add("首次全部取入", "", f"{time.monotonic() - started:.0f} 秒")
    for label, goal, spread, drawn in (
        ("改动在最近四万份", "≤ 2 秒", 40_000, False),
        ("改动散在各月", "≤ 2 秒", count, False),
        ("改动散在各月，并画出大屏", "≤ 2 秒", count, True),
    ):
        minute.render = render if drawn else minute.render
        with timing(minute) as watch:
            times = [timed(minute, connection, count, spread, watch) for _ in range(5)]
        figure = f"中位 {statistics.median(times):.2f} 秒，最长 {max(times):.2f} 秒"
        result.add(f"从提交到指针翻转：{label}", goal, figure)
    result.add("最后一项的时间去处（各步中位，秒）", "", watch.shares())
    minute.close()
    connection.close()
    return result


def filled(path: Path, count: int) -> sqlite3.Connection:
    """A ledger of so many cleared declarations, written by the database itself."""
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    connection = sqlite3.connect(path)
    for pragma in ("synchronous=OFF", "cache_size=-400000", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    first = "(1, 'x', 'x', 'declaration', 1, 'taken', '2024-01-01 00:00:00.000000')"
    connection.execute(f"INSERT INTO document (id, digest, name, kind, size, status, received_at) VALUES {first}")
    for statement in (DECLARATIONS.format(count=count, days=DAYS), GOODS, SUMS):
        connection.execute(statement)
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return connection


def timed(minute: Minute, connection: sqlite3.Connection, count: int, spread: int, watch: Stopwatch) -> float:
    """Seconds from the end of a commit to the flip of the pointer."""
    change(connection, count, spread)
    watch.begin()
    started = time.monotonic()
    assert minute.changed()
    assert isinstance(minute.tick(1, lambda: True), Pointer)
    return time.monotonic() - started


def change(connection: sqlite3.Connection, count: int, spread: int) -> None:
    """Commit 334 new declarations (1,002 items) and a changed cent in 67 others (201 items)."""
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
    top = connection.execute("SELECT MAX(id) FROM declaration").fetchone()[0]
    copy(connection, "declaration", ("id", "seq_no", "changed_at"), f"id + {top}, 'X' || (id + {top}), '{now}'", "id")
    copy(connection, "goods_item", ("declaration_id",), f"declaration_id + {top}", "declaration_id")
    ids = ",".join(map(str, random.sample(range(count - spread + 1, count + 1), 67)))
    connection.execute(f"UPDATE goods_item SET cny_cents = cny_cents + 1 WHERE line = 1 AND declaration_id IN ({ids})")
    values = f"cny_cents = cny_cents + 1, revision = revision + 1, changed_at = '{now}'"
    connection.execute(f"UPDATE declaration SET {values} WHERE id IN ({ids})")
    connection.commit()


def copy(connection: sqlite3.Connection, table: str, own: tuple[str, ...], given: str, key: str) -> None:
    """Copy the rows of the first 334 declarations under new numbers."""
    others = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] not in own]
    columns = ", ".join((*own, *others))
    connection.execute(
        f"INSERT INTO {table} ({columns}) SELECT {given}, {', '.join(others)} FROM {table} WHERE {key} <= 334"
    )

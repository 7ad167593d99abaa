"""The whole platform over real HTTP: on SQLite and files, and on PostgreSQL and Redis."""

import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.db import make_engine, writing
from backend.demo.world import World
from backend.exchange.importer import Importer
from dashboard.settings import Settings
from tests.running import ROOT, Platform
from tests.test_import import UNTIL
from tests.truths import figures_of


@pytest.fixture
def services(database_kind: str, database_url: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings for the outside services: none, or PostgreSQL with Redis."""
    if database_kind == "sqlite":
        return {}
    return {"database_url": database_url, "redis_url": request.getfixturevalue("redis_url")}


@pytest.fixture
def running(services: dict[str, str], tmp_path: Path) -> Iterator[Platform]:
    """A running platform without any data."""
    with Platform(tmp_path / "var", minute=3, **services) as platform:
        yield platform


@pytest.mark.db
def test_an_import_reaches_the_interface_to_the_cent_and_a_cent_too_much_is_not_published(
    running: Platform, tmp_path: Path
) -> None:
    truth = figures_of(World(9, UNTIL).write(tmp_path / "world", 100, untidy=True, faults=8))
    report = json.loads(running.command("import", str(tmp_path / "world"), "--json"))
    assert report["held"] == 8
    assert len(running.command("held").splitlines()) == 8
    running.await_figures(truth, 15)
    engine = make_engine(running.env.get("PANORAMA_DATABASE_URL") or Settings(var=running.var).database)
    shift(engine, 1)
    assert await_status(running, "fault")["status"] == "fault"
    running.await_figures(truth, 1)
    shift(engine, -1)
    assert await_status(running, "ok")["status"] == "ok"
    Importer(engine).retry()
    engine.dispose()


def shift(engine: Any, cents: int) -> None:
    """Change one item behind the ledger's back, and let the worker notice that something happened."""
    with writing(engine) as connection:
        first = (
            "SELECT MIN(declaration_id) FROM goods_item i JOIN declaration d ON d.id = i.declaration_id WHERE d.counted"
        )
        change = f"UPDATE goods_item SET cny_cents = cny_cents + {cents} WHERE line = 1 AND declaration_id = ({first})"
        connection.exec_driver_sql(change)


def await_status(platform: Platform, wanted: str, seconds: float = 75) -> dict[str, Any]:
    """Wait until /healthz tells a status; a tick comes at least every minute."""
    deadline = time.monotonic() + seconds
    while True:
        answer: dict[str, Any] = json.loads(platform.get("/healthz")[1] or b"{}")
        if answer.get("status") == wanted or time.monotonic() > deadline:
            return answer
        time.sleep(0.3)


@pytest.mark.shared
def test_the_outside_feed_in_halves_and_a_stream_while_it_runs(
    running: Platform, shared_dir: Path, tmp_path: Path
) -> None:
    feed, first = tmp_path / "feed", tmp_path / "first"
    make = [sys.executable, str(shared_dir / "feed" / "make_feed.py"), str(feed)]
    subprocess.run([*make, "--seed", "21", "--declarations", "300", "--faults", "16", "--stream", "20"], check=True)
    truth = json.loads((feed / "truth.json").read_text(encoding="utf-8"))
    chance = random.Random(21)
    for path in sorted(feed.rglob("*.xml")) + sorted(feed.glob("*.csv")):
        if "later" not in path.parts and chance.random() < 0.5:
            target = first / path.relative_to(feed)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
    running.command("import", str(first))
    watching = subprocess.Popen(running.backend("import", str(feed), "--watch"), cwd=ROOT, env=running.env)
    try:
        time.sleep(4)
        for path in sorted((feed / "later").rglob("*.xml"), key=lambda _: chance.random()):
            path.rename(feed / path.relative_to(feed / "later"))
        running.await_figures(figures_of(truth), 30)
        running.command("import", str(first))
        running.await_figures(figures_of(truth), 1)
    finally:
        watching.terminate()
        watching.wait()
    held = {line.split("\t")[0] for line in running.command("held").splitlines()}
    assert held == {entry["file"] for entry in truth["held"]}


def test_a_taken_port_is_said_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        platform = Platform(tmp_path / "var", port=other.getsockname()[1])
        started = subprocess.run(
            [sys.executable, "-m", "dashboard", "run"], cwd=ROOT, env=platform.env, capture_output=True, text=True
        )
    assert started.returncode == 69
    assert "已被别的程序占用" in started.stdout


def test_a_screen_is_let_in_and_put_out_by_command(running: Platform) -> None:
    token = running.command("token", "create", "--name", "一号屏", "--role", "wall").splitlines()[-1]
    cookie = {"Cookie": f"panorama_screen={token}"}
    assert running.get("/payload/wall", cookie)[0] == 200
    number = next(line.split("\t")[0] for line in running.command("token", "list").splitlines() if "一号屏" in line)
    running.command("token", "revoke", number)
    deadline = time.monotonic() + 10
    while running.get("/payload/wall", cookie)[0] != 401:
        assert time.monotonic() < deadline
        time.sleep(0.2)

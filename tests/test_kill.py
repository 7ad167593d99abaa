"""Killed without warning at random points, importer, worker and web lose nothing and double nothing."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from backend.db import make_engine
from backend.exchange.importer import Importer
from tests.running import ROOT, Platform
from tests.test_import import UNTIL, counts
from tests.truths import figures_of

KILLS = 6


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A world large enough that an import takes a few seconds, with its truth as plain figures."""
    from backend.demo.world import World

    folder = tmp_path_factory.mktemp("feed")
    return folder, figures_of(World(3, UNTIL).write(folder, 700, untidy=True, faults=8))


@pytest.mark.slow
def test_the_importer_may_be_killed_at_any_point(feed: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, truth = feed
    chance = random.Random(5)
    with Platform(tmp_path / "var") as platform:
        for _ in range(KILLS):
            running = subprocess.Popen(platform.backend("import", str(folder)), cwd=ROOT, env=platform.env)
            time.sleep(chance.uniform(0.5, 1.5))
            running.kill()
            running.wait()
        platform.command("import", str(folder))
        platform.await_figures(truth)
        engine = make_engine(f"sqlite:///{tmp_path / 'var' / 'ledger.sqlite'}")
        undisturbed = make_engine(f"sqlite:///{tmp_path / 'calm.sqlite'}")
        from backend.db import migrate

        migrate(undisturbed)
        Importer(undisturbed).run(folder)
        names = ("declaration", "goods_item", "receipt", "document", "record_version")
        found, wanted = counts(engine), counts(undisturbed)
        assert [found[name] for name in names] == [wanted[name] for name in names]


@pytest.mark.slow
def test_worker_and_web_may_be_killed_at_any_point(feed: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, truth = feed
    chance = random.Random(6)
    with Platform(tmp_path / "var", poll=0.2) as platform:
        running = subprocess.Popen(platform.backend("import", str(folder)), cwd=ROOT, env=platform.env)
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.3, 1.5))
            platform.child("worker").kill()
            time.sleep(chance.uniform(0.1, 0.8))
            platform.child("web").kill()
        assert running.wait(120) == 0
        platform.await_health()
        platform.await_figures(truth, 60)
        assert json.loads(platform.get("/healthz")[1])["status"] == "ok"


@pytest.mark.slow
def test_another_worker_takes_over_within_ten_seconds(feed: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, truth = feed
    with Platform(tmp_path / "var") as platform:
        second = subprocess.Popen([sys.executable, "-m", "dashboard", "worker"], cwd=ROOT, env=platform.env)
        try:
            first = platform.child("worker")
            first.suspend()  # It keeps its connections and its lease; only the clock takes them away.
            platform.command("import", str(folder))
            started = time.monotonic()
            platform.await_figures(truth, 20)
            assert time.monotonic() - started < 10
            first.resume()
            time.sleep(2)
            platform.await_figures(truth, 1)
        finally:
            second.terminate()
            second.wait()

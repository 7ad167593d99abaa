"""What all tests share: real servers, a real browser, ports and folders, and a closing list of everything skipped."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from tests import servers
from tests.fresh import bring_up_to_date, fresh_ledger

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from sqlalchemy import Engine

    from backend.crypto.keys import Keys

ROOT = Path(__file__).resolve().parent.parent
# No name resolves but 127.0.0.1, so a page that asks any other host fails its test.
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]

# Browser tests that need no platform of several processes, about half of the time that all of them take.
ON_STANDS = {"asof", "faces", "plain_wall", "playlists", "proof", "seals", "wall_look"}


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker that this file gives a meaning to."""
    config.addinivalue_line("markers", "db: runs on SQLite and on PostgreSQL")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The processes share the tests: two have browsers, for pages on stands and on platforms, the others file by file.

    A session's browser is one for its process, so a room of browser tests must not be torn over several.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByRoom(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return room(nodeid.partition("::")[0])

    return ByRoom(config, log)


def room(file: str) -> str:
    """Where the tests of a file are run one after the other."""
    if not file.startswith("tests/browser/"):
        return file
    return "stands" if Path(file).stem.removeprefix("test_") in ON_STANDS else "platforms"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `database_url` on both databases when it is marked db, else on SQLite alone."""
    if "database_kind" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("db") is not None
        metafunc.parametrize("database_kind", ["sqlite", "postgresql"] if both else ["sqlite"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say before pytest's closing line what was skipped, why and how often: a skip must never pass unseen."""
    reasons = Counter(skip_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if reasons:
        terminalreporter.section(f"有 {sum(reasons.values())} 项测试被跳过", sep="!", yellow=True, bold=True)
        for reason, times in reasons.most_common():
            terminalreporter.write_line(f"{times} 项：{reason}")


def skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return the words with which a test was skipped."""
    words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return str(words).removeprefix("Skipped: ")


def unavailable(reason: str) -> None:
    """Fail where everything must be there (CI), and elsewhere skip with the reason."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"持续集成环境中必须具备：{reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.PostgresServer]:
    """A running PostgreSQL; a test that stops or kills it starts it again."""
    with servers.running(servers.PostgresServer) as server:
        assert isinstance(server, servers.PostgresServer)
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[servers.RedisServer]:
    """A running Redis; a test that stops or kills it starts it again."""
    if shutil.which("redis-server") is None:
        unavailable("本机没有安装 redis-server，用到 Redis 的测试无法进行")
    with servers.running(servers.RedisServer) as server:
        assert isinstance(server, servers.RedisServer)
        yield server


@pytest.fixture
def redis_url(redis_server: servers.RedisServer) -> str:
    """The address of a running and empty Redis."""
    with redis_server.client() as client:
        client.flushall()
    return redis_server.url()


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The SQLAlchemy address of a database of this test's own: SQLite, and PostgreSQL too if marked db.

    It is empty, or for a test that asks for `ledger` a copy of one that was brought up to date once for all.
    """
    ready = "ledger" in request.fixturenames
    if database_kind == "sqlite":
        path = tmp_path / "ledger.sqlite"
        if ready:
            path.write_bytes(fresh_ledger())
        yield f"sqlite:///{path}"
        return
    server: servers.PostgresServer = request.getfixturevalue("postgres")
    name = server.create_database(server.template("migrated", bring_up_to_date) if ready else "template1")
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> "Keys":
    """The keys of an installation, just made."""
    return new_keys(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def strange_keys(tmp_path_factory: pytest.TempPathFactory) -> "Keys":
    """The keys of another installation."""
    return new_keys(tmp_path_factory.mktemp("theirs"))


def new_keys(folder: Path) -> "Keys":
    """Keys that lie in a folder of their own."""
    from backend.crypto.keys import open_keys

    return open_keys(folder / "keys")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the signed heads and the archives of a test's audit lie."""
    return tmp_path / "audit"


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    return servers.free_port()


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder `shared` beside the project, with the outside test feed; the product itself never needs it."""
    folder = ROOT.parent / "shared"
    if not (folder / "feed" / "make_feed.py").is_file():
        pytest.skip("工程旁边没有 shared 目录（外部测试数据源），与外部数据对账的测试没有进行")
    return folder


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of the installed Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        unavailable("本机没有安装 Chromium，浏览器测试无法进行")
    assert path is not None
    return path


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator["Browser"]:
    """A headless Chromium that reaches no host but 127.0.0.1; each test opens a context of its own and closes it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=BROWSER_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def ledger(database_url: str) -> Iterator["Engine"]:
    """An up-to-date, empty transaction database."""
    from backend.db import make_engine

    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Iterator[Any]:
    """The morning of 24 November 2026 (UTC 08:00), standing still until it is moved."""
    with time_machine.travel("2026-11-24 08:00:00+00:00", tick=False) as travelling:
        yield travelling

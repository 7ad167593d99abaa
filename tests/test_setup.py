"""The set-up: locks without addresses, vendor files, make steps with clear messages, and the test servers."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
import sqlalchemy

from dashboard import vendor
from tests.servers import PostgresServer, RedisServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r'^[a-z0-9-]+==\d[\w.]*( ; sys_platform != "win32")?$')
COMMANDS = ("bash", "rm", "mkdir", "touch", "id", "mktemp", "tail", "grep", "tee", "dirname", "env")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_python_lock_pins_every_package_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert len(lines) > 10
    assert [line for line in lines if not PINNED.match(line)] == []
    assert not re.search(r"://|--|find-links|index", text)


def test_python_lock_covers_what_is_asked_for() -> None:
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M))
    wanted = re.findall(r"^([A-Za-z0-9-]+)", (ROOT / "requirements.in").read_text(encoding="utf-8"), re.M)
    assert {name.lower() for name in wanted} <= locked


def test_npm_lock_pins_every_package_and_names_no_address() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert "://" not in text and "resolved" not in text
    assert all(each["integrity"].startswith("sha512-") for path, each in packages.items() if path)
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(packages[f"node_modules/{name}"]["version"] == version for name, version in wanted.items())


def test_vendor_files_are_complete_and_ask_no_other_host(tmp_path: Path) -> None:
    target = tmp_path / "vendor"
    assert vendor.copy_all(ROOT / "node_modules", target) == sum(path.is_file() for path in target.rglob("*"))
    sheets = list(target.rglob("*.css"))
    assert len(sheets) == 6
    for sheet in sheets:
        text = sheet.read_text(encoding="utf-8")
        for name in re.findall(r"url\(([^)]*)\)", text):
            assert name.strip("\"'").startswith("data:") or (sheet.parent / name).is_file(), name
        assert "sourceMappingURL" not in text and "@import" not in text
    assert all((target / package.target / "LICENSE").is_file() for package in vendor.PACKAGES)


def test_vendor_says_what_to_do_when_packages_are_missing(tmp_path: Path) -> None:
    with pytest.raises(vendor.VendorFileMissing, match="npm ci"):
        vendor.copy_all(tmp_path, tmp_path / "vendor")


def test_a_failed_copy_leaves_the_old_files(tmp_path: Path) -> None:
    modules = tmp_path / "node_modules"
    for package in vendor.PACKAGES:
        (modules / package.name).mkdir(parents=True)
        (modules / package.name / "package.json").write_text("{}")
    old = tmp_path / "vendor" / "old.js"
    old.parent.mkdir()
    old.write_text("kept")
    with pytest.raises(vendor.VendorFileMissing, match="不完整"):
        vendor.copy_all(modules, tmp_path / "vendor")
    assert old.read_text() == "kept"


@pytest.fixture
def bare_project(tmp_path: Path) -> Path:
    """A copy of the set-up's files, beside a folder of programs that has neither Python nor npm."""
    project = tmp_path / "project"
    (project / "dashboard").mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / name, project / name)
    shutil.copy(ROOT / "dashboard" / "vendor.py", project / "dashboard" / "vendor.py")
    (tmp_path / "bin").mkdir()
    for name in COMMANDS:
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    return project


def make(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make with only the programs beside the project."""
    program = str(shutil.which("make"))
    environment = {"PATH": str(project.parent / "bin"), "LANG": "C.UTF-8"}
    command = [program, *arguments]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=60)


def made(project: Path) -> None:
    """Leave the project as a finished set-up leaves it."""
    stamps, chart = project / ".venv" / ".made", project / "assets" / "vendor" / "echarts" / "echarts.min.js"
    for path in (project / ".venv" / "bin", stamps, chart.parent):
        path.mkdir(parents=True, exist_ok=True)
    (project / ".venv" / "bin" / "python").symlink_to(sys.executable)
    chart.touch()
    for name in ("environment", "packages", "packages-dev", "vendor"):
        (stamps / name).touch()
        time.sleep(0.01)


def test_missing_python_is_said_plainly(bare_project: Path) -> None:
    done = make(bare_project, "setup")
    assert done.returncode
    assert "没有找到可用的 Python 3.11" in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_npm_is_said_plainly(bare_project: Path) -> None:
    made(bare_project)
    (bare_project / ".venv" / ".made" / "vendor").unlink()
    done = make(bare_project, "setup")
    assert done.returncode
    assert "Node.js 18" in done.stderr


def test_steps_run_again_only_when_their_inputs_change(bare_project: Path) -> None:
    made(bare_project)
    assert "pip install" not in make(bare_project, "-n", "setup").stdout
    later = time.time() + 5
    os.utime(bare_project / "requirements.txt", (later, later))
    planned = make(bare_project, "-n", "setup").stdout
    assert "pip install" in planned and "npm ci" not in planned


def test_a_moved_environment_is_made_anew(bare_project: Path) -> None:
    made(bare_project)
    (bare_project / ".venv" / "bin" / "python").unlink()
    assert "-m venv" in make(bare_project, "-n", "setup").stdout


def test_programs_that_cannot_be_installed_are_named_aloud(bare_project: Path) -> None:
    made(bare_project)
    done = make(bare_project, "system-programs")
    assert done.returncode == 0
    assert re.search(r"缺少测试所需的程序：chromium redis-server .*wrk fontconfig fonts-noto-cjk", done.stderr)


def test_run_and_test_do_the_set_up_first(bare_project: Path) -> None:
    for goal, last in (("run", "-m dashboard run"), ("test", "-m pytest")):
        planned = make(bare_project, "-n", goal).stdout
        assert -1 < planned.index("pip install") < planned.index("npm ci") < planned.index(last)


@pytest.mark.parametrize(("status", "line"), [(0, "3 passed in 0.10s"), (1, "1 failed, 2 passed in 0.10s")])
def test_ci_ends_with_the_closing_line_and_the_status(bare_project: Path, status: int, line: str) -> None:
    closing = f"{'=' * 10} {line} {'=' * 10}"
    (bare_project / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", bare_project / ".ci" / "run")
    (bare_project / "Makefile").write_text(f"test:\n\t@echo '{closing}'; exit {status}\n")
    (bare_project.parent / "bin" / "make").symlink_to(str(shutil.which("make")))
    environment = {"PATH": str(bare_project.parent / "bin"), "LANG": "C.UTF-8"}
    done = subprocess.run([bare_project / ".ci" / "run"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == closing
    assert bool(done.returncode) == bool(status)


def test_ci_fails_when_no_test_ran(bare_project: Path) -> None:
    (bare_project / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", bare_project / ".ci" / "run")
    (bare_project / "Makefile").write_text("test:\n\t@echo nothing\n")
    (bare_project.parent / "bin" / "make").symlink_to(str(shutil.which("make")))
    done = subprocess.run([bare_project / ".ci" / "run"], env={"PATH": str(bare_project.parent / "bin")}, timeout=60)
    assert done.returncode


def pytest_elsewhere(folder: Path, source: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with this project's conftest on one test file in another folder."""
    (folder / "test_it.py").write_text(source, encoding="utf-8")
    plugins = ["-p", "tests.conftest", "-p", "no:dash", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *plugins, str(folder)]
    inherited = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "HOME": str(folder)}
    environment = inherited | environment
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_every_skip_is_named_before_the_closing_line(tmp_path: Path) -> None:
    done = pytest_elsewhere(tmp_path, "import pytest\ndef test_a():\n    pytest.skip('缺少某物')\ndef test_b(): pass\n")
    lines = done.stdout.splitlines()
    assert "1 passed, 1 skipped" in lines[-1]
    assert "1 项：缺少某物" in lines[:-1]


@pytest.mark.parametrize(("ci", "outcome"), [("true", "1 error"), ("", "1 skipped")])
def test_a_missing_program_fails_in_ci_and_is_skipped_elsewhere(tmp_path: Path, ci: str, outcome: str) -> None:
    (tmp_path / "empty").mkdir()
    source = "def test_a(redis_url): pass\n"
    done = pytest_elsewhere(tmp_path, source, PATH=str(tmp_path / "empty"), CI=ci)
    assert outcome in done.stdout.splitlines()[-1]
    assert "redis-server" in done.stdout


@pytest.mark.db
@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_an_empty_database_of_its_own(database_url: str, turn: int) -> None:
    engine = sqlalchemy.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE mark (turn INTEGER)"))
        connection.execute(sqlalchemy.text("INSERT INTO mark VALUES (:turn)"), {"turn": turn})
        assert connection.execute(sqlalchemy.text("SELECT turn FROM mark")).scalar_one() == turn
    engine.dispose()


def test_without_the_marker_a_test_runs_on_sqlite_alone(database_url: str) -> None:
    assert database_url.startswith("sqlite:///")


def test_postgres_comes_back_after_a_power_failure(postgres: PostgresServer) -> None:
    name = postgres.create_database()
    with postgres.connect(name) as connection:
        connection.execute("CREATE TABLE mark (turn INTEGER)")
    postgres.kill()
    with pytest.raises(psycopg.OperationalError):
        postgres.connect(name)
    postgres.start()
    with postgres.connect(name) as connection:
        assert connection.execute("SELECT count(*) FROM mark").fetchone() == (0,)
    postgres.drop_database(name)


def test_a_template_is_filled_once_and_copied(postgres: PostgresServer) -> None:
    filled: list[str] = []

    def fill(url: str) -> None:
        filled.append(url)
        engine = sqlalchemy.create_engine(url)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE mark (turn INTEGER)"))
        engine.dispose()  # an open connection would keep the template from being copied

    copies = [postgres.create_database(postgres.template("marked", fill)) for _ in range(2)]
    assert len(filled) == 1
    for name in copies:
        with postgres.connect(name) as connection:
            assert connection.execute("SELECT count(*) FROM mark").fetchone() == (0,)
        postgres.drop_database(name)


@pytest.fixture
def outage(redis_server: RedisServer) -> Iterator[RedisServer]:
    """The Redis of all tests, running again afterwards whatever the test did to it."""
    yield redis_server
    if redis_server.process is None:
        redis_server.start()


def test_redis_is_empty_and_comes_back_after_an_outage(redis_url: str, outage: RedisServer) -> None:
    client = redis.Redis.from_url(redis_url)
    assert client.dbsize() == 0
    client.set("mark", "1")
    outage.stop()
    with pytest.raises(redis.ConnectionError):
        client.get("mark")
    outage.start()
    assert client.ping()


@pytest.mark.browser
def test_the_browser_reaches_no_other_host(browser: "Browser") -> None:
    page = browser.new_page()
    with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://elsewhere.example/")
    page.close()

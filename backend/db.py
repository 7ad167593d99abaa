"""The transaction database: engines, one way to write, and bringing the schema up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

MIGRATIONS = Path(__file__).parent / "migrations"
WRITER_LOCK = 0x58414E  # One number that all writers of batches agree on.


def make_engine(url: str) -> Engine:
    """Open the transaction database; SQLite gets WAL and waits for the other writer."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_timeout=5)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # Otherwise the driver begins by itself, and too late.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: upgrading a read transaction fails with 'database is locked' at any load."""
    write = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction; batches of several processes come one after the other."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": WRITER_LOCK})
        yield connection


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version and the shipped code tables into it; safe to run at every start."""
    from backend.administration.codes_service import install_shipped

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect().execution_options(writes=True) as connection:
        config.attributes["connection"] = connection
        with connection.begin():
            command.upgrade(config, "head")
    with writing(engine) as connection:
        install_shipped(connection, now())

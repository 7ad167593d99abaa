"""The transaction database: engines, one way to write, and bringing the schema up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

from datasources.scope import Scope

MIGRATIONS = Path(__file__).parent / "migrations"
WRITER_LOCK = 0x58414E  # One number that all writers of batches agree on.
# Roles of the database that migration 0003 makes: what one of them may not do, no statement of ours can do.
WRITER, READER = "panorama_writer", "panorama_reader"


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
def owning(engine: Engine) -> Iterator[Connection]:
    """One write transaction as the owner of the tables; batches of several processes come one after the other.

    Only archives need it, which take away old audit lines. Everything else writes through `writing`.
    """
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": WRITER_LOCK})
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction that cannot change or remove what is only ever added to, such as audit lines."""
    with owning(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL ROLE {WRITER}"))
        yield connection


@contextmanager
def seeing(engine: Engine, scope: Scope) -> Iterator[Connection]:
    """One read transaction on business tables for a viewer; PostgreSQL itself shows no row outside the scope.

    SQLite knows no rows by viewer, so every query goes through `backend.scoping.scoped` as well.
    """
    with engine.connect() as connection, connection.begin(), _read_only(connection):
        if connection.dialect.name == "postgresql":
            held = "set_config('panorama.scope', :kind, TRUE), set_config('panorama.scope_value', :value, TRUE)"
            connection.execute(
                text(f"SELECT set_config('role', '{READER}', TRUE), {held}"), {"kind": scope.kind, "value": scope.value}
            )
        yield connection


@contextmanager
def _read_only(connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION READ ONLY"))
        yield
        return
    connection.exec_driver_sql("PRAGMA query_only=ON")
    try:
        yield
    finally:
        connection.exec_driver_sql("PRAGMA query_only=OFF")  # The connection goes back to the pool.


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version and the shipped code tables into it; safe to run at every start."""
    from backend.administration.codes_service import install_shipped
    from backend.administration.dictionaries import install_dictionaries

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect().execution_options(writes=True) as connection:
        config.attributes["connection"] = connection
        with connection.begin():
            command.upgrade(config, "head")
    with writing(engine) as connection:
        install_shipped(connection, now())
        install_dictionaries(connection, now())

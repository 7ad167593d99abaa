"""Reads the transaction database through ADBC as Arrow, all of one tick inside one read transaction."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import adbc_driver_manager
import adbc_driver_postgresql.dbapi
import adbc_driver_sqlite.dbapi
import pyarrow as pa
from sqlalchemy.engine import make_url

SHANGHAI = ZoneInfo("Asia/Shanghai")
STAMP = "%Y-%m-%d %H:%M:%S.%f"


class SourceUnavailable(RuntimeError):
    """The transaction database cannot be read at this moment."""


class Reading:
    """One open read transaction; `as_of` (aware, UTC) is when it began, so everything committed before is in it."""

    def __init__(self, connection: Any, as_of: datetime) -> None:
        self.connection = connection
        self.as_of = as_of

    def table(self, sql: str) -> pa.Table:
        """Return a whole result as one Arrow table."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetch_arrow_table()

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return a small result as dictionaries."""
        return self.table(sql).to_pylist()

    @contextmanager
    def stream(self, sql: str) -> Iterator[pa.RecordBatchReader]:
        """Yield a result batch by batch, for results that need not fit into memory."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            yield cursor.fetch_record_batch()


class Source:
    """The transaction database, for one thread; the connection is kept and renewed after an error."""

    def __init__(self, url: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        parsed = make_url(url)
        self.clock = clock
        self.file = os.path.abspath(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None
        self.address = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        self.connection: Any = None
        self.inode = 0

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Open one read transaction; raises SourceUnavailable when the database does not answer."""
        try:
            connection = self._connected()
            self._isolate(connection)
            as_of = self.clock()
            reading = Reading(connection, as_of)
            reading.table(
                "SELECT COUNT(*) AS n FROM platform_fact"
            )  # Both databases take their snapshot at the first read.
        except (adbc_driver_manager.Error, OSError) as reason:
            self.close()
            raise SourceUnavailable(f"事务数据库暂时无法读取:{reason}") from reason
        try:
            yield reading
        except adbc_driver_manager.Error as reason:
            self.close()
            raise SourceUnavailable(f"事务数据库读取中断:{reason}") from reason
        finally:
            self._end()

    def _connected(self) -> Any:
        if self.file is not None:
            # A restored backup is another file of the same name; the open connection would go on reading the old one.
            inode = os.stat(self.file).st_ino
            if inode != self.inode:
                self.close()
                self.inode = inode
        if self.connection is None:
            self.connection = self._open()
        return self.connection

    def _open(self) -> Any:
        if self.file is None:
            return adbc_driver_postgresql.dbapi.connect(self.address)
        return adbc_driver_sqlite.dbapi.connect(f"file:{quote(self.file)}?mode=ro")

    def _isolate(self, connection: Any) -> None:
        if self.file is None:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    def _end(self) -> None:
        if self.connection is not None:
            try:
                self.connection.rollback()
            except adbc_driver_manager.Error:
                self.close()

    def close(self) -> None:
        """Close the connection; the next reading opens a new one."""
        connection, self.connection, self.inode = self.connection, None, 0
        if connection is not None:
            try:
                connection.close()
            except (adbc_driver_manager.Error, RuntimeError):
                return

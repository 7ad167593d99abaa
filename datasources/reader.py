"""Opens one generation read-only and answers SQL on its cubes and facts, from any thread."""

import threading
from pathlib import Path
from typing import Any

import duckdb

from cache.published import Published
from dashboard.settings import Settings
from datasources import enterprises, ingest
from datasources.cubes import CUBES
from datasources.engines import duckdb as engines
from datasources.facts import empty
from datasources.snapshots import Folder, Manifest
from geo.countries import COUNTRIES
from geo.groups import groups_of


class Reader:
    """The views fact, cube_… and enterprise of one generation; immutable, so every answer belongs to one moment."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self.generation = manifest.id
        self.as_of = manifest.as_of
        self.sizes = manifest.rows
        self.engine = engines.connect(root / "spill", engines.READER_SHARE)
        self._views(root, manifest)

    def _views(self, root: Path, manifest: Manifest) -> None:
        self.engine.execute(f"CREATE VIEW fact AS SELECT * FROM {ingest.current(root, manifest.facts, manifest.marks)}")
        for cube in CUBES:
            paths = [str(root / path) for path in manifest.cubes.get(cube.name, {}).values()]
            cells = f"read_parquet({paths!r})" if paths else empty(cube.columns())
            self.engine.execute(f"CREATE VIEW {cube.table} AS SELECT {', '.join(cube.columns())} FROM {cells}")
        self._registers(root, manifest.enterprises)

    def _registers(self, root: Path, path: str) -> None:
        """Load the register of enterprises of a file, and which groups a country belongs to."""
        self.engine.execute(f"CREATE TABLE enterprise AS SELECT * FROM {enterprises.relation(root, path)}")
        self.engine.execute("CREATE TABLE country_group (country VARCHAR, name VARCHAR)")
        pairs = [(country, group) for country in COUNTRIES for group in groups_of(country)]
        columns = [[pair[place] for pair in pairs] for place in (0, 1)]
        self.engine.execute("INSERT INTO country_group SELECT unnest(?), unnest(?)", columns)

    def rows(self, sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a query; each call has a cursor of its own, so threads do not meet."""
        with self.engine.cursor() as cursor:
            return cursor.execute(sql, values or []).fetchall()

    def close(self) -> None:
        """Close the engine."""
        self.engine.close()


def open_reader(settings: Settings, generation: str) -> Reader:
    """Open a kept generation; raises SnapshotUnreadable."""
    folder = Folder(settings.var / "analytics")
    return Reader(folder.root, folder.load(generation))


class Readers:
    """The reader of the published generation for all threads of a process.

    A replaced reader is left to the garbage collector: another thread may still be asking it.
    """

    def __init__(self, settings: Settings, published: Published) -> None:
        self.settings = settings
        self.published = published
        self.reader: Reader | None = None
        self._opening = threading.Lock()

    def current(self) -> Reader | None:
        """Return the reader of the published generation, the last good one if that fails, None at first."""
        pointer = self.published.current()
        if pointer is None or (self.reader is not None and self.reader.generation == pointer.generation):
            return self.reader
        with self._opening:
            if self.reader is None or self.reader.generation != pointer.generation:
                self.reader = self._open(pointer.generation) or self.reader
        return self.reader

    def _open(self, generation: str) -> Reader | None:
        try:
            return open_reader(self.settings, generation)
        except (RuntimeError, duckdb.Error):
            if self.reader is None:
                raise
            return None

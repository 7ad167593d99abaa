"""Import of an exchange folder: every file ends as taken, already known, or held with its reason."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from backend.exchange.batch import Tally, retry_batch, take_batch
from backend.exchange.documents import Incoming, held_contents, held_documents
from backend.exchange.folder import find_files
from backend.exchange.registers import take_table

BATCH = 300
Progress = Callable[[int, int], None]


def quiet(_done: int, _total: int) -> None:
    """Progress for nobody."""


class Importer:
    """Takes folders into the ledger; may be stopped at any point and started again."""

    def __init__(self, engine: Engine, actor: str = "导入", limit_mb: int = 64, progress: Progress = quiet) -> None:
        self.engine = engine
        self.actor = actor
        self.limit = limit_mb * 2**20
        self.progress = progress
        self.seen: dict[Path, tuple[int, int]] = {}

    def run(self, folder: Path) -> dict[str, Any]:
        """Import everything that the folder holds; gives the report that the command prints."""
        started = time.monotonic()
        tables, messages = find_files(folder)
        report = self.take(tables, messages)
        report["seconds"] = round(time.monotonic() - started, 2)
        return report

    def take(self, tables: list[Path], messages: list[Path]) -> dict[str, Any]:
        """Import these files, then try again what is held."""
        tally, total = Tally(), len(tables) + len(messages)
        for done, path in enumerate((path for path in tables if path.exists()), 1):
            tally.add(take_table(self.engine, self.actor, path, self.limit))
            self.progress(done, total)
        for done, batch in self._batches(messages):
            tally.add(take_batch(self.engine, self.actor, batch))
            self.progress(len(tables) + done, total)
        freed = self.retry() if tally.taken else 0
        return {"files": total, **asdict(tally), "freed": freed, "held_now": self._held()}

    def _batches(self, paths: list[Path]) -> Iterator[tuple[int, list[Incoming]]]:
        for start in range(0, len(paths), BATCH):
            part = paths[start : start + BATCH]
            read = [(path.name, _bytes(path, self.limit)) for path in part]
            yield start + len(part), [Incoming(name, data) for name, data in read if data is not None]

    def retry(self) -> int:
        """Try every held declaration again; gives how many were taken."""
        freed, after = 0, 0
        while True:
            with self.engine.connect() as connection:
                held = held_contents(connection, after)
            if not held:
                return freed
            freed += retry_batch(self.engine, self.actor, held)
            after = held[-1][0]

    def _held(self) -> int:
        with self.engine.connect() as connection:
            return len(held_documents(connection))

    def watch_once(self, folder: Path) -> dict[str, Any] | None:
        """Import what is new or changed since the last look; None when there is nothing."""
        tables, messages = ([p for p in paths if self._is_new(p)] for paths in find_files(folder))
        return self.take(tables, messages) if tables or messages else None

    def _is_new(self, path: Path) -> bool:
        try:
            stat = path.stat()
        except FileNotFoundError:
            return False
        if time.time() - stat.st_mtime < 0.3:
            return False  # Perhaps still being written; the next look takes it.
        mark = (stat.st_mtime_ns, stat.st_size)
        if self.seen.get(path) == mark:
            return False
        self.seen[path] = mark
        return True


def _bytes(path: Path, limit: int) -> bytes | None:
    """The file's bytes, one more than allowed when it is too large; None when it was moved away meanwhile."""
    try:
        with open(path, "rb") as file:
            return file.read(limit + 1)
    except FileNotFoundError:
        return None

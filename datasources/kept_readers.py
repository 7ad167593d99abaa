"""Opens the generation that a screen still shows, for as long as it is kept, beside the one now published."""

import re
import threading
from collections import OrderedDict

import duckdb

from datasources.reader import Reader, Readers, open_reader
from datasources.snapshots import Folder, Manifest, SnapshotUnreadable

MOST_OPEN = 3  # Each holds an engine of its own.
NAME = re.compile(r"\d{8}T\d{6}Z-\d{6,12}-\d{1,12}")


class NoSuchGeneration(LookupError):
    """The generation was never published or is no longer kept; the message is for people."""


class KeptReaders:
    """Readers by generation, the few used last; a replaced one is left to the garbage collector."""

    def __init__(self, readers: Readers) -> None:
        self.readers = readers
        self.folder = Folder(readers.settings.var / "analytics")
        self._open: OrderedDict[str, Reader] = OrderedDict()
        self._opening = threading.Lock()

    def reader(self, generation: str = "") -> Reader:
        """Return the reader of a generation, of the published one without a name; raises NoSuchGeneration."""
        current = self.readers.current()
        if current is None:
            raise NoSuchGeneration("还没有发布任何一代数据，请稍后再试")
        if generation in ("", current.generation):
            return current
        with self._opening:
            found = self._open.pop(generation, None) or self._opened(generation)
            self._open[generation] = found
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        return found

    def manifest(self, reader: Reader) -> Manifest | None:
        """Return the manifest of an open generation; None once it has been swept away."""
        try:
            return self.folder.load(reader.generation)
        except SnapshotUnreadable:
            return None

    def _opened(self, generation: str) -> Reader:
        try:
            if NAME.fullmatch(generation):  # The name becomes a path.
                return open_reader(self.readers.settings, generation)
        except (SnapshotUnreadable, duckdb.Error):
            pass
        raise NoSuchGeneration("这一代数据没有发布过，或已不再保存，请等屏幕更新后再取证")

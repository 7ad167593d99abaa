"""What one process knows of the published generation: ready bytes, and the last good ones while the store is away."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from cache.store import Fault, Pointer, Store

LOOK_AGAIN = 0.25
LOG = logging.getLogger(__name__)


@dataclass
class _View:
    pointer: Pointer
    parts: dict[str, bytes] = field(default_factory=dict)


class Published:
    """The current generation for all threads of a process; the pointer is read at most four times a second."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._view: _View | None = None
        self._last_good: dict[str, tuple[str, bytes]] = {}
        self._fault: Fault | None = None
        self._looked = float("-inf")
        self._looking = threading.Lock()
        self._loading = threading.Lock()
        self._kept = False

    def keep_fresh(self, names: Sequence[str]) -> None:
        """From now on a thread of its own does all the reading, so that no caller ever waits for the store."""

        def keep() -> None:
            while True:
                self._read()
                for name in names:
                    self._fetched(name)
                self._kept = self._view is not None
                time.sleep(LOOK_AGAIN)

        threading.Thread(target=keep, name="published", daemon=True).start()

    def ready(self, name: str) -> tuple[str, bytes] | None:
        """Return a part that lies in memory, without any reading; None leaves it to `part`."""
        view = self._view if self._kept else None
        value = view.parts.get(name) if view else None
        return (view.pointer.generation, value) if view and value is not None else None

    def current(self) -> Pointer | None:
        """Return the pointer to the current generation, None before the first one."""
        self._look()
        return self._view.pointer if self._view else None

    def fault(self) -> Fault | None:
        """Return the fault to show, if there is one."""
        self._look()
        return self._fault

    def part(self, name: str) -> tuple[str, bytes] | None:
        """Return a part of the current generation as (generation, bytes), the last good one if the store fails."""
        self._look()
        return self._fetched(name)

    def _fetched(self, name: str) -> tuple[str, bytes] | None:
        view = self._view
        if view is None:
            return None
        value = view.parts.get(name) or self._load(view, name)
        return (view.pointer.generation, value) if value is not None else self._last_good.get(name)

    def _look(self) -> None:
        """Read the pointer again when it is time; while one thread does, the others go on with what is known."""
        if self._kept or time.monotonic() - self._looked < LOOK_AGAIN:
            return
        if not self._looking.acquire(blocking=self._view is None):
            return
        try:
            if time.monotonic() - self._looked >= LOOK_AGAIN:
                self._read()
        finally:
            self._looked = time.monotonic()
            self._looking.release()

    def _read(self) -> None:
        try:
            pointer, self._fault = self.store.pointer(), self.store.fault()
        except Exception:
            LOG.warning("快照存储暂时无法读取,继续使用上一份", exc_info=True)
            return
        if pointer is not None and (self._view is None or pointer != self._view.pointer):
            same = self._view is not None and self._view.pointer.generation == pointer.generation
            self._view = _View(pointer, self._view.parts if same and self._view else {})

    def _load(self, view: _View, name: str) -> bytes | None:
        with self._loading:
            if name not in view.parts:
                value = self._fetch(f"{view.pointer.generation}/{name}")
                if value is None:
                    return None
                view.parts[name] = value
                self._last_good[name] = view.pointer.generation, value
            return view.parts[name]

    def _fetch(self, name: str) -> bytes | None:
        try:
            return self.store.get(name)
        except Exception:
            LOG.warning("快照 %s 暂时无法读取", name, exc_info=True)
            return None

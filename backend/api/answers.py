"""Answers of the statistics interface: computed once for each generation, scope and question, then handed out as bytes."""

import threading
from collections.abc import Callable
from datetime import date

import orjson

from cache.answers import BytesCache
from cache.published import Published
from datasources.query import Reader
from datasources.scope import Scope
from datasources.statistics import statistics

ALL = Scope("all", "")


class Statistics:
    """Opens the published generation when it changes and answers from it."""

    def __init__(self, published: Published, cache: BytesCache, open_reader: Callable[[str], Reader]) -> None:
        self.published = published
        self.cache = cache
        self.open_reader = open_reader
        self._reader: Reader | None = None
        self._lock = threading.Lock()

    def answer(self, by: str, start: date | None, end: date | None, scope: Scope = ALL) -> bytes | None:
        """The JSON bytes for one question; None before the first generation."""
        pointer = self.published.current()
        if pointer is None:
            return None
        question = {"by": by, "from": start and start.isoformat(), "to": end and end.isoformat()}

        def compute() -> bytes:
            return orjson.dumps(statistics(self._of(pointer.generation), by, start, end, scope))

        return self.cache.answer((pointer.generation, f"{scope.kind}:{scope.value}", question), compute)

    def _of(self, generation: str) -> Reader:
        with self._lock:
            if self._reader is None or self._reader.generation != generation:
                self._reader = self.open_reader(generation)
            return self._reader

"""Answers of the statistics interface, computed once for each generation, scope and question."""

from datetime import date

import orjson

from cache.answers import BytesCache
from datasources.reader import Readers
from datasources.scope import ALL, Scope
from datasources.statistics import statistics


class Statistics:
    """Answers from the published generation, or the last one that could be opened."""

    def __init__(self, readers: Readers, cache: BytesCache) -> None:
        self.readers = readers
        self.cache = cache

    def answer(self, by: str, start: date | None, end: date | None, scope: Scope = ALL) -> bytes | None:
        """The JSON bytes for one question; None before the first generation."""
        reader = self.readers.current()
        if reader is None:
            return None
        question = [by, start and start.isoformat(), end and end.isoformat()]
        compute = lambda: orjson.dumps(statistics(reader, by, start, end, scope))  # noqa: E731
        return self.cache.answer((reader.generation, scope.key, question), compute)

"""Takes down what people use: counted in memory at each request, added to the hour's rows every few seconds."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite

from backend.clearance.states import SHANGHAI
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.models import activity
from datasources.functions import OTHER

LONGEST = 48  # as the table has it
MOST_FUNCTIONS = 1000  # Whoever asks for invented addresses must not fill the table with them.
CHUNK = 500
Key = tuple[str, str, str]


class Recorder:
    """Visits since the last flush, by hour, account and function; safe to use from every thread."""

    def __init__(self, clock: Callable[[], datetime] = now) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.counts: dict[Key, dict[str, Any]] = {}
        self.functions: set[str] = set()

    def count(self, principal: Principal, function: str) -> None:
        """One visit of a person; `function` is an endpoint, a page's address or a callback's output. No SQL here."""
        hour = self.clock().astimezone(SHANGHAI).strftime("%Y-%m-%dT%H")
        with self.lock:
            key = (hour, principal.id, self._named(function))
            row = self.counts.setdefault(key, {"visits": 0})
            # Somebody with several roles is counted under the first of them, so that roles add up to the total.
            row["role"] = principal.roles[0] if principal.roles else ""
            row["organisation_id"] = principal.organisation_id
            row["visits"] += 1

    def flush(self, engine: Engine) -> int:
        """Add what was counted to the table; gives how many rows. On failure it raises and keeps the counts."""
        with self.lock:
            counts, self.counts = self.counts, {}
        if not counts:
            return 0
        names = ("hour", "account_id", "function")
        rows = [dict(zip(names, key, strict=True)) | row for key, row in sorted(counts.items())]
        try:
            _add(engine, rows)
        except Exception:
            self._take_back(counts)
            raise
        return len(rows)

    def _named(self, function: str) -> str:
        name = function[:LONGEST] or OTHER
        if name not in self.functions and len(self.functions) >= MOST_FUNCTIONS:
            return OTHER
        self.functions.add(name)
        return name

    def _take_back(self, counts: dict[Key, dict[str, Any]]) -> None:
        with self.lock:
            for key, row in counts.items():
                newer = self.counts.get(key, {"visits": 0})
                self.counts[key] = {**row, **newer, "visits": row["visits"] + newer["visits"]}


def _add(engine: Engine, rows: list[dict[str, Any]]) -> None:
    dialect: Any = postgresql if engine.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(activity)
    new = insert.excluded
    more = {"visits": activity.c.visits + new.visits, "role": new.role, "organisation_id": new.organisation_id}
    statement = insert.on_conflict_do_update(index_elements=["hour", "account_id", "function"], set_=more)
    with writing(engine) as connection:
        for start in range(0, len(rows), CHUNK):
            connection.execute(statement, rows[start : start + CHUNK])

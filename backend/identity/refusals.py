"""Refused requests of somebody known: each leaves an audit line, and a burst of them raises an alert."""

import time
from collections import deque
from dataclasses import dataclass, field

from sqlalchemy import Engine

from backend.administration.options import options_of
from backend.alerts.service import raise_alert
from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.identity.principal import Principal

WINDOW = 60
MOST_LINES = 100  # A flood of refusals must not become a flood of writes.


@dataclass
class Refusals:
    """Counts refusals by visitor over the last minute."""

    engine: Engine
    times: dict[str, deque[float]] = field(default_factory=dict)

    def note(self, visitor: Principal, what: str) -> None:
        """Remember one refusal; `what` is the endpoint or address that was refused."""
        moment = time.monotonic()
        if len(self.times) > 10_000:
            self.times.clear()
        mine = self.times.setdefault(visitor.id, deque(maxlen=MOST_LINES + 1))
        mine.append(moment)
        while mine and mine[0] < moment - WINDOW:
            mine.popleft()
        if len(mine) <= MOST_LINES:
            self._write(visitor, what, len(mine))

    def _write(self, visitor: Principal, what: str, times: int) -> None:
        with writing(self.engine) as connection:
            write_lines(connection, now(), [Line(visitor.name, "identity:guard:refuse", what[:200], result="refused")])
            if times >= options_of(connection)["refusals"]:
                words = f"{visitor.name} 一分钟内 {times} 次访问无权的页面或接口"
                raise_alert(connection, rule="refusals", subject=visitor.id, severity="warning", words=words)

"""Tells where the time of a tick goes: the worker's own steps, timed from outside while it runs."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from datasources import ingest, wall
from datasources import minute as minutes
from datasources.minute import Minute

# What people call a step, the object that has it, and its name there. A step inside another is taken off the outer one.
Step = tuple[str, Any, str]
BESIDE = "对照合计（旁线程）"


class Stopwatch:
    """Seconds of each step, tick by tick."""

    def __init__(self) -> None:
        self.ticks: list[dict[str, float]] = []
        self.running: list[str] = []

    def wrap(self, label: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, with its time noted."""

        @wraps(call)
        def timed(*given: Any, **named: Any) -> Any:
            outer = self.running[-1] if self.running and label != BESIDE else None
            if label != BESIDE:
                self.running.append(label)
            started = time.monotonic()
            try:
                return call(*given, **named)
            finally:
                self._note(label, outer, time.monotonic() - started)

        return timed

    def _note(self, label: str, outer: str | None, seconds: float) -> None:
        tick = self.ticks[-1]
        tick[label] += seconds
        if label != BESIDE:
            self.running.pop()
        if outer:
            tick[outer] -= seconds

    def begin(self) -> None:
        """A new tick."""
        self.ticks.append(defaultdict(float))

    def shares(self) -> str:
        """The median seconds of each step, the longest first."""
        labels = {label for tick in self.ticks for label in tick}
        medians = {label: statistics.median(tick.get(label, 0.0) for tick in self.ticks) for label in labels}
        order = sorted(medians, key=lambda label: (label == BESIDE, -medians[label]))
        return "、".join(f"{label} {medians[label]:.2f}" for label in order)


def steps(minute: Minute) -> list[Step]:
    """The steps of a tick as the worker has them."""
    return [
        ("找出改动", ingest, "find"),
        ("读新行、写事实", ingest, "take"),
        ("取旧行", ingest, "_supersede"),
        ("改立方", minute, "_change_cubes"),
        ("写立方", minute, "_write_cubes"),
        ("归并、水位与其他", minute, "_count"),
        (BESIDE, minutes, "source_totals"),
        ("对账", minute, "_prove"),
        ("算数字", wall, "wall_figures"),
        ("画大屏", minute, "render"),
        ("写盘与翻转", minute, "_publish"),
        ("收尾", minute, "_settle"),
    ]


@contextmanager
def timing(minute: Minute) -> Iterator[Stopwatch]:
    """Time the worker's steps inside the block; afterwards it is as it was."""
    watch, kept = Stopwatch(), []
    for label, owner, name in steps(minute):
        plain = getattr(owner, name)
        kept.append((owner, name, plain))
        setattr(owner, name, watch.wrap(label, plain))
    try:
        yield watch
    finally:
        for owner, name, plain in kept:
            setattr(owner, name, plain)

"""The worker's eye on the screens: which fell silent, and which show other figures than they should.

The server cannot know from the published bytes what a browser made of them, so it compares what browsers themselves
report: a hash over the texts of the figures on the screen. Screens that show the same generation, page, program and
composition must agree, and one screen must go on showing what it showed first of a generation. This finds a screen that
stuck, was tampered with or shows figures wrongly alone; it does not find a fault that all screens share, nor one that a
single screen shows from the beginning, and a browser that lies about its hash is not found either.
"""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, RowMapping, select

from backend.alerts.service import OPEN, RULES, raise_alert, resolve_by_rule
from backend.db import now, writing
from backend.models import alert, wall_screen
from backend.screens.service import live_screens
from backend.screens.told import composition

SILENT = timedelta(seconds=60)  # Heard longer ago than this, a screen counts as silent.
EVERY = 15.0  # Seconds between two looks.
STEADY = 3  # So many beats running that differ from the first of a generation are no accident.
LEAST_OTHERS = 2  # One other screen alone proves nothing: either of the two may be wrong.
SILENCE, DIFFERENCE = "silent_screen", "screen_differs"
log = logging.getLogger("panorama.screens")


class Found(NamedTuple):
    """What is wrong with a screen, for the alert: its subject, in words, and what the alert keeps."""

    subject: str
    words: str
    detail: dict[str, Any]


class ScreenWatch:
    """Looks at the screens every 15 seconds; for the loop of the worker that leads.

    While the platform itself was away no screen could be heard. So after its start, after a pause and after a look that
    failed it first waits as long as a screen may be silent: otherwise every restart would be an alert for each screen.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.called_at = self.next_at = float("-inf")

    def maybe(self) -> None:
        """Look, if it is time to."""
        at, patience = time.monotonic(), SILENT.total_seconds()
        if at - self.called_at > patience:
            self.next_at = at + patience
        self.called_at = at
        if at < self.next_at:
            return
        self.next_at = at + EVERY
        try:
            check_screens(self.engine)
        except Exception:
            log.exception("大屏没有查成，一分钟后再查")
            self.next_at = at + patience


def subject_of(screen_id: int) -> str:
    """How alerts name a screen: by its number, which stays when it gets another name."""
    return f"第 {screen_id} 号屏"


def silent(engine: Engine, at: datetime) -> list[RowMapping]:
    """The screens that are watched and were not heard for 60 seconds before `at`."""
    with engine.connect() as connection:
        return _silent(connection, at)


def check_screens(engine: Engine) -> None:
    """Raise what is wrong now and was not told yet, and close what is well again; writes only when there is news."""
    at = now()
    with engine.connect() as connection:
        dumb = {found.subject: found for found in map(_silence, _silent(connection, at))}
        heard = list(connection.execute(live_screens().where(wall_screen.c.seen_at >= at - SILENT)).mappings())
        open_now = {rule: _open_subjects(connection, rule) for rule in (SILENCE, DIFFERENCE)}
    odd = {found.subject: found for found in differing(heard)}
    # A screen that cannot be heard any more was not seen to be right again: its difference stays open.
    kept = odd.keys() | (open_now[DIFFERENCE] & dumb.keys())
    news = [
        (SILENCE, dumb, dumb.keys(), "又收到心跳，或已不再监看"),
        (DIFFERENCE, odd, kept, "数字又相符，或已不再使用"),
    ]
    if all(wrong.keys() <= open_now[rule] <= set(keep) for rule, wrong, keep, _ in news):
        return
    with writing(engine) as connection:
        for rule, wrong, keep, well in news:
            _raise(connection, rule, [found for subject, found in wrong.items() if subject not in open_now[rule]])
            for subject in open_now[rule] - set(keep):
                resolve_by_rule(connection, rule, subject, well)


def open_differences(connection: Connection) -> set[str]:
    """The subjects of open alerts about screens that show other figures than they should."""
    return _open_subjects(connection, DIFFERENCE)


def differing(screens: Sequence[RowMapping | dict[str, Any]]) -> list[Found]:
    """Of screens heard just now, those that differ from the majority of their like or from what they showed first."""
    return [*_against_others(screens), *(_against_itself(s) for s in screens if s["odd_beats"] >= STEADY)]


def _against_others(screens: Iterable[RowMapping | dict[str, Any]]) -> list[Found]:
    alike = defaultdict(list)
    for s in screens:
        if s["frame_hash"] and s["generation"]:
            method = s["frame_hash"].partition(":")[0]
            alike[s["generation"], s["view"], s["build"], composition(s["size"]), method].append(s)
    return [_difference(s) for group in alike.values() for s in _outvoted(group)]


def _outvoted(group: list[Any]) -> list[Any]:
    """Those that show something else than more than half of the group does, at least two others."""
    usual, votes = Counter(s["frame_hash"] for s in group).most_common(1)[0]
    clear = votes >= LEAST_OTHERS and 2 * votes > len(group)
    return [s for s in group if clear and s["frame_hash"] != usual]


def _difference(s: RowMapping | dict[str, Any]) -> Found:
    return _found(s, "显示的数字与其他大屏不同，请到现场核对")


def _against_itself(s: RowMapping | dict[str, Any]) -> Found:
    return _found(s, "同一代数据前后显示的数字不同，请到现场核对")


def _found(s: RowMapping | dict[str, Any], words: str) -> Found:
    detail = {"generation": s["generation"], "hash": s["frame_hash"]}
    return Found(subject_of(s["id"]), f"大屏“{_called(s)}”{words}", detail)


def _silence(s: RowMapping) -> Found:
    words = f"大屏“{_called(s)}”超过 {SILENT.seconds} 秒没有心跳，可能已断电、断网或关闭"
    return Found(subject_of(s["id"]), words, {"screen": s["name"], "place": s["place"]})


def _called(s: RowMapping | dict[str, Any]) -> str:
    return f"{s['name']}（{s['place']}）" if s["place"] else str(s["name"])


def _silent(connection: Connection, at: datetime) -> list[RowMapping]:
    quiet = (wall_screen.c.enabled.is_(True)) & (wall_screen.c.seen_at < at - SILENT)
    return list(connection.execute(live_screens().where(quiet).order_by(wall_screen.c.id)).mappings())


def _open_subjects(connection: Connection, rule: str) -> set[str]:
    return set(connection.scalars(select(alert.c.subject).where(alert.c.rule == rule, alert.c.state.in_(OPEN))))


def _raise(connection: Connection, rule: str, wrong: list[Found]) -> None:
    for found in wrong:
        severity = RULES[rule].severity
        raise_alert(
            connection, rule=rule, subject=found.subject, severity=severity, words=found.words, detail=found.detail
        )

"""The worker's eye on the screens: which fell silent, and which show other figures than their like."""

import logging
import time
from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, select

from backend.alerts.service import OPEN, RULES, raise_alert, resolve_by_rule
from backend.db import now, writing
from backend.models import alert, wall_screen
from backend.screens.attestation import DIFFERENCE, Found, Screen, called, compare, subject_of
from backend.screens.rhythm import LOOK_EVERY, SILENT
from backend.screens.service import live_screens

SILENCE = "silent_screen"
HEARD_AGAIN, RIGHT_AGAIN = "又收到心跳，或已不再监看", "数字又与其他大屏相符，或令牌已失效"
log = logging.getLogger("panorama.screens")


class ScreenWatch:
    """Looks at the screens every 5 seconds; for the loop of the worker that leads.

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
        self.next_at = at + LOOK_EVERY
        try:
            check_screens(self.engine)
        except Exception:
            log.exception("大屏没有查成，稍后再查")
            self.next_at = at + patience


def silent(engine: Engine, at: datetime) -> list[RowMapping]:
    """The screens that are watched and were not heard for 40 seconds before `at`."""
    with engine.connect() as connection:
        return [s for s in _screens(connection) if _is_silent(s, at)]


def check_screens(engine: Engine) -> None:
    """Raise what is wrong now and was not told yet, and close what is well again; writes only when there is news."""
    at = now()
    with engine.connect() as connection:
        screens = _screens(connection)
        still, differing = open_subjects(connection, SILENCE), open_subjects(connection, DIFFERENCE)
    dumb = [_silence(s) for s in screens if _is_silent(s, at)]
    vote = compare(s for s in screens if at - s["seen_at"] <= SILENT)
    # A difference is over when others bear the screen out or its token is; else a person looks and closes it.
    unproven = {subject_of(s["id"]) for s in screens} - {s for s in vote.agreeing if s in _steady(screens)}
    _tell(engine, SILENCE, dumb, still, still - {found.subject for found in dumb}, HEARD_AGAIN)
    _tell(engine, DIFFERENCE, vote.outvoted, differing, differing - unproven, RIGHT_AGAIN)


def open_subjects(connection: Connection, rule: str = DIFFERENCE) -> set[str]:
    """What the open alerts of a rule are about."""
    return set(connection.scalars(select(alert.c.subject).where(alert.c.rule == rule, alert.c.state.in_(OPEN))))


def _screens(connection: Connection) -> list[RowMapping]:
    return list(connection.execute(live_screens().order_by(wall_screen.c.id)).mappings())


def _steady(screens: list[RowMapping]) -> set[str]:
    """The subjects of screens that still show what they showed first."""
    return {subject_of(s["id"]) for s in screens if not s["odd_beats"]}


def _is_silent(screen: Screen, at: datetime) -> bool:
    return bool(screen["enabled"]) and at - screen["seen_at"] > SILENT


def _silence(screen: Screen) -> Found:
    words = f"大屏“{called(screen)}”超过 {SILENT.seconds} 秒没有心跳，可能已断电、断网或关闭"
    return Found(subject_of(screen["id"]), words, {"screen": screen["name"], "place": screen["place"]})


def _tell(engine: Engine, rule: str, wrong: list[Found], told: set[str], well: set[str], note: str) -> None:
    fresh = [found for found in wrong if found.subject not in told]
    if not fresh and not well:
        return
    with writing(engine) as connection:
        for subject, words, detail in fresh:
            severity = RULES[rule].severity
            raise_alert(connection, rule=rule, subject=subject, severity=severity, words=words, detail=detail)
        for subject in well:
            resolve_by_rule(connection, rule, subject, note)

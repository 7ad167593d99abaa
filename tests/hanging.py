"""Screens of the tests: one with a token of its own, what it tells, and what its heartbeats left in the tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from backend.identity.principal import Principal
from backend.identity.tokens import create_token, principal_of_token
from backend.models import alert, audit_line, wall_screen
from backend.screens.told import Told
from tests.test_alerts import somebody

ADMIN, MONITOR = somebody("guanli", "system_admin"), somebody("zhiban", "monitor")
LIVES = Told("1920x1080", 1 / 60, "abc", "/wall", "g1", datetime(2026, 11, 24, 8, tzinfo=UTC), "sha256:" + "0" * 64)
OTHER = "sha256:" + "f" * 64


def hang(engine: Engine, name: str = "一号屏") -> Principal:
    """A screen with a token of its own."""
    screen = principal_of_token(engine, create_token(engine, "screen", name, "wall", timedelta(days=90)), "screen")
    assert screen is not None
    return screen


def number(screen: Principal) -> int:
    return int(screen.id.removeprefix("token-"))


def row(engine: Engine, screen: Principal) -> dict[str, Any]:
    with engine.connect() as connection:
        found = connection.execute(select(wall_screen).where(wall_screen.c.id == number(screen))).mappings().one()
    return dict(found)


def alerts(engine: Engine, rule: str) -> list[tuple[str, str, int]]:
    with engine.connect() as connection:
        columns = (alert.c.subject, alert.c.state, alert.c.times)
        return [tuple(r) for r in connection.execute(select(*columns).where(alert.c.rule == rule).order_by(alert.c.id))]


def lines(engine: Engine) -> list[tuple[str, str, Any]]:
    with engine.connect() as connection:
        a = audit_line.c
        query = select(a.tag, a.actor, a.detail).where(a.tag.like("screens:%")).order_by(a.id)
        return [tuple(r) for r in connection.execute(query)]

"""How often somebody may guess: counted in SQL, so that a restart forgets nothing and parallel tries are all seen."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from backend.administration.options import options_of
from backend.alerts.service import raise_alert
from backend.audit.service import Line, write_lines
from backend.db import now, writing
from backend.models import account, sign_in_attempt, sign_in_lock

Limits = dict[str, int]
Outcomes = tuple[str, ...]
FACTOR = "#2"  # Ends the key under which guesses at an account's second factor are counted; no login name holds it.
NOBODY = "不存在的账号"


class Locked(PermissionError):
    """Too many failures: nothing is compared until the lock runs out."""

    def __init__(self, until: datetime) -> None:
        super().__init__("失败次数过多，已暂时锁定")
        self.until = until


def reserve(engine: Engine, login_key: str, address: str) -> int:
    """Take one of the tries that are left, before anything is compared; gives its number. Raises Locked."""
    with writing(engine) as connection:
        limits = options_of(connection)
        for subject in (f"account:{login_key}", f"address:{address}"):
            if (until := _locked_until(connection, subject)) is not None:
                raise Locked(until)
        if _tries(connection, login_key, limits) >= limits["failures"]:
            # All tries that are left are being compared at this moment; none of them has been told its outcome yet.
            raise Locked(now() + timedelta(seconds=30))
        row = {"at": now(), "login_key": login_key, "address": address, "outcome": "pending"}
        return int(connection.execute(insert(sign_in_attempt).values(row).returning(sign_in_attempt.c.id)).scalar_one())


def settle(connection: Connection, attempt: int, right: bool) -> None:
    """Say how a try ended; the failure that reaches the limit locks the account or the address."""
    t = sign_in_attempt.c
    outcome = {"outcome": "ok" if right else "failed"}
    row = connection.execute(
        update(sign_in_attempt).where(t.id == attempt).values(outcome).returning(t.login_key, t.address)
    ).one()
    if right:
        return
    limits = options_of(connection)
    if _tries(connection, row.login_key, limits, ("failed",)) >= limits["failures"]:
        said = public_name(connection, row.login_key)
        _lock(connection, f"account:{row.login_key}", limits, "lockout", "账号", said)
    if _failures_from(connection, row.address, limits) >= limits["address_failures"]:
        _lock(connection, f"address:{row.address}", limits, "address_lockout", "地址", row.address)


def public_name(connection: Connection, key: str) -> str:
    """What others may read of a login name that somebody typed: people type their password there by mistake, so
    what names no account is kept nowhere but in the counts of tries, which are removed after a day."""
    a = account.c
    found: str | None = connection.scalar(select(a.login_name).where(a.login_key == key.removesuffix(FACTOR)))
    return found or NOBODY


def unlock(connection: Connection, login_key: str) -> None:
    """Lift the lock of an account and forget its failures."""
    connection.execute(delete(sign_in_lock).where(sign_in_lock.c.subject == f"account:{login_key}"))
    connection.execute(delete(sign_in_attempt).where(sign_in_attempt.c.login_key == login_key))


def forget_old(connection: Connection) -> None:
    """Remove tries and locks that no rule looks at any more; the audit keeps what happened."""
    before = now() - timedelta(days=1)
    connection.execute(delete(sign_in_attempt).where(sign_in_attempt.c.at < before))
    connection.execute(delete(sign_in_lock).where(sign_in_lock.c.until < before))


def _locked_until(connection: Connection, subject: str) -> datetime | None:
    s = sign_in_lock.c
    until: datetime | None = connection.scalar(select(s.until).where(s.subject == subject, s.until > now()))
    return until


def _tries(connection: Connection, key: str, limits: Limits, counted: Outcomes = ("pending", "failed")) -> int:
    """Tries of an account since the window began, its last success and its last lock."""
    t = sign_in_attempt.c
    since = _since(connection, f"account:{key}", limits)
    success = connection.scalar(select(func.max(t.id)).where(t.login_key == key, t.outcome == "ok")) or 0
    which = (t.login_key == key) & (t.at > since) & (t.id > success) & t.outcome.in_(counted)
    return connection.scalar(select(func.count()).select_from(sign_in_attempt).where(which)) or 0


def _failures_from(connection: Connection, address: str, limits: dict[str, int]) -> int:
    t = sign_in_attempt.c
    which = (t.address == address) & (t.at > _since(connection, f"address:{address}", limits)) & (t.outcome == "failed")
    return connection.scalar(select(func.count()).select_from(sign_in_attempt).where(which)) or 0


def _since(connection: Connection, subject: str, limits: dict[str, int]) -> datetime:
    window = now() - timedelta(minutes=limits["failure_minutes"])
    last: datetime | None = connection.scalar(select(sign_in_lock.c.until).where(sign_in_lock.c.subject == subject))
    return max(window, last) if last else window


def _lock(connection: Connection, subject: str, limits: dict[str, int], rule: str, what: str, name: str) -> None:
    at = now()
    until = at + timedelta(minutes=limits["lock_minutes"])
    row: dict[str, Any] = {"subject": subject, "at": at, "until": until}
    connection.execute(delete(sign_in_lock).where(sign_in_lock.c.subject == subject))
    connection.execute(insert(sign_in_lock).values(row))
    where = f"account:{NOBODY}" if name == NOBODY else subject
    words = f"{what} {name} 登录失败过多，已锁定 {limits['lock_minutes']} 分钟"
    raise_alert(connection, rule=rule, subject=name[:96], severity="warning", words=words)
    write_lines(connection, at, [Line("登录守卫", "identity:sign-in:lock", where, detail={"until": until.isoformat()})])

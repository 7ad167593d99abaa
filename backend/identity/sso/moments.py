"""Whether the clock of an identity server agrees with ours, and how old a sign-in is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.db import now
from backend.identity.sso.refusal import refused

SKEW = timedelta(seconds=60)
AGE = timedelta(minutes=5)
MILLISECONDS_FROM = 1e11  # as seconds this would be the year 5138
SHANGHAI = ZoneInfo("Asia/Shanghai")


def moment_of(value: object, label: str) -> datetime:
    """Read a moment as such servers write it: seconds, milliseconds, or ISO 8601 with or without a zone.

    A time without a zone is Chinese time. Raise SsoRefused (garbage) for anything else.
    """
    text = str(value).partition("[")[0].strip()  # Java writes 2026-01-02T03:04:05+08:00[Asia/Shanghai]
    try:
        return _from_number(float(text)) if _is_number(text) else _from_iso(text)
    except (ValueError, OverflowError, OSError):
        raise refused("garbage", label) from None


def _is_number(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdigit()


def _from_number(number: float) -> datetime:
    return datetime.fromtimestamp(number / 1000 if number >= MILLISECONDS_FROM else number, UTC)


def _from_iso(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def check_token_times(token: Mapping[str, Any], label: str) -> int | None:
    """Return the life of a token in seconds, None when it is not given.

    Raise SsoRefused: clock when it is over before it begins or was issued more than SKEW from our present.
    """
    for name in ("issued_at", "timestamp"):
        if token.get(name) not in (None, "") and abs(moment_of(token[name], label) - now()) > SKEW:
            raise refused("clock", label)
    given = token.get("expires_in")
    if given in (None, ""):
        return None
    text = str(given).strip()
    if not text.removeprefix("-").isdecimal() or len(text) > 12:
        raise refused("garbage", label)
    if int(text) <= 0:
        raise refused("clock", label)
    return int(text)


def check_authentication(attributes: Mapping[str, Any], label: str) -> None:
    """Refuse a CAS sign-in from the future (clock), and a fresh one older than AGE (expired).

    When isFromNewLogin is false the person had signed in earlier for another system, which is what single sign-on is
    for: then the date says how old that session is, and its life is for the CAS server to end.
    """
    given = attributes.get("authenticationDate")
    if given in (None, ""):
        return
    age = now() - moment_of(given, label)
    if age < -SKEW:
        raise refused("clock", label)
    if age > AGE and str(attributes.get("isFromNewLogin")).lower() != "false":
        raise refused("expired", label)

"""Who is let in: every request is refused unless its path is open to all or the visitor shows a live token."""

import time
from dataclasses import dataclass, field

from sqlalchemy import Engine

from backend.identity.tokens import Holder, holder_of

SCREEN_COOKIE = "panorama_screen"
REMEMBERED = 5.0  # Seconds; a revoked screen goes dark at the latest after this.
OPEN = ("/healthz", "/enter", "/demo/screen", "/favicon.ico")
OPEN_FOLDERS = ("/assets/", "/_dash-component-suites/", "/geo/")
API_FOLDER = "/api/"


@dataclass
class Admission:
    """Looks tokens up and remembers the answer for a few seconds, so that polling costs no query each time."""

    engine: Engine
    known: dict[tuple[str, str], tuple[float, Holder | None]] = field(default_factory=dict)

    def holder(self, kind: str, token: str) -> Holder | None:
        """Whom this token of kind api or screen speaks for, None when nobody."""
        if not token:
            return None
        found = self.known.get((kind, token))
        if found is None or found[0] < time.monotonic():
            if len(self.known) > 10_000:
                self.known.clear()  # Guesses must not fill the memory.
            found = (time.monotonic() + REMEMBERED, holder_of(self.engine, token, kind))
            self.known[kind, token] = found
        return found[1]

    def remembered(self, cookies: str) -> bool:
        """Whether this screen was let in a moment ago; asks nobody, so an event loop may call it."""
        found = self.known.get(("screen", screen_token(cookies)))
        return found is not None and found[1] is not None and found[0] >= time.monotonic()

    def visitor(self, path: str, cookies: str, authorization: str) -> Holder | None:
        """The holder behind a request's headers: a Bearer token for the API, the screen's cookie for all else."""
        if path.startswith(API_FOLDER):
            scheme, _, token = authorization.partition(" ")
            return self.holder("api", token.strip()) if scheme.lower() == "bearer" else None
        return self.holder("screen", screen_token(cookies))


def is_open(path: str) -> bool:
    """Whether a path needs no token: files that hold no figures, health, and the way in."""
    return path in OPEN or path.startswith(OPEN_FOLDERS)


def screen_token(cookies: str) -> str:
    """The screen token in a Cookie header, "" where there is none; our tokens need no unquoting."""
    for part in cookies.split(";"):
        name, _, value = part.strip().partition("=")
        if name == SCREEN_COOKIE:
            return value
    return ""

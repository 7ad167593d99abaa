"""Whom a request speaks for: looked up in SQL, remembered for seconds, forgotten at once when rights change."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy import Engine

from backend.db import now
from backend.identity.epoch import changes_anywhere, changes_here
from backend.identity.principal import Principal
from backend.identity.sessions import csrf_of, principal_of
from backend.identity.tokens import principal_of_token

# Seconds after which the database is asked again even if nothing was said to have changed. A screen asks every five
# seconds for months: were it forgotten in between, every tick would need a thread and a query.
REMEMBERED, SCREEN_REMEMBERED = 5.0, 30.0
LOOK_AGAIN = 0.25  # How often the count of changes is asked for: no other process's change goes unseen for longer.
MOST_KNOWN = 10_000
API_FOLDER = "/api/"
SESSION, SCREEN, VISIT = "panorama_session", "panorama_screen", "panorama_visit"


@dataclass
class Admission:
    """Looks visitors up and remembers the answer, so that polling costs no query each time."""

    engine: Engine
    prefix: str = ""  # "__Host-" where people come over TLS
    known: dict[tuple[str, str], tuple[float, Principal | None]] = field(default_factory=dict)
    looked: float = 0.0
    seen: tuple[int, int] = (0, 0)
    watched: bool = False

    def watch(self) -> None:
        """From now on a thread of its own asks for changes, so that no request waits for the question."""
        self.watched = True
        threading.Thread(target=self._watch, name="rights", daemon=True).start()

    def _watch(self) -> None:
        while True:
            try:
                self._look()
            except Exception:
                self.known.clear()  # A database that does not answer must not keep an ended session alive.
            time.sleep(LOOK_AGAIN)

    def _look(self) -> None:
        here = changes_here()
        self._note((here, changes_anywhere(self.engine)))
        self.looked = time.monotonic()

    def _note(self, seen: tuple[int, int]) -> None:
        if seen != self.seen:
            self.seen = seen
            self.known.clear()

    def _stale(self) -> bool:
        return not self.watched and time.monotonic() - self.looked >= LOOK_AGAIN

    def visitor(self, path: str, cookies: str, authorization: str) -> Principal | None:
        """Whom the headers of a request speak for: a program by Bearer token, a person or screen by cookie."""
        if self._stale():
            self._look()
        if path.startswith(API_FOLDER):
            scheme, _, token = authorization.partition(" ")
            return self.holder("api", token.strip()) if scheme.lower() == "bearer" else None
        found = cookies_of(cookies)
        session, screen = found.get(self.prefix + SESSION, ""), found.get(self.prefix + SCREEN, "")
        return self.holder("account", session) or self.holder("screen", screen)

    def holder(self, kind: str, token: str) -> Principal | None:
        """Whom a session number, screen token or program token speaks for; None when nobody."""
        if not token:
            return None
        found = self._remembered(kind, token)
        if found is None:
            asked = self.seen
            answer = principal_of(self.engine, token) if kind == "account" else self._of_token(token, kind)
            if len(self.known) > MOST_KNOWN:
                self.known.clear()  # Guesses must not fill the memory.
            found = (time.monotonic() + lasting(kind, answer), answer)
            if asked == self.seen:
                self.known[kind, token] = found
        return found[1]

    def _of_token(self, token: str, kind: str) -> Principal | None:
        return principal_of_token(self.engine, token, kind)

    def _remembered(self, kind: str, token: str) -> tuple[float, Principal | None] | None:
        if self.seen[0] != changes_here():
            self._note((changes_here(), self.seen[1]))
        found = self.known.get((kind, token))
        return found if found is not None and found[0] >= time.monotonic() else None

    def at_hand(self, cookies: str) -> Principal | None:
        """The visitor if he was let in a moment ago; asks nobody, so an event loop may call it."""
        if self._stale():
            return None
        found = cookies_of(cookies)
        for kind, name in (("account", SESSION), ("screen", SCREEN)):
            token = found.get(self.prefix + name, "")
            remembered = self._remembered(kind, token) if token else None
            if remembered is not None and remembered[1] is not None:
                return remembered[1]
            if token and remembered is None:
                return None  # Not known yet whether this one counts: leave it to a thread.
        return None

    def csrf(self, visitor: Principal | None, cookies: str) -> str:
        """What a form must repeat: from the session, or before sign-in from the cookie of the visit."""
        if visitor is not None:
            return visitor.csrf
        visit = cookies_of(cookies).get(self.prefix + VISIT, "")
        return csrf_of(visit) if visit else ""


def lasting(kind: str, answer: Principal | None) -> float:
    """How many seconds an answer may be remembered; of a screen never beyond the moment at which its token expires."""
    if answer is None or kind != "screen":
        return REMEMBERED
    left = (answer.expires_at - now()).total_seconds() if answer.expires_at else SCREEN_REMEMBERED
    return min(SCREEN_REMEMBERED, left)


@lru_cache(maxsize=4096)  # A polling screen sends the same header again and again.
def cookies_of(header: str) -> Mapping[str, str]:
    """The cookies of a Cookie header; of several with one name the first counts."""
    found: dict[str, str] = {}
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals:
            found.setdefault(name, value)
    return found

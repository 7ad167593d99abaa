"""Codes, tickets and tokens as an identity server keeps them: hard to guess, short-lived, and mostly good for once."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from backend.exchange.standins.people import DemoPerson


class NotGood(Exception):
    """A voucher that is unknown, used or expired; str(e) is one of these words."""


@dataclass(frozen=True)
class Voucher:
    """What a code, ticket or token stands for: a person, for one client or service, in one session of a browser."""

    person: DemoPerson
    client: str
    address: str
    login: str
    until: float


class Vouchers:
    """The vouchers of one kind. prefix: what they begin with; life: seconds; clock: seconds since 1970."""

    def __init__(self, prefix: str, life: float, clock: Callable[[], float]) -> None:
        self.prefix = prefix
        self.life = life
        self.clock = clock
        self._live: dict[str, Voucher] = {}
        self._used: set[str] = set()
        self._lock = threading.Lock()

    def issue(self, person: DemoPerson, client: str, address: str, login: str) -> str:
        """Make a voucher and return its text."""
        text = self.prefix + secrets.token_urlsafe(24)
        self._live[text] = Voucher(person, client, address, login, self.clock() + self.life)
        return text

    def redeem(self, text: str) -> Voucher:
        """Return what a voucher stands for and end it: of two who come at once, one gets it. Raise NotGood."""
        with self._lock:
            voucher = self.look(text)
            del self._live[text]
            self._used.add(text)
        return voucher

    def look(self, text: str) -> Voucher:
        """Return what a voucher stands for; raise NotGood."""
        if text not in self._live:
            raise NotGood("used" if text in self._used else "unknown")
        if self._live[text].until <= self.clock():
            raise NotGood("expired")
        return self._live[text]

    def end_login(self, login: str) -> None:
        """End all vouchers of one session of a browser."""
        for text in [text for text, voucher in self._live.items() if voucher.login == login]:
            self._live.pop(text, None)

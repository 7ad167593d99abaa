"""Are the signed heads themselves whole? Every line links to the one before, and trusted signatures hold the links."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from backend.audit.chain import START
from backend.audit.heads import Entry, Trusted, is_signed, read_heads
from backend.audit.lines import HEADS_BROKEN, UNSIGNED, Broken, Fault, Link
from backend.crypto.digest import sm3_hex


class HeadCheck:
    """Takes the lines of the head files in their order.

    We link only to our own heads, so one good signature vouches for all heads of the same key before it; half a year
    of heads is read in seconds. `vouched` counts the lines from the first that signatures vouch for, `last` is the
    newest head that fits, `notes` names what a crash left unfinished.
    """

    def __init__(self, trusted: Trusted) -> None:
        self.trusted = trusted
        self.last: Entry | None = None
        self.torn: list[Entry] = []
        self.seen = self.vouched = 0
        self.notes: list[str] = []
        self.fault: Fault | None = None

    def take(self, entry: Entry) -> None:
        """Take the next line; raises Broken."""
        if entry.head is None:
            self.torn.append(entry)
        else:
            self._link(entry)
        self.seen += 1

    def close(self) -> None:
        """Take the end of the last file; raises Broken."""
        if self.torn and self.torn[-1].whole:
            raise Broken(_broken(self.torn[-1]))
        self._excuse()
        self._vouch()

    def _link(self, entry: Entry) -> None:
        assert entry.head
        if entry.head.previous != (sm3_hex(self.last.raw) if self.last else START):
            raise Broken(self._culprit(entry))
        if self.last and self.last.head and (self.last.path, self.last.head.key_id) != (entry.path, entry.head.key_id):
            self._vouch()
        self._excuse()
        self.last = entry

    def _vouch(self) -> None:
        if self.last and not self._signed(self.last):
            raise Broken(_unsigned(self.last))
        self.vouched = self.seen

    def _excuse(self) -> None:
        """Lines that are none between two heads that fit were cut off by a crash; the next head began anew."""
        self.notes += [f"{_place(entry)}只写到一半（断电或中断所致），不影响核对。" for entry in self.torn]
        self.torn = []

    def _culprit(self, entry: Entry) -> Fault:
        """Which line is at fault when a head does not link to the one before."""
        try:
            self._vouch()
        except Broken as broken:
            return broken.fault
        if self.torn:
            return _broken(self.torn[0])
        if not self._signed(entry):
            return _unsigned(entry)
        return Fault(HEADS_BROKEN, None, None, None, f"{_place(entry)}之前少了链头，或顺序被改过。")

    def _signed(self, entry: Entry) -> bool:
        return entry.head is not None and is_signed(asdict(entry.head), self.trusted)


def check_heads(folder: Path, trusted: Trusted) -> HeadCheck:
    """Check all head files of a folder; `fault` of the result is the first thing wrong, if any."""
    check = HeadCheck(trusted)
    try:
        for entry in read_heads(folder):
            check.take(entry)
        check.close()
    except Broken as broken:
        check.fault = broken.fault
    return check


def anchors(folder: Path, count: int, base: int) -> Iterator[Link]:
    """The places that the first `count` lines of the files vouch for; those before the base lie in archives."""
    before = None
    for entry in islice(read_heads(folder), count):
        if entry.head and entry.head.head_id >= base:
            link = Link(entry.head.head_id, entry.head.head_hash)
            if link != before:
                yield link
            before = link


def _place(entry: Entry) -> str:
    return f"{entry.path.name} 第 {entry.number:,} 行"


def _broken(entry: Entry) -> Fault:
    return Fault(HEADS_BROKEN, None, None, None, f"{_place(entry)}已不是一条完整的链头。")


def _unsigned(entry: Entry) -> Fault:
    at = entry.head.at if entry.head else None
    return Fault(UNSIGNED, None, at, None, f"{_place(entry)}被改动过，或不是本平台的密钥所签。")

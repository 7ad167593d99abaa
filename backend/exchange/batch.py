"""One batch of messages, taken in one transaction: read outside it, judged and stored inside it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from backend.administration.codes_service import load_codes
from backend.administration.rates import load_rates
from backend.audit.service import Line, write_lines
from backend.clearance.assess import Assessed, CodeBook, Held, Rates, assess
from backend.clearance.message import Message, ReceiptMessage, ResponseMessage
from backend.clearance.service import Filing, take_declarations, take_receipts
from backend.clearance.states import SHANGHAI
from backend.db import now, writing
from backend.exchange.documents import Incoming, add_documents, known_digests, restate, settle, still_held, supersede
from backend.exchange.safety import Unreadable
from backend.exchange.single_window import Parsed, read_message
from backend.models import import_response, receipt

SEQ_NO = re.compile(rb"<(?:\w+:)?(?:SeqNo|CUS_CIQ_NO)>\s*(\w{1,32})\s*<", re.ASCII)


@dataclass(slots=True)
class Read:
    """A file with what it says, or why it cannot be read."""

    incoming: Incoming
    parsed: Parsed | None
    trouble: Unreadable | None = None
    document_id: int = 0


@dataclass
class Tally:
    """How the files of a run ended."""

    taken: int = 0
    known: int = 0
    held: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Sum up another tally."""
        self.taken, self.known, self.held = self.taken + other.taken, self.known + other.known, self.held + other.held
        for kind, count in other.kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + count


class Basis:
    """What declarations are judged by within one transaction: code tables and rates as they stand now."""

    def __init__(self, connection: Connection) -> None:
        self.codes: CodeBook = load_codes(connection)
        self.rates: Rates = load_rates(connection)


def read_incoming(incoming: Incoming) -> Read:
    """Parse a file; trouble is kept, not raised, so that one bad file never stops the others."""
    try:
        message = read_message(incoming.data)
        if isinstance(message, ReceiptMessage):
            notice_time(message)
        return Read(incoming, message)
    except Unreadable as trouble:
        return Read(incoming, None, trouble)


def notice_time(message: ReceiptMessage) -> datetime:
    """NOTICE_DATE as aware UTC; customs writes Beijing time without a zone.

    Raises Unreadable when it is no time.
    """
    try:
        at = datetime.fromisoformat(message.notice_date)
    except ValueError:
        raise Unreadable("bad_notice_date", f"回执通知时间“{message.notice_date[:40]}”不是时间") from None
    return (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def take_batch(engine: Engine, actor: str, batch: Sequence[Incoming]) -> Tally:
    """Take some files; all that they change is committed together or not at all."""
    fresh, known = _unknown(engine, batch)
    reads = [read_incoming(incoming) for incoming in fresh]
    with writing(engine) as connection:
        late = known_digests(connection, [r.incoming.digest for r in reads])  # Another importer was quicker.
        reads = [r for r in reads if r.incoming.digest not in late]
        tally = _take(connection, actor, reads) if reads else Tally()
    tally.known += known + len(late)
    return tally


def _unknown(engine: Engine, batch: Sequence[Incoming]) -> tuple[list[Incoming], int]:
    with engine.connect() as connection:
        seen = known_digests(connection, [i.digest for i in batch])
    fresh = {i.digest: i for i in batch if i.digest not in seen}
    return list(fresh.values()), len(batch) - len(fresh)


def _take(connection: Connection, actor: str, reads: Sequence[Read]) -> Tally:
    at = now()
    basis = Basis(connection)
    verdicts = {id(r): verdict(connection, basis, r) for r in reads}
    supersede(connection, at, [r.incoming.name for r in reads], _numbers(reads))
    ids = add_documents(connection, at, [_document(r, verdicts[id(r)]) for r in reads])
    for r in reads:
        r.document_id = ids[r.incoming.digest]
    store(connection, at, actor, [(r, verdicts[id(r)]) for r in reads])
    waiting = [(r, v) for r in reads if isinstance(v := verdicts[id(r)], Held | Unreadable)]
    write_lines(connection, at, [_hold(actor, r, v) for r, v in waiting])
    held = len(waiting)
    kinds: dict[str, int] = {}
    for r in reads:
        kinds[_kind(r)] = kinds.get(_kind(r), 0) + 1
    return Tally(taken=len(reads) - held, held=held, kinds=kinds)


def _hold(actor: str, read: Read, why: Held | Unreadable) -> Line:
    """A file that waits leaves a line as well."""
    detail = {"reason": why.code}
    return Line(actor, "exchange:document:hold", read.incoming.name, read.document_id, detail, "failed")


Verdict = Assessed | Held | Unreadable | None


def verdict(connection: Connection, basis: Basis, read: Read) -> Verdict:
    """Decide on one file: a declaration's assessment, None for what needs none, or why it waits."""
    if read.trouble is not None:
        return read.trouble
    if not isinstance(read.parsed, Message):
        return None
    try:
        return assess(read.parsed, basis.codes, basis.rates, _complete(connection, read.parsed))
    except Held as held:
        return held


def _complete(connection: Connection, message: Message) -> str | None:
    """Fill in what customs itself told us apart: the number of a stored declaration, and the day of declaring."""
    head = message.head
    if not head.get("seq_no") and message.client_seq_no:
        query = select(import_response.c.seq_no).where(import_response.c.client_seq_no == message.client_seq_no)
        if number := connection.scalar(query.where(import_response.c.seq_no.is_not(None)).limit(1)):
            head["seq_no"] = number
    if head.get("d_date") or not head.get("seq_no"):
        return None
    query = select(receipt.c.d_date).where(receipt.c.seq_no == head["seq_no"], receipt.c.d_date.is_not(None))
    return connection.scalar(query.limit(1))


def _numbers(reads: Iterable[Read]) -> list[str]:
    return [r.parsed.head["seq_no"] for r in reads if isinstance(r.parsed, Message) and r.parsed.head.get("seq_no")]


def _kind(read: Read) -> str:
    if isinstance(read.parsed, ReceiptMessage):
        return "receipt"
    return "response" if isinstance(read.parsed, ResponseMessage) else "declaration"


def _document(read: Read, outcome: Verdict) -> dict[str, Any]:
    held = outcome if isinstance(outcome, (Held, Unreadable)) else None
    kind = _kind(read)
    number = SEQ_NO.search(read.incoming.data[:4000])
    return {
        "incoming": read.incoming,
        "kind": kind,
        "status": "held" if held else "taken",
        "reason_code": held.code if held else None,
        "reason": str(held) if held else None,
        "seq_no": number[1].decode() if number else None,
        "keep": kind == "declaration",
    }


def store(connection: Connection, at: datetime, actor: str, outcomes: Sequence[tuple[Read, Verdict]]) -> None:
    """Put what was judged into the ledger."""
    filings = [
        Filing(read.document_id, read.parsed, outcome)
        for read, outcome in outcomes
        if isinstance(read.parsed, Message) and isinstance(outcome, Assessed)
    ]
    for some in rounds(filings):
        take_declarations(connection, at, actor, some)
    receipts = [_receipt_row(r, r.parsed) for r, _ in outcomes if isinstance(r.parsed, ReceiptMessage)]
    if receipts:
        take_receipts(connection, at, actor, receipts)
    responses = [_response_row(r, r.parsed) for r, _ in outcomes if isinstance(r.parsed, ResponseMessage)]
    if responses:
        connection.execute(insert(import_response), responses)


def rounds(filings: Sequence[Filing]) -> list[list[Filing]]:
    """Versions of one declaration that came in one batch are taken one after the other."""
    found: list[list[Filing]] = []
    seen: dict[str, int] = {}
    for filing in filings:
        turn = seen.get(filing.assessed.seq_no, 0)
        seen[filing.assessed.seq_no] = turn + 1
        if turn == len(found):
            found.append([])
        found[turn].append(filing)
    return found


def _receipt_row(read: Read, message: ReceiptMessage) -> dict[str, Any]:
    return {
        "seq_no": message.seq_no,
        "channel": message.channel[:4],
        "notice_at": notice_time(message),
        "entry_id": message.entry_id,
        "note": message.note,
        "custom_master": message.custom_master,
        "i_e_date": message.i_e_date,
        "d_date": message.d_date or None,
        "document_id": read.document_id,
    }


def _response_row(read: Read, message: ResponseMessage) -> dict[str, Any]:
    return {
        "document_id": read.document_id,
        "client_seq_no": message.client_seq_no or None,
        "seq_no": message.seq_no or None,
        "response_code": message.response_code,
        "message": message.message,
    }


def retry_batch(engine: Engine, actor: str, held: Sequence[tuple[int, Incoming]]) -> int:
    """Judge held declarations again; gives how many could be taken now."""
    reads = [read_incoming(incoming) for _, incoming in held]
    for read, (document_id, _) in zip(reads, held, strict=True):
        read.document_id = document_id
    with writing(engine) as connection:
        at, basis = now(), Basis(connection)
        waiting = still_held(
            connection, [read.document_id for read in reads]
        )  # Another importer may have been quicker.
        outcomes = [(read, verdict(connection, basis, read)) for read in reads if read.document_id in waiting]
        for read, outcome in outcomes:
            if isinstance(outcome, (Held, Unreadable)):
                restate(connection, read.document_id, outcome.code, str(outcome))
        good = [(read, outcome) for read, outcome in outcomes if isinstance(outcome, Assessed)]
        store(connection, at, actor, good)
        settle(connection, at, [read.document_id for read, _ in good])
    return len(good)

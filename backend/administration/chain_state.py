"""How the audit chain stands, in a few words for the top of the log's pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from backend.audit.heads import Head, last_good
from backend.audit.lines import chain_of, moment
from backend.audit.verify import check_recent
from backend.crypto.keys import Keys
from backend.db import now

UNSIGNED_AT_MOST = 5000  # More lines than this since the last signed head are not read again for each page.


@dataclass(frozen=True)
class ChainState:
    """How many lines there are and are kept here, when the head was last signed, and what is wrong ("" for nothing)."""

    lines: int
    kept: int
    signed_at: datetime | None
    signed_id: int
    fault: str

    @property
    def late(self) -> bool:
        """Whether lines have been waiting for a signature for longer than the worker ever takes."""
        return self.lines > self.signed_id and (self.signed_at is None or now() - self.signed_at > timedelta(minutes=5))


def chain_state(engine: Engine, keys: Keys, folder: Path) -> ChainState:
    """How the chain stands by the signed heads in `folder`; the lines since the last of them are read again."""
    entry = last_good(folder, keys)
    head: Head | None = entry.head if entry else None
    with engine.connect() as connection:
        chain = chain_of(connection)
    if chain is None:
        return ChainState(0, 0, None, 0, "审计链的链头记录不见了")
    near = head is not None and chain.head_id - head.head_id <= UNSIGNED_AT_MOST
    fault = (check_recent(engine, keys, folder) or "") if near else ""
    signed = moment(head.at) if head else None
    return ChainState(chain.head_id, chain.head_id - chain.base_id, signed, head.head_id if head else 0, fault)

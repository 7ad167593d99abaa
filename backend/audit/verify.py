"""Is the audit chain whole? Walks all lines, the signed heads outside the database and the archives behind the base."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from backend.audit.head_check import HeadCheck, anchors, check_heads
from backend.audit.heads import Head, Trusted, last_good, sign_head, strangers, trusted_keys
from backend.audit.lines import (
    CHANGED,
    REWRITTEN,
    UNSIGNED,
    Broken,
    Chain,
    Fault,
    Link,
    Stored,
    Walk,
    chain_of,
    cut,
    shown,
    snapshot,
    stored_lines,
)
from backend.audit.manifests import older_archives
from backend.crypto.keys import Keys
from backend.models import audit_line

NO_CHAIN = Fault(CHANGED, None, None, None, "记录链头的那一行不见了。")


@dataclass(frozen=True)
class Report:
    """What a verification found: how many lines are whole, how many heads, the faults, and remarks.

    `faults`: at most one each of the archives, the chain (its first bad line) and the head files.
    """

    lines: int
    heads: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return asdict(self) | {"whole": self.whole, "faults": [fault.as_json() for fault in self.faults]}


def verify(engine: Engine, keys: Keys | Trusted, folder: Path) -> Report:
    """Walk the whole chain and name the first line that is wrong, if any; memory does not grow with the chain.

    `keys`: our own, or trusted public keys by id, as `trusted_keys` gives them; `folder`: where the heads lie.
    """
    trusted = keys if isinstance(keys, Mapping) else trusted_keys(keys)
    heads = check_heads(folder, trusted)  # First: what is signed while we read the lines lies beyond our moment.
    with snapshot(engine) as connection:
        chain = chain_of(connection)
        if chain is None:
            return Report(0, heads.vouched, _some(NO_CHAIN, heads.fault), tuple(heads.notes))
        vouched = anchors(folder, heads.vouched, chain.base_id)
        walk = Walk(chain.base, chain.head_id, vouched)
        fault = _named(connection, _followed(stored_lines(connection), walk, chain.head_hash))
    base, remarks = older_archives(folder, trusted, chain.base)
    notes = (*heads.notes, *_unvouched(heads, chain), *remarks)
    return Report(walk.number - chain.base_id, heads.vouched, _some(base, fault, heads.fault), notes)


def _some(*faults: Fault | None) -> tuple[Fault, ...]:
    return tuple(fault for fault in faults if fault)


def _unvouched(heads: HeadCheck, chain: Chain) -> Iterator[str]:
    head = heads.last.head if heads.last else None
    if head is None and chain.head_id and not heads.fault:
        yield "没有已签名的链头文件，不能排除整条链被重写；平台运行一分钟后即有。"
    elif head and head.head_id < chain.head_id:
        yield f"最近一次签名在 {shown(head.at)}，到第 {head.head_id:,} 行；其后的行还没有签名担保。"


def _followed(lines: Iterator[Stored], walk: Walk, value: str) -> Fault | None:
    """Walk to the end; gives the first fault."""
    try:
        for line in lines:
            walk.step(line)
        walk.arrive(value)
    except Broken as broken:
        return broken.fault
    return None


def _named(connection: Connection, fault: Fault | None) -> Fault | None:
    """The fault of a rewritten stretch with the moment and tag that its first line now has."""
    if fault is None or fault.kind != REWRITTEN:
        return fault
    line = next(stored_lines(connection, audit_line.c.id == fault.number), None)
    return replace(fault, at=line.content["at"], tag=line.content["tag"]) if line else fault


def each_minute(engine: Engine, keys: Keys, folder: Path) -> str | None:
    """Check what is new, and sign where the chain stands if all is well; else gives the Chinese words for an alert.

    A broken chain is not signed: the next minute would measure by that head and find nothing wrong any more. After the
    database was rightly set back to a backup, the folder of heads is put aside by hand and a new row begins.
    """
    words = check_recent(engine, keys, folder)
    if words is None:
        sign_head(engine, keys, folder)
    return words


def check_recent(engine: Engine, keys: Keys, folder: Path) -> str | None:
    """A cheap check for every minute: the last signed head still holds, and the lines since then are whole.

    Gives the Chinese words for an alert, or None when all is well.
    """
    entry = last_good(folder, keys)
    head = entry.head if entry else None
    if strangers(folder, entry) or (head and head.key_id != keys.audit.key_id):
        return f"审计链{UNSIGNED}：链头文件末尾不是本平台的密钥所签。请执行 python -m backend audit verify 查明。"
    with snapshot(engine) as connection:
        fault = _recent(connection, head, trusted_keys(keys), folder)
    return f"{fault}请保留现场，执行 python -m backend audit verify 查明。" if fault else None


def _recent(connection: Connection, head: Head | None, trusted: Trusted, folder: Path) -> Fault | None:
    chain = chain_of(connection)
    if chain is None:
        return NO_CHAIN
    base = chain.base
    moved = head is None or (head.base_id, head.base_hash) != base
    if fault := older_archives(folder, trusted, base)[0] if moved else None:
        return fault
    start = Link(head.head_id, head.head_hash) if head and head.head_id >= base.number else base
    if start.number > chain.head_id:
        return cut(chain.head_id, f"已签名的链头记着第 {start.number:,} 行")
    stored = connection.scalar(select(audit_line.c.hash).where(audit_line.c.id == start.number))
    if start.number > base.number and stored != start.value:
        return Fault(REWRITTEN, start.number, None, None, "这一行的值与签名的链头不符，或这一行不见了。")
    later = stored_lines(connection, audit_line.c.id > start.number)
    return _followed(later, Walk(start, chain.head_id), chain.head_hash)

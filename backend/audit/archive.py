"""Old audit lines move into signed archives, never before their time, and can be brought back."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from backend.audit.chain import stamp
from backend.audit.head_check import anchors, check_heads
from backend.audit.heads import trusted_keys
from backend.audit.lines import Broken, Chain, Link, Stored, Walk, chain_of, moment, snapshot, stored_lines
from backend.audit.manifests import (
    ArchiveBroken,
    Manifest,
    archive_folder,
    digest_of,
    lines_in,
    read_manifest,
    write_lines_to,
    write_manifest,
)
from backend.audit.service import Line, write_lines
from backend.clearance.states import SHANGHAI
from backend.crypto.files import make_private_folder, sweep
from backend.crypto.keys import Keys
from backend.db import now, owning
from backend.models import audit_chain, audit_line

KEPT_DAYS = (
    180  # 网络安全法 第二十一条：日志留存不少于六个月。The database refuses younger ones as well (migration 0003).
)
LINES_MOST = 100_000  # Taking them out holds up all writers for a few seconds.
CHUNK = 1000


class TooYoung(ValueError):
    """Lines of the last 180 days stay where they are; the text says from which day on archives may be made."""


class ArchiveRefused(ValueError):
    """The archive cannot be made or brought back now; the text says why. Nothing was changed."""


class Archived(NamedTuple):
    """An archive that was made: where its manifest lies, and what that says."""

    path: Path
    manifest: Manifest


def archive(engine: Engine, keys: Keys, folder: Path, before: date, actor: str = "平台") -> Archived | None:
    """Move the lines written before a day of Xi'an into one archive, at most 100,000 of them; call it until None.

    The archive is on the disk and read back before a line leaves the table; interrupted anywhere, the lines are in the
    table or in a whole archive, and a new call goes on. Raises TooYoung, ArchiveRefused when the chain is broken.
    """
    latest = now().astimezone(SHANGHAI).date() - timedelta(days=KEPT_DAYS)
    if before > latest:
        raise TooYoung(f"审计记录至少保存 {KEPT_DAYS} 天，今天最晚只能归档 {latest} 之前的记录。")
    place = archive_folder(folder)
    make_private_folder(place)
    sweep(place)
    made = _made(engine, keys, folder, datetime.combine(before, time(), SHANGHAI))
    if made is None:
        return None
    path = place / made.file.replace(".jsonl.gz", ".json")
    write_manifest(path, made, keys)
    manifest = read_manifest(path, trusted_keys(keys))
    for _ in _proven(place, manifest):
        pass  # Reading the file to its end is the proof.
    with owning(engine) as connection:
        _move_base(connection, manifest.before, manifest.after)
        gone = connection.execute(delete(audit_line).where(audit_line.c.id <= manifest.last_id)).rowcount
        if gone != manifest.count:
            raise ArchiveRefused(f"库中待移出的有 {gone:,} 行，归档中有 {manifest.count:,} 行，没有移出。")
        _leave_line(connection, actor, "make", manifest)
    return Archived(path, manifest)


def restore(engine: Engine, keys: Keys, path: Path, former: Iterable[str] = (), actor: str = "平台") -> int:
    """Bring the lines of the newest archive back into the table; gives how many. The files stay where they are.

    `path`: its manifest; `former`: public keys (PEM) that signed before the present one. Raises ArchiveBroken when
    anything about the archive is not as it was written, ArchiveRefused when a newer one must be brought back first.
    """
    manifest = read_manifest(path, trusted_keys(keys, former))
    with owning(engine) as connection:
        _move_base(connection, manifest.after, manifest.before)
        lines = _proven(path.parent, manifest)
        while part := list(islice(lines, CHUNK)):
            connection.execute(insert(audit_line), [_row(line) for line in part])
        _leave_line(connection, actor, "restore", manifest)
    return manifest.count


def _made(engine: Engine, keys: Keys, folder: Path, until: datetime) -> Manifest | None:
    """Write the compressed file of what is old enough and say what it holds; None when nothing is."""
    vouched = check_heads(folder, trusted_keys(keys)).vouched
    with snapshot(engine) as connection:
        chain = chain_of(connection)
        if chain is None:
            raise ArchiveRefused("记录链头的那一行不见了，不能归档。")
        start, last = chain.base, _last_old(connection, chain, until)
        if last == start.number:
            return None
        walk = Walk(start, last, (link for link in anchors(folder, vouched, start.number) if link.number <= last))
        file = archive_folder(folder) / f"audit-{start.number + 1}-{last}.jsonl.gz"
        mine = audit_line.c.id.between(start.number + 1, last)
        write_lines_to(file, _walked(stored_lines(connection, mine), walk, ArchiveRefused))
        first_at, last_at = connection.execute(
            select(func.min(audit_line.c.at), func.max(audit_line.c.at)).where(mine)
        ).one()
    return Manifest(
        file=file.name, first_id=start.number + 1, last_id=last, count=last - start.number, value_before=start.value,
        value_after=walk.value, first_at=stamp(first_at), last_at=stamp(last_at), sm3=digest_of(file),
        made_at=stamp(now()),
    )  # fmt: skip


def _last_old(connection: Connection, chain: Chain, until: datetime) -> int:
    """The last line before the first that is too young, so that a clock which was set back leaves no gap."""
    last = min(chain.head_id, chain.base_id + LINES_MOST)
    within = audit_line.c.id.between(chain.base_id + 1, last)
    young = select(func.min(audit_line.c.id)).where(within, audit_line.c.at >= until)
    first_young: int | None = connection.scalar(young)
    return last if first_young is None else first_young - 1


def _walked(lines: Iterator[Stored], walk: Walk, refusal: type[Exception]) -> Iterator[Stored]:
    """The lines, each after it proved to be the one that belongs there."""
    try:
        for line in lines:
            walk.step(line)
            yield line
        walk.arrive()
    except Broken as broken:
        raise refusal(f"审计记录有问题，没有归档或恢复。{broken}") from broken


def _proven(place: Path, manifest: Manifest) -> Iterator[Stored]:
    """The lines of an archive, which must be those that its manifest speaks of; raises ArchiveBroken."""
    file = place / Path(manifest.file).name
    if digest_of(file) != manifest.sm3:
        raise ArchiveBroken(f"归档文件 {file} 已损坏或被改动，请从备份取回原件。")
    yield from _walked(lines_in(file), Walk(manifest.before, manifest.last_id, [manifest.after]), ArchiveBroken)


def _move_base(connection: Connection, old: Link, new: Link) -> None:
    c = audit_chain.c
    there = (c.base_id == old.number) & (c.base_hash == old.value)
    moved = connection.execute(update(audit_chain).where(there).values(base_id=new.number, base_hash=new.value))
    if moved.rowcount != 1:
        raise ArchiveRefused("库中的审计记录不是从这份归档处起的；恢复须从最新的一份归档开始，依次向前。")


def _leave_line(connection: Connection, actor: str, action: str, manifest: Manifest) -> None:
    detail = {"first": manifest.first_id, "last": manifest.last_id, "sm3": manifest.sm3}
    write_lines(connection, now(), [Line(actor, f"audit:archive:{action}", manifest.file, detail=detail)])


def _row(line: Stored) -> dict[str, Any]:
    return {**line.content, "at": moment(line.content["at"]), "hash": line.hash}

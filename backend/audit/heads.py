"""Signed heads of the audit chain, kept in files outside the database: who rewrites the chain cannot rewrite these."""

import base64
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Engine

from backend.audit.chain import START, stamp
from backend.audit.lines import chain_of, moment, snapshot
from backend.clearance.states import SHANGHAI
from backend.crypto.digest import sm3, sm3_hex
from backend.crypto.files import make_private_folder, sync_folder, write_private
from backend.crypto.keys import Keys
from backend.crypto.sm2 import verify
from backend.db import now
from cache.locks import file_lock

QUIET = timedelta(hours=1)  # A chain that does not grow is signed anew after this time, as a sign of life.
TAIL_BYTES = 65_536
Trusted = Mapping[str, str]


@dataclass(frozen=True)
class Head:
    """Where the chain stood at a moment. `previous` is SM3 of the head line before, so that none can be taken out."""

    at: str
    head_id: int
    head_hash: str
    base_id: int
    base_hash: str
    key_id: str
    previous: str
    signature: str = ""


class Entry(NamedTuple):
    """A line of a head file: where it lies, its bytes, whether its end was written, and the head it holds, if any."""

    path: Path
    number: int
    raw: bytes
    whole: bool
    head: Head | None


def trusted_keys(keys: Keys | None, former: Iterable[str] = ()) -> Trusted:
    """The public keys (PEM) to believe, by key id: our own and those that served before. Never those found beside
    the files they would vouch for."""
    pems = [*([keys.audit.public_pem] if keys else []), *former]
    return {key_id_of(pem): pem for pem in pems}


def key_id_of(pem: str) -> str:
    """The id of a public key as `Signer` gives it; raises ValueError for what is no PEM."""
    body = "".join(line for line in pem.splitlines() if line and not line.startswith("-----"))
    return sm3(base64.b64decode(body, validate=True)).hex()[:16]


def signed(content: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """A content with the id of the signing key and the SM2 signature (hexadecimal DER) over all of it."""
    whole = {**content, "key_id": keys.audit.key_id}
    return {**whole, "signature": keys.audit.sign(_spelt(whole)).hex()}


def is_signed(content: Mapping[str, Any], trusted: Trusted) -> bool:
    """Whether one of the trusted keys signed this content."""
    rest = {name: value for name, value in content.items() if name != "signature"}
    pem = trusted.get(content.get("key_id", ""))
    with suppress(ValueError, TypeError):
        return pem is not None and verify(pem, _spelt(rest), bytes.fromhex(content["signature"]))
    return False


def _spelt(content: Mapping[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def sign_head(engine: Engine, keys: Keys, folder: Path) -> Head | None:
    """Sign where the chain stands now and add it to the month's file; None when the last head says all there is.

    Raises CryptoFault and OSError; a line cut off by a crash stays where it is and the next one begins anew.
    """
    make_private_folder(folder)
    with file_lock(folder / "heads.lock"):
        last = last_good(folder, keys)
        head = _present(engine, keys, last)
        if head is None or (last and last.head and not _due(last.head, head)):
            return None
        _publish_key(folder, keys)
        _append(_month_file(folder, head), _spelt(asdict(head)) + b"\n")
        return head


def _present(engine: Engine, keys: Keys, last: Entry | None) -> Head | None:
    with snapshot(engine) as connection:
        chain = chain_of(connection)
    if chain is None:
        return None
    previous = sm3_hex(last.raw) if last else START
    return Head(**signed({"at": stamp(now()), **chain._asdict(), "previous": previous}, keys))


def _due(last: Head, head: Head) -> bool:
    moved = (last.head_id, last.head_hash, last.base_id) != (head.head_id, head.head_hash, head.base_id)
    return moved or moment(head.at) - moment(last.at) >= QUIET


def _publish_key(folder: Path, keys: Keys) -> None:
    """Lay the public key beside the heads, for auditors with tools of their own."""
    path = folder / f"public-{keys.audit.key_id}.pem"
    if not path.exists():
        write_private(path, keys.audit.public_pem.encode())


def _month_file(folder: Path, head: Head) -> Path:
    """The file of the month in Xi'an; never one before the newest, even if the clock was set back."""
    name = f"heads-{moment(head.at).astimezone(SHANGHAI):%Y-%m}.jsonl"
    return max([*head_files(folder), folder / name])


def _append(path: Path, line: bytes) -> None:
    """Add a line in one write that is on the disk when this returns."""
    binary = getattr(os, "O_BINARY", 0)  # Windows would write other line ends than were signed.
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | binary, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        size = os.fstat(handle).st_size
        file.seek(max(size - 1, 0))
        torn = size > 0 and file.read(1) != b"\n"
        file.write(b"\n" + line if torn else line)
        os.fsync(handle)
    sync_folder(path.parent)


def head_files(folder: Path) -> list[Path]:
    """The head files, oldest month first."""
    return sorted(folder.glob("heads-????-??.jsonl"))


def read_heads(folder: Path) -> Iterator[Entry]:
    """All lines of all head files in their order."""
    for path in head_files(folder):
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                yield _entry(path, number, raw)


def _entry(path: Path, number: int, raw: bytes) -> Entry:
    line = raw.rstrip(b"\n")
    return Entry(path, number, line, raw.endswith(b"\n"), _parsed(line))


def _parsed(line: bytes) -> Head | None:
    """The head in a line; None for anything else."""
    with suppress(ValueError, TypeError):
        head = Head(**orjson.loads(line))
        kinds = {"head_id": int, "base_id": int}
        moment(head.at)
        if all(isinstance(getattr(head, f.name), kinds.get(f.name, str)) for f in fields(head)):
            return head
    return None


def last_good(folder: Path, keys: Keys) -> Entry | None:
    """The last head that we signed, or that a former key did whose public half lies beside it; strangers are skipped.

    New heads link to this one, so a planted line never becomes part of the row of heads.
    """
    for path in reversed(head_files(folder)):
        for entry in _backwards(path):
            if entry.head and is_signed(asdict(entry.head), _known(folder, keys, entry.head)):
                return entry
    return None


def strangers(folder: Path, last: Entry | None) -> list[Entry]:
    """What lies after the last good head in its file, except the remains of a write that was cut off."""
    newest = head_files(folder)[-1:]
    after = takewhile(lambda entry: last is None or entry.raw != last.raw, _backwards(newest[0]) if newest else ())
    return [entry for entry in after if entry.whole]


def _known(folder: Path, keys: Keys, head: Head) -> Trusted:
    if head.key_id == keys.audit.key_id:
        return trusted_keys(keys)
    with suppress(OSError, ValueError):
        return trusted_keys(None, [(folder / f"public-{Path(head.key_id).name}.pem").read_text()])
    return {}


def _backwards(path: Path) -> Iterator[Entry]:
    """The lines of a file from its end: first those near the end, and the whole file only if it is asked for more."""
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        near = max(file.tell() - TAIL_BYTES, 0)
        file.seek(near)
        lines = file.read().splitlines(keepends=True)[1 if near else 0 :]
        yield from (_entry(path, 0, raw) for raw in reversed(lines))
        file.seek(0)
        rest = file.read().splitlines(keepends=True) if near else lines
        yield from (_entry(path, 0, raw) for raw in reversed(rest[: len(rest) - len(lines)]))

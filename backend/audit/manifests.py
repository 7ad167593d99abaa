"""Archives of old audit lines as they lie on the disk: a compressed file and a signed manifest that vouches for it."""

import gzip
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import BinaryIO

import orjson
from cryptography.hazmat.primitives import hashes

from backend.audit.chain import CONTENT, START
from backend.audit.heads import Trusted, is_signed, signed
from backend.audit.lines import Fault, Link, Stored
from backend.crypto.files import sync_folder
from backend.crypto.keys import Keys

BEGINNING = Link(0, START)
BLOCK = 1 << 20
BASE_UNPROVEN = "归档不符"


class ArchiveBroken(Exception):
    """An archive or its manifest is damaged, missing or not ours; ``str(e)`` says so in Chinese."""


@dataclass(frozen=True)
class Manifest:
    """What an archive holds: lines `first_id` to `last_id`, the chain's value before and after, and SM3 of the file."""

    file: str
    first_id: int
    last_id: int
    count: int
    value_before: str
    value_after: str
    first_at: str
    last_at: str
    sm3: str
    made_at: str
    key_id: str = ""
    signature: str = ""

    @property
    def before(self) -> Link:
        """The place in the chain before the first line."""
        return Link(self.first_id - 1, self.value_before)

    @property
    def after(self) -> Link:
        """The place in the chain of the last line."""
        return Link(self.last_id, self.value_after)


def archive_folder(folder: Path) -> Path:
    """Where the archives lie, below the folder of the heads."""
    return folder / "archive"


def write_manifest(path: Path, manifest: Manifest, keys: Keys) -> None:
    """Sign a manifest and put it on the disk."""
    content = {k: v for k, v in asdict(manifest).items() if k not in ("key_id", "signature")}
    with replacing(path) as file:
        file.write(orjson.dumps(signed(content, keys), option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2))


def read_manifest(path: Path, trusted: Trusted) -> Manifest:
    """Read a manifest; raises ArchiveBroken unless a trusted key signed it."""
    with suppress(OSError, ValueError, TypeError):
        content = orjson.loads(path.read_bytes())
        if set(content) == {field.name for field in fields(Manifest)} and is_signed(content, trusted):
            return Manifest(**content)
    raise ArchiveBroken(f"归档清单 {path} 缺失、被改动过，或不是本平台的密钥所签。请从备份取回原件。")


def write_lines_to(path: Path, lines: Iterable[Stored]) -> None:
    """Write lines into a compressed file, the same lines always into the same bytes."""
    with replacing(path) as file, gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as out:
        for content, value in lines:
            out.write(orjson.dumps(content | {"hash": value}, option=orjson.OPT_SORT_KEYS) + b"\n")


def lines_in(path: Path) -> Iterator[Stored]:
    """The lines of a compressed file; raises ArchiveBroken when it cannot be read to its end."""
    try:
        with gzip.open(path, "rb") as file:
            for raw in file:
                row = orjson.loads(raw)
                yield Stored({name: row[name] for name in CONTENT}, row["hash"])
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise ArchiveBroken(f"归档文件 {path} 缺失或已损坏，请从备份取回原件。") from error


def digest_of(path: Path) -> str:
    """SM3 of a file, 64 hexadecimal digits; raises ArchiveBroken when it cannot be read."""
    digest = hashes.Hash(hashes.SM3())
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError as error:
        raise ArchiveBroken(f"归档文件 {path} 缺失或无法读取，请从备份取回原件。") from error
    return digest.finalize().hex()


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file, mode 0600, that takes its name only when it is whole and on the disk."""
    handle, made = tempfile.mkstemp(prefix=".unfinished-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(handle)
        os.replace(made, path)
    except BaseException:
        os.unlink(made)
        raise
    sync_folder(path.parent)


def older_archives(folder: Path, trusted: Trusted, base: Link) -> tuple[Fault | None, list[str]]:
    """Follow the manifests from the base of the chain back to its first line; what they vouch for must be unbroken.

    A compressed file may have been carried to another place, which is only remarked; one that is here must be whole.
    """
    notes: list[str] = []
    found = _by_end(archive_folder(folder), trusted)
    while base != BEGINNING:
        manifest = found.get(base)
        if manifest is None:
            words = (
                f"库中自第 {base.number + 1:,} 行起，此前的行却没有归档清单担保；归档清单缺失或被改动，或前面的行被删。"
            )
            return Fault(BASE_UNPROVEN, None, None, None, words), notes
        path = archive_folder(folder) / manifest.file
        if not path.exists():
            notes.append(f"归档文件 {manifest.file} 不在本机，请确认已另存。")
        elif digest_of(path) != manifest.sm3:
            return Fault(BASE_UNPROVEN, None, None, None, f"归档文件 {manifest.file} 已损坏或被改动。"), notes
        base = manifest.before
    return None, notes


def _by_end(folder: Path, trusted: Trusted) -> dict[Link, Manifest]:
    """The sound manifests by the place where they end."""
    found = {}
    for path in sorted(folder.glob("audit-*.json")):
        with suppress(ArchiveBroken):
            manifest = read_manifest(path, trusted)
            found[manifest.after] = manifest
    return found

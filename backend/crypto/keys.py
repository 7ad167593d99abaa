"""The key ring: a folder of key files, made on first run, and the keys read from it."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field as column
from pathlib import Path
from typing import NamedTuple

from backend.crypto.digest import sm3_hex
from backend.crypto.errors import KeyMissing, KeysBroken, KeysUnsafe
from backend.crypto.files import check_folder, make_private_folder, read_private, sweep, write_private
from backend.crypto.sm2 import Signer
from backend.crypto.sm4 import KEY_BYTES

__all__ = ["FieldKeys", "KeyRing", "Keys", "KeysBroken", "KeysUnsafe", "keys_exist", "open_keys", "rotate_field_key"]

AUDIT, INDEX, FORMS, FIELD = "audit.pem", "index.key", "forms.key", "field"
SECRET_BYTES = 32
ID_DIGITS = 8
FIELD_FILE = re.compile(r"field-(\d{4})\.key")


class Held(NamedTuple):
    """The field keys as last read: by id, which of them is current, and where the next one will lie."""

    keys: dict[str, bytes]
    current: str
    following: str


class FieldKeys:
    """The SM4 keys of sealed fields by id; new texts are sealed under the current one.

    A key added by another process is noticed at the next sealing, so a rotation needs no restart.
    """

    def __init__(self, ring: "KeyRing") -> None:
        self._ring = ring
        self._held = ring.read_field_keys()

    @property
    def current(self) -> str:
        """The id (8 hexadecimal digits) of the key to seal under."""
        if os.path.exists(self._held.following):
            self._held = self._ring.read_field_keys()
        return self._held.current

    @property
    def ids(self) -> list[str]:
        """The ids of all keys, oldest first."""
        return list(self._held.keys)

    def key(self, key_id: str) -> bytes:
        """The key (16 bytes) of that id; raises KeyMissing."""
        if key_id not in self._held.keys:
            self._held = self._ring.read_field_keys()
        try:
            return self._held.keys[key_id]
        except KeyError:
            raise KeyMissing(key_id) from None


@dataclass(frozen=True, eq=False)
class Keys:
    """All keys of the platform: sealed fields, blind index (32 bytes), forms and cookies (32 bytes), audit."""

    field: FieldKeys
    index: bytes = column(repr=False)
    forms: bytes = column(repr=False)
    audit: Signer


class KeyRing:
    """The folder of key files: audit.pem, index.key, forms.key and field-0001.key and up, the last of them current.

    A key file is one line: the key in hexadecimal and the first digits of SM3 over its kind and the key. The mark finds
    damage and mix-ups, and is the id of a field key. No file is ever changed, so nothing needs a lock.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def exists(self) -> bool:
        """Whether the keys were made; the first field key is written last, so then all of them were."""
        return any(self._field_files())

    def open(self) -> Keys:
        """Read the keys, on first run make them; raises KeysUnsafe, KeysBroken, CryptoUnavailable."""
        if not self.exists():
            self._create()
        check_folder(self.folder)
        sweep(self.folder)
        return Keys(
            field=FieldKeys(self),
            index=self._read(INDEX, INDEX, SECRET_BYTES),
            forms=self._read(FORMS, FORMS, SECRET_BYTES),
            audit=Signer.load(self.folder / AUDIT),
        )

    def rotate(self) -> str:
        """Add a field key, which is the current one from now on, and return its id."""
        while True:
            number = 1 + max(self._field_files(), default=0)
            if number == 1:
                raise KeysBroken(
                    f"密钥目录 {self.folder} 中还没有字段密钥，无法更换。请先启动一次平台，或从备份恢复密钥目录。"
                )
            with suppress(FileExistsError):  # Someone else rotated at the same moment; ours comes after it.
                return self._add_field_key(number)

    def read_field_keys(self) -> Held:
        """Read all field keys; raises KeysUnsafe, KeysBroken."""
        numbers = sorted(self._field_files())
        if not numbers:
            raise KeysBroken(f"密钥目录 {self.folder} 中没有字段密钥（field-*.key）。请从备份恢复密钥目录。")
        found = [self._read(_field_file(number), FIELD, KEY_BYTES) for number in numbers]
        keys = {_mark(FIELD, key): key for key in found}
        return Held(keys, list(keys)[-1], str(self.folder / _field_file(numbers[-1] + 1)))

    def _create(self) -> None:
        """Make what is missing; another process may be doing the same, and whoever writes a file first decides it."""
        make_private_folder(self.folder)
        check_folder(self.folder)
        with suppress(FileExistsError):
            Signer.create(self.folder / AUDIT)
        for name in (INDEX, FORMS):
            with suppress(FileExistsError):
                self._write(name, name, secrets.token_bytes(SECRET_BYTES))
        with suppress(FileExistsError):
            self._add_field_key(1)

    def _add_field_key(self, number: int) -> str:
        key = secrets.token_bytes(KEY_BYTES)
        self._write(_field_file(number), FIELD, key)
        return _mark(FIELD, key)

    def _field_files(self) -> Iterator[int]:
        names = os.listdir(self.folder) if self.folder.is_dir() else []
        return (int(found[1]) for found in map(FIELD_FILE.fullmatch, names) if found)

    def _write(self, name: str, kind: str, key: bytes) -> None:
        write_private(self.folder / name, f"{key.hex()} {_mark(kind, key)}\n".encode())

    def _read(self, name: str, kind: str, length: int) -> bytes:
        path = self.folder / name
        written, _, mark = read_private(path).decode(errors="replace").strip().partition(" ")
        with suppress(ValueError):
            key = bytes.fromhex(written)
            if len(key) == length and mark == _mark(kind, key):
                return key
        raise KeysBroken(f"密钥文件 {path} 已损坏，或放错了名字。请从备份恢复这个文件后重新启动。")


def open_keys(folder: Path) -> Keys:
    """Read the keys in the folder, on first run make them.

    Any number of processes may do so at once and get the same keys. Raises KeysUnsafe when others may read them,
    KeysBroken when a file is missing or damaged, CryptoUnavailable when OpenSSL lacks SM2.
    """
    return KeyRing(folder).open()


def keys_exist(folder: Path) -> bool:
    """Whether keys were ever made in the folder; False beside a database with sealed fields means they are lost."""
    return KeyRing(folder).exists()


def rotate_field_key(folder: Path) -> str:
    """Add a current SM4 key and return its id; the old ones stay readable. Raises KeysBroken when there are no keys."""
    return KeyRing(folder).rotate()


def _field_file(number: int) -> str:
    return f"{FIELD}-{number:04d}.key"


def _mark(kind: str, key: bytes) -> str:
    return sm3_hex(kind.encode() + b"\0" + key)[:ID_DIGITS]

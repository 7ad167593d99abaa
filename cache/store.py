"""The one door to published bytes: in files by default, in Redis when there are several hosts."""

import os
import re
import shutil
import threading
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import orjson
import redis

from cache.locks import file_lock
from dashboard.settings import Settings

Fault = dict[str, Any]
# Payloads this young are never swept: a reader may still hold the pointer that named them.
YOUNG_SECONDS = 600
NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


@dataclass(frozen=True)
class Pointer:
    """Which generation is published, by which worker (fence), of which moment its data is, and since when."""

    generation: str
    fence: int
    as_of: str
    published_at: str


class Store(Protocol):
    """Published bytes by name ('generation/part'), the pointer to the current generation, and the visible fault."""

    def get(self, name: str) -> bytes | None:
        """Return the bytes of a name, None when there are none."""

    def put(self, name: str, value: bytes) -> None:
        """Keep bytes under a name."""

    def pointer(self) -> Pointer | None:
        """Return the pointer to the published generation."""

    def flip(self, pointer: Pointer) -> bool:
        """Publish a generation; False, and nothing changes, when its fence is lower than the present one."""

    def fault(self) -> Fault | None:
        """Return the fault to show, if there is one."""

    def put_fault(self, fault: Fault) -> None:
        """Show a fault: code, message (Chinese), since."""

    def clear_fault(self) -> None:
        """Show no fault any more."""

    def sweep(self, keep: Collection[str]) -> None:
        """Drop the payloads of generations that are neither to keep nor young."""


def open_store(settings: Settings) -> Store:
    """Open the store that the settings ask for."""
    if settings.redis_url:
        return RedisStore(redis.Redis.from_url(settings.redis_url, socket_timeout=3, socket_connect_timeout=3))
    return FileStore(settings.var / "published")


def checked(name: str) -> str:
    """Return a name that cannot leave the store; raises ValueError for any other."""
    if not NAME.fullmatch(name) or ".." in name:
        raise ValueError(f"不是存储中的名称:{name!r}")
    return name


def read_pointer(raw: bytes | None) -> Pointer | None:
    """Read a pointer as it is stored."""
    return Pointer(**orjson.loads(raw)) if raw else None


def write_whole(target: Path, value: bytes) -> None:
    """Replace a file in one step; the bytes have reached the disk before the name points to them."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f"{target.name}.{os.getpid()}-{threading.get_ident()}.part")
    with aside.open("wb") as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, target)


class FileStore:
    """A folder; every file is replaced whole, and check and flip are one step under a lock."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, name: str) -> bytes | None:
        """Return the bytes of a name, None when there are none."""
        try:
            return (self.root / checked(name)).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def put(self, name: str, value: bytes) -> None:
        """Keep bytes under a name; a reader sees the old or the new bytes, never a part."""
        write_whole(self.root / checked(name), value)

    def pointer(self) -> Pointer | None:
        """Return the pointer to the published generation."""
        return read_pointer(self.get("pointer.json"))

    def flip(self, pointer: Pointer) -> bool:
        """Publish a generation unless a worker with a higher fence already has."""
        with file_lock(self.root / "pointer.lock"):
            present = self.pointer()
            if present is not None and pointer.fence < present.fence:
                return False
            self.put("pointer.json", orjson.dumps(asdict(pointer)))
            return True

    def fault(self) -> Fault | None:
        """Return the fault to show, if there is one."""
        raw = self.get("fault.json")
        return cast(Fault, orjson.loads(raw)) if raw else None

    def put_fault(self, fault: Fault) -> None:
        """Show a fault."""
        self.put("fault.json", orjson.dumps(fault))

    def clear_fault(self) -> None:
        """Show no fault any more."""
        (self.root / "fault.json").unlink(missing_ok=True)

    def sweep(self, keep: Collection[str]) -> None:
        """Drop the payloads of generations that are neither to keep nor young."""
        oldest = time.time() - YOUNG_SECONDS
        for folder in self.root.iterdir() if self.root.is_dir() else ():
            if folder.is_dir() and folder.name not in keep and folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)


# Check and flip in one step on the server; cjson reads the fence exactly up to 2^53.
FLIP = """
local present = redis.call('GET', KEYS[1])
if present and tonumber(ARGV[2]) < cjson.decode(present)['fence'] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
"""


class RedisStore:
    """Redis keys under one prefix; a sorted set remembers when each generation was written."""

    prefix = "panorama:"

    def __init__(self, client: redis.Redis) -> None:
        self.client = client

    def get(self, name: str) -> bytes | None:
        """Return the bytes of a name, None when there are none."""
        return cast(bytes | None, self.client.get(self.prefix + checked(name)))

    def put(self, name: str, value: bytes) -> None:
        """Keep bytes under a name."""
        generation, _, part = checked(name).partition("/")
        self.client.set(self.prefix + name, value)
        if part:
            self.client.sadd(f"{self.prefix}parts:{generation}", part)
            self.client.zadd(f"{self.prefix}generations", {generation: time.time()})

    def pointer(self) -> Pointer | None:
        """Return the pointer to the published generation."""
        return read_pointer(self.get("pointer.json"))

    def flip(self, pointer: Pointer) -> bool:
        """Publish a generation unless a worker with a higher fence already has."""
        raw = orjson.dumps(asdict(pointer))
        return bool(self.client.eval(FLIP, 1, f"{self.prefix}pointer.json", raw, pointer.fence))

    def fault(self) -> Fault | None:
        """Return the fault to show, if there is one."""
        raw = self.get("fault.json")
        return cast(Fault, orjson.loads(raw)) if raw else None

    def put_fault(self, fault: Fault) -> None:
        """Show a fault."""
        self.client.set(f"{self.prefix}fault.json", orjson.dumps(fault))

    def clear_fault(self) -> None:
        """Show no fault any more."""
        self.client.delete(f"{self.prefix}fault.json")

    def sweep(self, keep: Collection[str]) -> None:
        """Drop the payloads of generations that are neither to keep nor young."""
        old = self.client.zrangebyscore(f"{self.prefix}generations", 0, time.time() - YOUNG_SECONDS)
        for generation in (name.decode() for name in cast(list[bytes], old)):
            if generation not in keep:
                self._forget(generation)

    def _forget(self, generation: str) -> None:
        index = f"{self.prefix}parts:{generation}"
        parts = [part.decode() for part in cast(set[bytes], self.client.smembers(index))]
        self.client.delete(index, *(f"{self.prefix}{generation}/{part}" for part in parts))
        self.client.zrem(f"{self.prefix}generations", generation)

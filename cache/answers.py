"""Answers to ad-hoc questions as bytes, each computed once however many ask at the same time."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol, cast

import orjson
import redis
from flask import Flask
from flask_caching.backends.base import BaseCache

from cache.locks import file_lock
from cache.store import FileStore, RedisStore
from dashboard.settings import get_settings

# A generation is answered from for a minute or two; what nobody has asked for in this time goes.
KEEP_SECONDS = 900
LOCKS = 64
SWEEP_EVERY = 60


class Shelf(Protocol):
    """Where answers lie, and a lock that all processes share for a key."""

    def get(self, key: str) -> bytes | None:
        """Return the bytes of a key that has not expired."""

    def put(self, key: str, value: bytes, seconds: int) -> None:
        """Keep bytes for so many seconds."""

    def drop(self, key: str) -> bool:
        """Forget a key; True when it was there."""

    def lock(self, key: str) -> Any:
        """Return a context manager that one holder at a time enters for a key."""


class FileShelf:
    """Answers as files; the first 14 bytes say until when they hold."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = FileStore(root)
        self.swept = time.monotonic()

    def get(self, key: str) -> bytes | None:
        """Return the bytes of a key that has not expired."""
        raw = self.files.get(key)
        return raw[14:] if raw and float(raw[:14]) > time.time() else None

    def put(self, key: str, value: bytes, seconds: int) -> None:
        """Keep bytes for so many seconds."""
        self.files.put(key, f"{time.time() + seconds:014.2f}".encode() + value)
        if time.monotonic() - self.swept > SWEEP_EVERY:
            self._sweep()

    def drop(self, key: str) -> bool:
        """Forget a key; True when it was there."""
        found = (self.root / key).is_file()
        (self.root / key).unlink(missing_ok=True)
        return found

    def lock(self, key: str) -> Any:
        """Return the lock of a key; keys share a fixed number of lock files."""
        return file_lock(self.root / "locks" / f"{int(key[:8], 16) % LOCKS:02d}")

    def _sweep(self) -> None:
        self.swept = time.monotonic()
        oldest = time.time() - KEEP_SECONDS
        for path in self.root.iterdir():
            if path.is_file() and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)


class RedisShelf:
    """Answers in Redis, which expires them itself."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client

    def get(self, key: str) -> bytes | None:
        """Return the bytes of a key that has not expired."""
        return cast(bytes | None, self.client.get(f"{RedisStore.prefix}answer:{key}"))

    def put(self, key: str, value: bytes, seconds: int) -> None:
        """Keep bytes for so many seconds."""
        self.client.set(f"{RedisStore.prefix}answer:{key}", value, ex=seconds)

    def drop(self, key: str) -> bool:
        """Forget a key; True when it was there."""
        return bool(self.client.delete(f"{RedisStore.prefix}answer:{key}"))

    def lock(self, key: str) -> Any:
        """Return the lock of a key; a holder that died frees it after a minute."""
        return self.client.lock(f"{RedisStore.prefix}lock:{key}", timeout=60)


class BytesCache(BaseCache):
    """A Flask-Caching backend for bytes alone: a pickle from a shared store would run whatever it says.

    Use as CACHE_TYPE="cache.answers.BytesCache"; the settings choose files or Redis.
    """

    def __init__(self, shelf: Shelf, default_timeout: int = KEEP_SECONDS) -> None:
        super().__init__(default_timeout=default_timeout)
        self.shelf = shelf
        self._locks = [threading.Lock() for _ in range(LOCKS)]

    @classmethod
    def factory(cls, app: Flask, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> "BytesCache":
        """Build the backend for Flask-Caching; CACHE_ARGS may give a shelf, else the settings choose."""
        return cls(args[0] if args else open_shelf(), kwargs.get("default_timeout", KEEP_SECONDS))

    def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, None when there are none."""
        return self.shelf.get(digest(key))

    def set(self, key: str, value: bytes, timeout: int | timedelta | None = None) -> bool:
        """Keep bytes; raises TypeError for anything else."""
        if not isinstance(value, bytes):
            raise TypeError("缓存只存字节")
        seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        self.shelf.put(digest(key), value, int(seconds or self.default_timeout or KEEP_SECONDS))
        return True

    def add(self, key: str, value: bytes, timeout: int | timedelta | None = None) -> bool:
        """Keep bytes unless the key is there already."""
        return not self.has(key) and self.set(key, value, timeout)

    def has(self, key: str) -> bool:
        """Tell whether a key is there."""
        return self.get(key) is not None

    def delete(self, key: str) -> bool:
        """Forget a key; True when it was there."""
        return self.shelf.drop(digest(key))

    def answer(self, parts: tuple[str, str, Any], compute: Callable[[], bytes]) -> bytes:
        """Return the answer to (generation, scope, question), computing it once for all who ask at the same time.

        The question is anything that JSON can hold. What `compute` raises reaches each caller and is not kept.
        """
        key = answer_key(*parts)
        found = self.get(key)
        if found is not None:
            return found
        with self._alone(key):
            found = self.get(key)
            if found is None:
                found = compute()
                self.set(key, found)
        return found

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Let one thread of this process, and then one process, pass for a key."""
        name = digest(key)
        with self._locks[int(name[:8], 16) % LOCKS], self.shelf.lock(name):
            yield


def open_shelf() -> Shelf:
    """Open the shelf that the settings ask for."""
    settings = get_settings()
    if settings.redis_url:
        return RedisShelf(redis.Redis.from_url(settings.redis_url, socket_timeout=3, socket_connect_timeout=3))
    return FileShelf(settings.var / "answers")


def answer_key(generation: str, scope: str, question: Any) -> str:
    """Write the three parts of a key so that no two different ones read alike."""
    return orjson.dumps([generation, scope, question], option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def digest(key: str) -> str:
    """Return the name under which a key is kept, of safe characters and fixed length."""
    return hashlib.sha256(key.encode()).hexdigest()

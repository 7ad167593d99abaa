"""The store on files and on Redis, the view of one process, and answers that are computed once."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from flask_caching import Cache

from cache import answers, store
from cache.answers import BytesCache, FileShelf, RedisShelf, Shelf
from cache.published import Published
from cache.store import FileStore, Pointer, RedisStore, Store, open_store
from dashboard.settings import Settings


@pytest.fixture(params=["files", "redis"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of either kind."""
    if request.param == "files":
        return open_store(Settings(var=tmp_path))
    return open_store(Settings(var=tmp_path, redis_url=request.getfixturevalue("redis_url")))


@pytest.fixture(params=["files", "redis"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    """An empty shelf of either kind."""
    if request.param == "files":
        return FileShelf(tmp_path / "answers")
    return RedisShelf(redis.Redis.from_url(request.getfixturevalue("redis_url")))


def pointer(fence: int, generation: str = "20261123T155001Z-000001-1") -> Pointer:
    return Pointer(generation, fence, "2026-11-23T23:50:01+08:00", "2026-11-23T23:50:02+08:00")


def test_the_settings_choose_the_store(shop: Store, request: pytest.FixtureRequest) -> None:
    assert isinstance(shop, RedisStore if "redis" in request.node.name else FileStore)


def test_bytes_come_back_as_they_were_put(shop: Store) -> None:
    assert shop.get("g1/wall.json") is None
    shop.put("g1/wall.json", b"\x00\xffone")
    shop.put("g1/wall.json", b"two")
    shop.put("g2/wall.json", b"three")
    assert shop.get("g1/wall.json") == b"two" and shop.get("g2/wall.json") == b"three"


@pytest.mark.parametrize("name", ["../secret", "a/../../b", "/etc/passwd", "a/b/c", "", "a b", "a\n"])
def test_a_name_cannot_leave_the_store(shop: Store, name: str) -> None:
    with pytest.raises(ValueError, match="名称"):
        shop.get(name)
    with pytest.raises(ValueError, match="名称"):
        shop.put(name, b"")


def test_a_lower_fence_cannot_publish(shop: Store) -> None:
    assert shop.pointer() is None
    assert shop.flip(pointer(3)) and shop.flip(pointer(3, "later"))
    assert not shop.flip(pointer(2, "stale")) and shop.pointer() == pointer(3, "later")
    assert shop.flip(pointer(10, "new")) and shop.pointer() == pointer(10, "new")


def test_of_many_who_flip_together_the_highest_fence_stays(shop: Store) -> None:
    order = [7, 3, 9, 1, 8, 2, 10, 5, 4, 6] * 4
    threads = [threading.Thread(target=shop.flip, args=(pointer(fence, f"g{fence}"),)) for fence in order]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shop.pointer() == pointer(10, "g10")


def test_the_fault_is_shown_until_it_is_cleared(shop: Store) -> None:
    assert shop.fault() is None
    shop.clear_fault()
    fault = {"code": "reconcile", "message": "对账不符", "since": "2026-11-23T23:50:01+08:00"}
    shop.put_fault(fault)
    assert shop.fault() == fault
    shop.clear_fault()
    assert shop.fault() is None


def test_old_payloads_go_and_kept_ones_stay(shop: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for generation in ("g1", "g2"):
        shop.put(f"{generation}/wall.json", b"x")
        shop.put(f"{generation}/base.json", b"y")
    shop.flip(pointer(1, "g2"))
    shop.sweep({"g2"})
    assert shop.get("g1/wall.json") == b"x", "too young to go"
    monkeypatch.setattr(store, "YOUNG_SECONDS", -5)
    shop.sweep({"g2"})
    assert shop.get("g1/wall.json") is None and shop.get("g1/base.json") is None
    assert shop.get("g2/wall.json") == b"x" and shop.pointer() == pointer(1, "g2")


# ---- the view of one process --------------------------------------------------------------------------------------


class Counting(FileStore):
    """A file store that counts how often it is asked, and can be away."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked = 0
        self.away = False

    def get(self, name: str) -> bytes | None:
        """Count, and fail while away."""
        self.asked += 1
        if self.away:
            raise ConnectionError("away")
        return super().get(name)


@pytest.fixture
def counting(tmp_path: Path) -> Counting:
    """A store with one published generation."""
    shop = Counting(tmp_path)
    shop.put("g1/wall.json", b"one")
    shop.flip(pointer(1, "g1"))
    shop.asked = 0
    return shop


def test_the_pointer_is_read_at_most_four_times_a_second(counting: Counting) -> None:
    published = Published(counting)
    ends = time.monotonic() + 0.6
    while time.monotonic() < ends:
        assert published.part("wall.json") == ("g1", b"one")
    assert counting.asked <= 1 + 3 * 2, "one part; pointer and fault three times"


def test_a_new_generation_is_seen_and_its_parts_belong_together(counting: Counting) -> None:
    published = Published(counting)
    assert published.part("wall.json") == ("g1", b"one")
    counting.put("g2/wall.json", b"two")
    counting.flip(pointer(1, "g2"))
    time.sleep(0.3)
    assert published.part("wall.json") == ("g2", b"two")
    current = published.current()
    assert current is not None and current.generation == "g2"


def test_the_last_good_outlives_an_outage(counting: Counting) -> None:
    published = Published(counting)
    assert published.part("wall.json") == ("g1", b"one")
    counting.away = True
    time.sleep(0.3)
    assert published.part("wall.json") == ("g1", b"one") and published.current() is not None
    counting.away = False
    counting.put("g2/wall.json", b"two")
    counting.flip(pointer(1, "g2"))
    time.sleep(0.3)
    assert published.part("wall.json") == ("g2", b"two")


def test_a_generation_whose_part_cannot_be_read_shows_the_last_good(counting: Counting) -> None:
    published = Published(counting)
    published.part("wall.json")
    counting.flip(pointer(1, "g9"))
    time.sleep(0.3)
    assert published.part("wall.json") == ("g1", b"one") and published.part("nothing.json") is None


def test_nothing_is_published_yet_and_a_fault_is_shown(tmp_path: Path) -> None:
    shop = FileStore(tmp_path)
    published = Published(shop)
    assert published.current() is None and published.part("wall.json") is None and published.fault() is None
    shop.put_fault({"code": "reconcile", "message": "对账不符", "since": "x"})
    time.sleep(0.3)
    assert (published.fault() or {})["code"] == "reconcile"


# ---- answers ------------------------------------------------------------------------------------------------------


def together(count: int, work: Any) -> list[Any]:
    """Run something in many threads that start at one moment, and return what each returned."""
    gate, found = threading.Barrier(count), []

    def run() -> None:
        gate.wait()
        found.append(work())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_many_cold_requests_are_computed_once(shelf: Shelf) -> None:
    cache, computed = BytesCache(shelf), []

    def compute() -> bytes:
        computed.append(1)
        time.sleep(0.1)
        return b"answer"

    found = together(16, lambda: cache.answer(("g1", "all:", {"by": "month"}), compute))
    assert found == [b"answer"] * 16 and len(computed) == 1


def test_two_processes_compute_once(shelf: Shelf) -> None:
    """Two caches over one shelf share no thread lock, as two processes do not."""
    caches, computed = [BytesCache(shelf), BytesCache(shelf)], []

    def compute() -> bytes:
        computed.append(1)
        time.sleep(0.1)
        return b"answer"

    found = together(2, lambda: caches.pop().answer(("g1", "all:", 1), compute))
    assert found == [b"answer"] * 2 and len(computed) == 1


@pytest.mark.parametrize(
    "other",
    [
        ("g2", "all:", {"a": 1}),
        ("g1", "enterprise:x", {"a": 1}),
        ("g1", "all:", {"a": 2}),
        ("g1", "all", ":", {"a": 1}),
    ],
)
def test_another_generation_scope_or_question_is_another_answer(shelf: Shelf, other: tuple[Any, ...]) -> None:
    cache = BytesCache(shelf)
    assert cache.answer(("g1", "all:", {"a": 1}), lambda: b"one") == b"one"
    assert cache.answer((other[0], other[1], other[2:]), lambda: b"other") == b"other"


def test_a_failed_computation_is_not_kept(shelf: Shelf) -> None:
    cache = BytesCache(shelf)
    with pytest.raises(ZeroDivisionError):
        cache.answer(("g", "s", 1), lambda: b"%d" % (1 // 0))
    assert cache.answer(("g", "s", 1), lambda: b"good") == b"good"


def test_only_bytes_are_kept(shelf: Shelf) -> None:
    cache = BytesCache(shelf)
    for value in ("text", {"a": 1}, None, 5):
        with pytest.raises(TypeError, match="字节"):
            cache.set("key", value)  # type: ignore[arg-type]
    assert cache.get("key") is None


def test_answers_expire_and_can_be_forgotten(shelf: Shelf) -> None:
    cache = BytesCache(shelf)
    assert cache.set("short", b"x", 1) and cache.add("other", b"y") and not cache.add("other", b"z")
    assert cache.get("short") == b"x" and cache.has("other")
    time.sleep(1.1)
    assert cache.get("short") is None
    assert cache.delete("other") and not cache.delete("other") and cache.get("other") is None


def test_old_files_of_answers_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = FileShelf(tmp_path)
    BytesCache(shelf).set("a", b"x")
    monkeypatch.setattr(answers, "KEEP_SECONDS", -5)
    monkeypatch.setattr(answers, "SWEEP_EVERY", -1)
    shelf.put("f" * 64, b"y", 60)
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def test_flask_caching_takes_it_as_its_backend(shelf: Shelf) -> None:
    app = Flask("test")
    cache = Cache(
        app, config={"CACHE_TYPE": "cache.answers.BytesCache", "CACHE_ARGS": [shelf], "CACHE_DEFAULT_TIMEOUT": 60}
    )
    with app.app_context():
        cache.set("key", b"value")
        assert cache.get("key") == b"value"
        with pytest.raises(TypeError):
            cache.set("key", {"not": "bytes"})

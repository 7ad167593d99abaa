"""Builds rows of the transaction ledger for tests, writes them into its tables, and sets a worker beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Engine, create_engine, delete, event, insert, update

from backend.models import declaration, document, enterprise, goods_item, metadata
from cache.store import FileStore, Pointer
from dashboard.settings import Settings
from datasources.minute import Minute, Refused
from datasources.reader import Reader, open_reader

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
USCCS = ("91610113MA6TEST011", "91610104MA6TEST022", "91610132MA6TEST033")
CLOSED = ("CLEARED", "DELETED")
CARS = (("BYD", "Han", "BEV"), ("BYD", "Song Plus", "PHEV"), ("Toyota", "Camry", "HEV"), ("Geely", "Coolray", "PETROL"))


@dataclass(frozen=True)
class Item:
    """A goods item as the ledger holds it."""

    country: str = "KAZ"
    brand: str = "BYD"
    model: str = "BYD Han"
    fuel: str = "BEV"
    zone: str = "61019"
    vehicles: int = 1
    cny_cents: int = 10_000_000
    usd_cents: int = 1_400_000


@dataclass(frozen=True)
class Filing:
    """A declaration with its items as the ledger holds it; days are of Xi'an."""

    id: int
    items: tuple[Item, ...] = (Item(),)
    uscc: str = "91610113MA6TEST011"
    state: str = "CLEARED"
    declared_on: date = date(2026, 11, 1)
    released_on: date | None = date(2026, 11, 2)
    cleared_on: date | None = date(2026, 11, 3)
    minutes: int | None = 2880
    exit_office: str = "9402"
    transport_mode: str = "3"
    revision: int = 1
    changed_at: datetime = START
    wrong: dict[str, int] = field(default_factory=dict)

    @property
    def counted(self) -> bool:
        """Whether the platform's rule 1 counts it."""
        return self.state == "CLEARED"

    def total(self, measure: str) -> int:
        """A measure of all items."""
        return sum(getattr(item, measure) for item in self.items)

    def head(self) -> dict[str, Any]:
        """The row of `declaration`; `wrong` falsifies a total of it."""
        return {
            "id": self.id, "seq_no": f"E2026{self.id:013d}", "uscc": self.uscc, "state": self.state,
            "counted": self.counted, "declared_on": self.declared_on.isoformat(),
            "released_on": _text(self.released_on), "cleared_on": _text(self.cleared_on),
            "lodged_at": _noon(self.declared_on), "released_at": _noon(self.released_on),
            "cleared_at": _noon(self.cleared_on),
            "clearance_minutes": self.minutes, "exit_office": self.exit_office, "transport_mode": self.transport_mode,
            "version": 1, "revision": self.revision, "document_id": 1, "changed_at": self.changed_at,
            **{name: self.total(name) + self.wrong.get(name, 0) for name in ("vehicles", "cny_cents", "usd_cents")},
        }  # fmt: skip

    def goods(self) -> list[dict[str, Any]]:
        """The rows of `goods_item`."""
        return [
            {
                "declaration_id": self.id, "line": line, "country": item.country, "brand": item.brand,
                "model": item.model, "fuel": item.fuel, "source_district": item.zone, "vehicles": item.vehicles,
                "cny_cents": item.cny_cents, "usd_cents": item.usd_cents,
            }
            for line, item in enumerate(self.items, 1)
        ]  # fmt: skip


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _noon(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI) if day else None


class Ledger:
    """A transaction database of a test's own, with the platform's schema."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = create_engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", lambda connection, _: connection.execute("PRAGMA journal_mode=WAL"))
        metadata.create_all(self.engine)
        with self.engine.begin() as connection:
            row = {"digest": "0" * 64, "name": "a.xml", "kind": "declaration", "size": 1, "status": "taken"}
            connection.execute(insert(document), [{"id": 1, "received_at": START, **row}])

    def put(self, filings: Iterable[Filing]) -> None:
        """Insert declarations, or replace those of the same number, in one transaction."""
        listed = list(filings)
        with self.engine.begin() as connection:
            for chunk in _chunks([filing.id for filing in listed]):
                connection.execute(delete(goods_item).where(goods_item.c.declaration_id.in_(chunk)))
                connection.execute(delete(declaration).where(declaration.c.id.in_(chunk)))
            for part in _chunks(listed):
                connection.execute(insert(declaration), [filing.head() for filing in part])
                connection.execute(insert(goods_item), [row for filing in part for row in filing.goods()])

    def enterprises(self, rows: dict[str, tuple[str, str | None]], changed_at: datetime = START) -> None:
        """Insert enterprises: USCC to name and district."""
        made = [
            {"uscc": uscc, "name": name, "area": area, "filed": True, "version": 1, "changed_at": changed_at}
            for uscc, (name, area) in rows.items()
        ]
        with self.engine.begin() as connection:
            connection.execute(insert(enterprise), made)

    def falsify(self, id: int, **values: Any) -> None:
        """Change columns of a declaration behind everybody's back: neither revision nor time moves."""
        with self.engine.begin() as connection:
            connection.execute(update(declaration).where(declaration.c.id == id).values(**values))

    def falsify_item(self, id: int, line: int, **values: Any) -> None:
        """Change columns of a goods item behind everybody's back."""
        where = (goods_item.c.declaration_id == id) & (goods_item.c.line == line)
        with self.engine.begin() as connection:
            connection.execute(update(goods_item).where(where).values(**values))

    def insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        """Insert rows into any other table of the ledger."""
        with self.engine.begin() as connection:
            connection.execute(insert(table), rows)

    def close(self) -> None:
        """Close all connections, so that the database can be dropped."""
        self.engine.dispose()


def _chunks(rows: Sequence[Any], size: int = 400) -> Iterable[Sequence[Any]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def minutes_later(count: float) -> datetime:
    """A moment after the start of the tests' time."""
    return START + timedelta(minutes=count)


class Desk:
    """A ledger, a worker and a store in a folder of a test's own, with a clock that the test moves."""

    def __init__(self, url: str, folder: Path, **settings: Any) -> None:
        self.ledger = Ledger(url)
        self.settings = Settings(var=folder / "var", database_url=url, **settings)
        self.store = FileStore(self.settings.var / "published")
        self.now = minutes_later(1)
        self.minute = self.worker()

    def worker(self) -> Minute:
        """A worker of its own over the same folder, as after a restart or on a rival."""
        return Minute(self.settings, self.store, lambda figures: {"wall.json": orjson.dumps(figures)}, lambda: self.now)

    def tick(self, fence: int = 1) -> Pointer | Refused:
        """Let a minute pass and tick."""
        self.now += timedelta(minutes=1)
        return self.minute.tick(fence, lambda: True)

    def publish(self, fence: int = 1) -> str:
        """Tick, insist that it published, and return the generation."""
        outcome = self.tick(fence)
        assert isinstance(outcome, Pointer), outcome
        return outcome.generation

    def reader(self) -> Reader:
        """The reader of the published generation."""
        pointer = self.store.pointer()
        assert pointer is not None
        return open_reader(self.settings, pointer.generation)

    def wall(self) -> dict[str, Any]:
        """The published figures of the wall."""
        pointer = self.store.pointer()
        raw = self.store.get(f"{pointer.generation}/wall.json") if pointer else None
        assert raw is not None
        return orjson.loads(raw)

    def close(self) -> None:
        """Close everything, so that the database can be dropped."""
        self.minute.close()
        self.ledger.close()


def scattered(seed: int, count: int, first: int = 1, changed_at: datetime = START) -> list[Filing]:
    """Declarations of all kinds from a seed: several items, countries, makes, states and days of 2025 and 2026."""
    chance = Random(seed)
    return [_scattered(chance, number, changed_at) for number in range(first, first + count)]


def _scattered(chance: Random, number: int, changed_at: datetime, revision: int = 1) -> Filing:
    declared = date(2025, 1, 1) + timedelta(days=chance.randrange(690))
    state = chance.choice(["CLEARED"] * 6 + ["RELEASED", "LODGED", "DELETED"])
    return Filing(
        number,
        tuple(_scattered_item(chance) for _ in range(chance.randint(1, 4))),
        uscc=chance.choice(USCCS),
        state=state,
        declared_on=declared,
        released_on=declared + timedelta(days=chance.randint(0, 3)) if state != "LODGED" else None,
        cleared_on=min(declared + timedelta(days=chance.randint(3, 40)), START.date()) if state in CLOSED else None,
        minutes=chance.randint(100, 60_000) if state == "CLEARED" and chance.random() < 0.9 else None,
        exit_office=chance.choice(["9402", "9404", "0200"]),
        transport_mode=chance.choice("342"),
        revision=revision,
        changed_at=changed_at,
    )


def _scattered_item(chance: Random) -> Item:
    brand, model, fuel = chance.choice(CARS)
    cny = chance.randint(1, 90_000_000_00)
    return Item(
        chance.choice(["KAZ", "KGZ", "UZB", "RUS", "ARE"]), brand, f"{brand} {model}", fuel,
        chance.choice(["61013", "61019", "61012"]), chance.randint(0, 9), cny, cny * 100 // 711,
    )  # fmt: skip


def revised(filing: Filing, seed: int, changed_at: datetime) -> Filing:
    """The same declaration with other content, one revision later."""
    return _scattered(Random(seed), filing.id, changed_at, filing.revision + 1)

"""Builds rows of the transaction ledger for tests and writes them straight into its tables; knows nothing of statistics."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, create_engine, delete, event, insert, update

from backend.models import declaration, document, enterprise, goods_item, metadata

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


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
            "id": self.id, "seq_no": f"E2026{self.id:013d}", "uscc": self.uscc, "state": self.state, "counted": self.counted,
            "declared_on": self.declared_on.isoformat(), "released_on": _text(self.released_on), "cleared_on": _text(self.cleared_on),
            "lodged_at": _noon(self.declared_on), "released_at": _noon(self.released_on), "cleared_at": _noon(self.cleared_on),
            "clearance_minutes": self.minutes, "exit_office": self.exit_office, "transport_mode": self.transport_mode,
            "version": 1, "revision": self.revision, "document_id": 1, "changed_at": self.changed_at,
            **{name: self.total(name) + self.wrong.get(name, 0) for name in ("vehicles", "cny_cents", "usd_cents")},
        }  # fmt: skip

    def goods(self) -> list[dict[str, Any]]:
        """The rows of `goods_item`."""
        return [
            {
                "declaration_id": self.id, "line": line, "country": item.country, "brand": item.brand, "model": item.model,
                "fuel": item.fuel, "source_district": item.zone, "vehicles": item.vehicles, "cny_cents": item.cny_cents,
                "usd_cents": item.usd_cents,
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
            row = {"id": 1, "digest": "0" * 64, "name": "a.xml", "kind": "declaration", "size": 1, "status": "taken", "received_at": START}
            connection.execute(insert(document), [row])

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

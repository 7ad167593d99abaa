"""The stand of the proofs with a past: declarations came late, were revised and were removed between generations."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, request
from sqlalchemy import Connection, RowMapping, select, update

from backend.clearance.states import SHANGHAI
from backend.db import make_engine, migrate, writing
from backend.demo.world import World
from backend.exchange.importer import Importer
from backend.models import declaration, goods_item
from cache.answers import BytesCache, FileShelf
from cache.published import Published
from cache.store import Pointer, open_store
from dashboard.asof import add_asof
from dashboard.publish import render
from dashboard.settings import Settings
from datasources.asof_readers import AsOfReaders
from datasources.minute import Minute
from datasources.reader import Readers
from datasources.scope import ALL
from tests.browser import proof_stand
from tests.browser.proof_stand import ProofStand
from tests.browser.serving import served

logging.getLogger("werkzeug").setLevel(logging.ERROR)  # hundreds of lines a page would bury the reason of a failure
TODAY = datetime.now(SHANGHAI).date()
FIRST, SECOND = (datetime.combine(TODAY - timedelta(days=days), time(10), SHANGHAI) for days in (9, 4))
LATE, REVISED, REMOVED = 5, 3, 2


class PastStand(ProofStand):
    """What was known nine days ago; five days later 5 declarations had come late, 3 were revised and 2 were removed.

    `walls` are the payloads of the three generations (FIRST, SECOND, now), `difference` how many cents of the year to
    date of the first moment the news made; `broken` puts a gateway's error in the place of every past moment.
    """

    def __init__(self, folder: Path, declarations: int) -> None:
        self.settings = Settings(var=folder / "var", demo="off", goal_cny_yi="3")
        self.engine = make_engine(self.settings.database)
        migrate(self.engine)
        World(8, FIRST.date() - timedelta(days=1)).write(folder / "world", declarations)
        Importer(self.engine).run(folder / "world")
        self.clock = FIRST
        self.minute = Minute(self.settings, open_store(self.settings), render, lambda: self.clock.astimezone(UTC))
        self.role, self.scope, self.away, self.broken = "leader", ALL, False, False
        self.walls: list[dict[str, Any]] = []
        self.hold = proof_stand.threading.Event()
        self.hold.set()
        self.address = ""
        self.happen()

    def publish(self) -> None:
        """Publish one more generation and remember what its wall said."""
        pointer = self.minute.tick(1, lambda: True)
        assert isinstance(pointer, Pointer), pointer
        raw = self.minute.store.get(f"{pointer.generation}/wall")
        self.walls.append(orjson.loads(raw or b"{}"))

    def happen(self) -> None:
        """Publish the first generation, let the news come in, publish the second and the one of now."""
        chosen = self.chosen(LATE + REVISED + REMOVED)
        late, revised, removed = chosen[:LATE], chosen[LATE : LATE + REVISED], chosen[LATE + REVISED :]
        self.change(late, counted=False, state="RELEASED", cleared_on=None)
        self.publish()
        for row in late:
            self.change([row], counted=True, state="CLEARED", cleared_on=row["cleared_on"])
        for row in revised:
            self.change([row], cny_cents=row["cny_cents"] + 123_456_789)
        self.change(removed, counted=False, state="DELETED")
        self.clock = SECOND
        self.publish()
        self.clock = datetime.now(SHANGHAI)
        self.publish()
        came, went = (sum(row["cny_cents"] for row in rows) for rows in (late, removed))
        self.difference = came - went + REVISED * 123_456_789

    def chosen(self, count: int) -> list[RowMapping]:
        """Declarations of this year that count, the newest first."""
        d = declaration.c
        since = max(date(FIRST.year, 1, 1), FIRST.date() - timedelta(days=300)).isoformat()
        query = select(d.id, d.cny_cents, d.cleared_on).where(d.counted, d.cleared_on >= since).order_by(d.id.desc())
        with self.engine.connect() as connection:
            return list(connection.execute(query.limit(count)).mappings())

    def change(self, rows: list[RowMapping], **values: Any) -> None:
        """Give declarations a new revision with these values; their first goods item follows the money."""
        with writing(self.engine) as connection:
            for row in rows:
                self.money(connection, row, values.get("cny_cents"))
                new = {"revision": declaration.c.revision + 1, "changed_at": datetime.now(SHANGHAI), **values}
                connection.execute(update(declaration).where(declaration.c.id == row["id"]).values(**new))

    def money(self, connection: Connection, row: RowMapping, cents: int | None) -> None:
        """Let the first goods item of a declaration take up what its total changed by."""
        if cents is not None:
            where = (goods_item.c.declaration_id == row["id"]) & (goods_item.c.line == 1)
            more = goods_item.c.cny_cents + (cents - row["cny_cents"])
            connection.execute(update(goods_item).where(where).values(cny_cents=more))


@contextmanager
def standing_past(folder: Path, declarations: int) -> Iterator[PastStand]:
    """A stand that answers at `address`, past moments included."""
    stand = PastStand(folder, declarations)
    app: Flask = proof_stand.build(stand)

    @app.before_request
    def refuse() -> Response | None:
        broken = stand.broken and request.path == "/asof/wall"
        return Response("<h1>Bad Gateway</h1>", 502, content_type="text/html") if broken else None

    published = Published(open_store(stand.settings))
    moments = AsOfReaders(Readers(stand.settings, published))
    add_asof(app, published, moments, BytesCache(FileShelf(stand.settings.var / "answers")))
    with served(app) as stand.address:
        yield stand
    stand.minute.close()
    stand.engine.dispose()

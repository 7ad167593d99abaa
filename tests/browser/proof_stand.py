"""A server with the real wall over a real published generation, its proofs, and a visitor whom a test chooses."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask, Response, abort, g, request

from backend.clearance.states import SHANGHAI
from backend.db import make_engine, migrate
from backend.demo.world import World
from backend.exchange.importer import Importer
from backend.identity.principal import Principal
from backend.identity.roles import permissions_of
from cache.delivery import deliver
from cache.published import Published
from cache.store import open_store
from dashboard.proofs import add_proof
from dashboard.publish import render
from dashboard.settings import Settings
from dashboard.shell import build_dash
from datasources.minute import Minute
from datasources.reader import Readers
from datasources.scope import ALL, Scope
from tests.browser.serving import QUICK, add_outlines, add_policy, served


class ProofStand:
    """A filled ledger with its minute worker; `role` and `scope` are the visitor's, `away` refuses every proof."""

    def __init__(self, folder: Path, declarations: int) -> None:
        self.settings = Settings(var=folder / "var", demo="off")
        self.engine = make_engine(self.settings.database)
        migrate(self.engine)
        World(8, datetime.now(SHANGHAI).date() - timedelta(days=1)).write(folder / "world", declarations)
        Importer(self.engine).run(folder / "world")
        self.minute = Minute(self.settings, open_store(self.settings), render)
        self.role, self.scope, self.away, self.hold = "leader", ALL, False, threading.Event()
        self.hold.set()
        self.address = ""
        self.publish()

    def publish(self) -> None:
        """Publish one more generation."""
        self.minute.tick(1, lambda: True)

    def visitor(self) -> Principal:
        """Whoever the test says is there."""
        scope: Scope = self.scope
        return Principal("account", "1", "甲", (self.role,), permissions_of((self.role,)), scope)


@contextmanager
def standing(folder: Path, declarations: int) -> Iterator[ProofStand]:
    """A stand that answers at `address`."""
    stand = ProofStand(folder, declarations)
    try:
        with served(build(stand)) as stand.address:
            yield stand
    finally:
        stand.minute.close()
        stand.engine.dispose()


def build(stand: ProofStand) -> Flask:
    """The Flask server with the wall, its bytes, its outlines and its proofs."""
    server = Flask("proofs")
    server.json.ensure_ascii = False  # type: ignore[attr-defined]
    published = Published(open_store(stand.settings))

    @server.before_request
    def enter() -> None:
        g.principal = stand.visitor()
        if request.path == "/proof":
            stand.hold.wait(30)
            if stand.away:
                abort(503)

    @server.get("/payload/<part>")
    def payload(part: str) -> Response:
        status, headers, body = deliver(published, part, request.headers.get("If-None-Match", ""))
        return Response(body, status, headers)

    add_outlines(server)
    add_proof(server, Readers(stand.settings, published))
    dash = build_dash(server, published, tick_ms=QUICK)
    add_policy(server, dash)
    return server

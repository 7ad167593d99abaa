"""A whole application on a filled ledger with one published generation, and a browser's behaviour towards it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from backend.crypto.keys import Keys, open_keys
from backend.db import make_engine, migrate, writing
from backend.demo.world import World
from backend.exchange.importer import Importer
from backend.identity.roles import PEOPLE
from backend.identity.sessions import csrf_of
from backend.identity.sign_in import Origin, open_session
from backend.identity.tokens import create_token
from cache.store import open_store
from dashboard.app import build_app
from dashboard.publish import render
from dashboard.settings import Settings, get_settings
from datasources.minute import Minute
from tests.cast import Cast
from tests.fresh import fresh_ledger
from tests.test_import import UNTIL
from tests.truths import figures_of

PLACE = {"platform": "平台", "commerce": "商务局", "vehicle_office": "车管所", "appraisal": "鉴定所", "market": "市场"}


class House:
    """The application with its people; `browse` gives a client signed in as somebody."""

    def __init__(self, var: Path, url: str = "", **more: str) -> None:
        self.settings = Settings(var=var, database_url=url, demo="off", **more)  # type: ignore[arg-type]
        if not url:
            var.mkdir(parents=True, exist_ok=True)
            (var / "ledger.sqlite").write_bytes(fresh_ledger())
        self.engine: Engine = make_engine(self.settings.database)
        if url:
            migrate(self.engine)
        self.keys: Keys = open_keys(self.settings.key_folder)
        self.truth: dict[str, Any] = {}
        self.cast = Cast(self.engine, self.keys)
        self.app: Flask

    def fill(self, folder: Path, declarations: int) -> None:
        """Import a small invented world and publish one generation."""
        self.truth = figures_of(World(4, UNTIL).write(folder, declarations, untidy=True))
        Importer(self.engine).run(folder)
        Minute(self.settings, open_store(self.settings), render).tick(1, lambda: True)

    def build(self) -> None:
        """Make the application."""
        self.app = build_app(self.settings)
        self.app.testing = False

    def firm(self, number: int) -> str:
        """The credit code of a firm of the world, those with most vehicles first."""
        rows = sorted(self.truth["by_enterprise"].items(), key=lambda row: -row[1]["vehicles"])
        return str(rows[number][0])

    def people(self) -> None:
        """One person for each role; the two firms have a declarant and an administrator each."""
        for number, firm in enumerate((self.firm(0), self.firm(1))):
            place = self.cast.place("enterprise", f"{'甲乙'[number]}公司", uscc=firm)
            self.cast.person(f"declarant{number}", place, "declarant")
            self.cast.person(f"enterprise_admin{number}", place, "enterprise_admin")
        for role in PEOPLE.values():
            kind = role.kinds[0]
            if kind != "enterprise":
                self.cast.person(role.key, self.cast.place(kind, PLACE[kind]), role.key, clearance=2)

    def client(self) -> FlaskClient:
        """A browser that nobody has signed in with."""
        return self.app.test_client()

    def browse(self, login: str) -> FlaskClient:
        """A browser in which this person has finished signing in."""
        with writing(self.engine) as connection:
            token = open_session(connection, self.cast.people[login], "demo", Origin("127.0.0.1", "Test"))
        client = self.client()
        client.set_cookie("panorama_session", token)
        client.set_cookie("panorama_csrf", csrf_of(token))
        return client

    def screen(self) -> FlaskClient:
        """A wall's browser."""
        token = create_token(self.engine, "screen", "一号屏", "wall", timedelta(days=1))
        client = self.client()
        client.set_cookie("panorama_screen", token)
        client.set_cookie("panorama_csrf", csrf_of(token))
        return client

    def forget(self) -> None:
        """Let the time pass after which remembered visitors are looked up again."""
        self.app.extensions["admission"].known.clear()


def csrf(client: FlaskClient) -> str:
    """What this browser repeats in forms and headers."""
    cookie = client.get_cookie("panorama_csrf")
    return cookie.value if cookie else ""


def form_token(page: TestResponse) -> str:
    """The hidden token of a form."""
    found = re.search(r'name="csrf_token" value="(\w*)"', page.text)
    return found.group(1) if found else ""


def post(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    """Send a form of ours."""
    return client.post(path, data={"csrf_token": csrf(client), **fields}, headers={"Accept": "text/html"})


GENERATION = [{"id": "generation", "property": "data", "value": None}]


def callback(client: FlaskClient, output: str, inputs: list[dict[str, Any]] = GENERATION, **more: Any) -> TestResponse:
    """Ask one Dash callback as the browser does; most are asked with the generation."""
    spelled = [dict(zip(("id", "property"), one.rsplit(".", 1), strict=True)) for one in output.strip(".").split("...")]
    outputs: Any = spelled if output.startswith("..") else spelled[0]
    body = {"output": output, "outputs": outputs, "inputs": inputs, "state": [], "changedPropIds": [], **more}
    return client.post("/_dash-update-component", json=body, headers={"X-CSRFToken": csrf(client)})


def see(client: FlaskClient, path: str) -> TestResponse:
    """Open a page as a person does."""
    return client.get(path, headers={"Accept": "text/html"})


@contextmanager
def standing(tmp: pytest.TempPathFactory, url: str = "", declarations: int = 120, **more: str) -> Iterator[House]:
    """A house with its world and its people, and the application built."""
    house = House(tmp.mktemp("var"), url, **more)
    house.fill(tmp.mktemp("world"), declarations)
    house.people()
    house.build()
    get_settings.cache_clear()
    yield house
    house.engine.dispose()

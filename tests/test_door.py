"""The door: nobody without a token reads a figure, by whatever path; the statistics interface answers and explains."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from backend.administration.facts import DEMO, set_platform_fact
from backend.app import create_app
from backend.crypto.keys import open_keys
from backend.db import make_engine, migrate
from backend.demo.world import World
from backend.exchange.importer import Importer
from backend.identity.tokens import create_token, revoke_token
from backend.models import access_token
from cache.store import open_store
from dashboard.app import build_app
from dashboard.publish import render
from dashboard.settings import Settings, get_settings
from datasources.minute import Minute
from tests.test_import import UNTIL
from tests.truths import figures_of


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Engine, dict[str, Any]]]:
    """A whole application on a filled ledger with one published generation, and the truth of its world."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PANORAMA_VAR", str(tmp_path_factory.mktemp("var")))
    get_settings.cache_clear()
    settings = get_settings()
    engine = make_engine(settings.database)
    migrate(engine)
    folder = tmp_path_factory.mktemp("world")
    truth = World(4, UNTIL).write(folder, 150, untidy=True)
    Importer(engine).run(folder)
    Minute(settings, open_store(settings), render).tick(1, lambda: True)
    yield build_app(settings), engine, figures_of(truth)
    get_settings.cache_clear()
    patch.undo()


@pytest.fixture
def visitor(house: tuple[Flask, Engine, dict[str, Any]]) -> FlaskClient:
    """Somebody without any token."""
    return house[0].test_client()


@pytest.fixture
def token(house: tuple[Flask, Engine, dict[str, Any]]) -> str:
    """A token of the commerce authority."""
    return create_token(house[1], "api", "测试", "commerce")


def ask(client: FlaskClient, query: str, token: str) -> tuple[int, Any]:
    answer = client.get(f"/api/v1/statistics?{query}", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json


@pytest.mark.parametrize(
    "path",
    [
        "/wall",
        "/_dash-layout",
        "/_dash-dependencies",
        "/_dash-update-component",
        "/payload/wall",
        "/api/v1/statistics?by=month",
        "/_reload-hash",
        "/nowhere",
    ],
)
def test_without_a_token_nothing_is_shown(visitor: FlaskClient, path: str) -> None:
    for method in ("get", "post"):
        answer = getattr(visitor, method)(path)
        assert answer.status_code == 401, (method, path)
        assert b"cents" not in answer.data


def test_a_forged_or_foreign_token_is_no_token(visitor: FlaskClient, house: Any, token: str) -> None:
    assert ask(visitor, "by=month", "xapi_forged")[0] == 401
    visitor.set_cookie("panorama_screen", token)  # A program's token is no screen's.
    assert visitor.get("/payload/wall").status_code == 401
    screen = create_token(house[1], "screen", "测试屏", "wall")
    assert ask(visitor, "by=month", screen)[0] == 401


def test_a_screen_enters_by_its_token_and_goes_dark_when_revoked(visitor: FlaskClient, house: Any) -> None:
    app, engine, _ = house
    screen = create_token(engine, "screen", "一号屏", "wall")
    entered = visitor.get(f"/enter?token={screen}")
    assert (entered.status_code, entered.headers["Location"]) == (303, "/wall")
    assert visitor.get("/payload/wall").status_code == 200
    with engine.connect() as connection:
        number = connection.scalar(select(access_token.c.id).where(access_token.c.name == "一号屏"))
    revoke_token(engine, number or 0)
    app.extensions["admission"].known.clear()  # Five seconds later.
    assert visitor.get("/payload/wall").status_code == 401


PEOPLE = {"Accept": "text/html"}


def test_a_screen_that_is_refused_asks_again_by_itself(visitor: FlaskClient, house: Any) -> None:
    """Nobody stands at a wall to reload it: once its token is good again, its picture comes back."""
    visitor.set_cookie("panorama_screen", create_token(house[1], "screen", "旧屏", "wall", timedelta(seconds=-1)))
    for path in ("/wall", "/wall/", "/wall?theme=light", "/wall/plain"):
        refused = visitor.get(path, headers=PEOPLE)
        assert (refused.status_code, refused.headers.get("Refresh")) == (401, "60"), path
        assert "本屏未获授权" in refused.text
    assert visitor.get("/wall", headers={"Accept": "application/json"}).headers.get("Refresh") is None
    assert visitor.get("/account", headers=PEOPLE).headers["Refresh"].startswith("0; url=/sign-in")
    visitor.set_cookie("panorama_screen", create_token(house[1], "screen", "新屏", "wall"))
    assert visitor.get("/wall", headers=PEOPLE).status_code == 200


def test_an_expired_token_is_refused(visitor: FlaskClient, house: Any) -> None:
    assert ask(visitor, "by=month", create_token(house[1], "api", "旧", "commerce", timedelta(seconds=-1)))[0] == 401


def test_another_site_cannot_use_a_screens_cookie(visitor: FlaskClient, house: Any) -> None:
    visitor.set_cookie("panorama_screen", create_token(house[1], "screen", "二号屏", "wall"))
    sent = visitor.post("/_dash-update-component", json={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert sent.status_code == 403


def test_only_the_demo_hands_out_screen_tokens(visitor: FlaskClient, house: Any) -> None:
    assert visitor.get("/demo/screen").status_code == 404
    assert "演示" not in visitor.get("/").get_data(as_text=True)


def test_in_the_demo_the_front_page_leads_to_the_wall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANORAMA_VAR", str(tmp_path))
    get_settings.cache_clear()
    settings = Settings()
    engine = make_engine(settings.database)
    migrate(engine)
    set_platform_fact(engine, DEMO, "2026-10-31")
    from cache.published import Published

    visitor = create_app(settings, engine, Published(open_store(settings)), open_keys(tmp_path / "keys")).test_client()
    front = visitor.get("/").get_data(as_text=True)
    assert "演示数据" in front and "/demo/screen" in front
    assert visitor.get("/demo/screen").headers["Location"] == "/wall"
    get_settings.cache_clear()


@pytest.mark.parametrize("by", ["month", "country", "model", "enterprise"])
def test_the_interface_equals_the_truth(visitor: FlaskClient, house: Any, token: str, by: str) -> None:
    status, answer = ask(visitor, f"by={by}", token)
    truth = house[2]
    assert status == 200
    assert {row.pop("key"): row for row in answer["rows"]} == truth[f"by_{by}"]
    assert answer["total"] == {name: truth[name] for name in ("vehicles", "declarations", "cny_cents", "usd_cents")}
    assert answer["as_of"].endswith("+08:00") and answer["generation"]


def test_days_are_inclusive_and_parts_add_up(visitor: FlaskClient, token: str) -> None:
    whole = ask(visitor, "by=model", token)[1]["total"]
    first = ask(visitor, "by=model&to=2026-03-15", token)[1]["total"]
    rest = ask(visitor, "by=model&from=2026-03-16", token)[1]["total"]
    assert {name: first[name] + rest[name] for name in whole} == whole
    assert 0 < first["vehicles"] < whole["vehicles"]
    months = ask(visitor, "by=month&from=2026-03-01&to=2026-03-31", token)[1]
    assert [row["key"] for row in months["rows"]] == ["2026-03"]


@pytest.mark.parametrize("query", ["", "by=colour", "by=month&from=2026-13-01", "by=month&from=x", "by=month&form=1"])
def test_a_wrong_question_is_explained(visitor: FlaskClient, token: str, query: str) -> None:
    status, answer = ask(visitor, query, token)
    assert status == 400 and "参数" in answer["message"]


def test_health_tells_the_generation(visitor: FlaskClient) -> None:
    answer = visitor.get("/healthz")
    assert answer.status_code == 200 and json.loads(answer.data)["status"] == "ok"


def test_the_payload_is_not_sent_twice(visitor: FlaskClient, house: Any) -> None:
    visitor.set_cookie("panorama_screen", create_token(house[1], "screen", "三号屏", "wall"))
    first = visitor.get("/payload/wall")
    again = visitor.get("/payload/wall", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")

"""Single sign-on from end to end: our pages, the stand-in servers over real HTTP, binding, leaving together."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from backend.db import writing
from backend.exchange.standins import QinWuYuanServer, SingleWindowServer, StandIn
from backend.exchange.standins.people import demo_people
from backend.exchange.standins.serving import CLIENT, SECRET
from backend.identity.sessions import roles_of
from backend.models import account, account_session, sso_binding
from cache.published import Published
from cache.store import open_store
from tests.cast import PASSWORD
from tests.house import House, callback, form_token, post, see

PEOPLE = demo_people()
FIRM = next(p for p in PEOPLE.values() if p.uscc)
PERSON = next(p for p in PEOPLE.values() if not p.uscc and p.id_no)
CALLBACKS = [f"http://localhost/sso/{key}/callback" for key in ("qinwuyuan", "single_window")]


class Town:
    """The platform beside the two identity servers."""

    def __init__(self, house: House, qinwuyuan: StandIn, window: StandIn) -> None:
        self.house, self.qinwuyuan, self.window = house, qinwuyuan, window

    def standin(self, key: str) -> StandIn:
        return self.qinwuyuan if key == "qinwuyuan" else self.window

    def visit(self, client: FlaskClient, key: str, login: str) -> str:
        """Go to the other system, sign in there, and give the address it sends the browser back to."""
        away = client.get(f"/sso/{key}/begin?next=/account").headers["Location"]
        back = requests.post(away, data={"person": login}, allow_redirects=False, timeout=5)
        assert back.status_code == 302, back.text
        return back.headers["Location"]

    def come_in(self, key: str, login: str) -> tuple[FlaskClient, TestResponse]:
        """The whole way."""
        client = self.house.client()
        return client, returned(client, self.visit(client, key, login))

    def fault(self, key: str, kind: str) -> None:
        requests.post(f"{self.standin(key).origin}/standin/fault", json={"kind": kind}, timeout=5)


def returned(client: FlaskClient, address: str) -> TestResponse:
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}", headers={"Accept": "text/html"})


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """One firm with an administrator, one official with an id number, nobody else."""
    from backend.app import create_app

    with (
        StandIn(QinWuYuanServer, redirect_uris=CALLBACKS) as qinwuyuan,
        StandIn(SingleWindowServer, redirect_uris=CALLBACKS) as window,
    ):
        house = House(
            tmp_path / "var",
            sso_qinwuyuan_url=qinwuyuan.url, sso_qinwuyuan_client=CLIENT, sso_qinwuyuan_secret=SECRET,
            sso_single_window_url=window.url,
        )  # fmt: skip
        firm = house.cast.place("enterprise", "甲公司", uscc=FIRM.uscc)
        house.cast.person("boss", firm, "enterprise_admin")
        house.cast.person("official", house.cast.place("market", "市场"), "market", id_no=PERSON.id_no)
        published = Published(open_store(house.settings))
        house.app = create_app(house.settings, house.engine, published, house.keys)
        yield Town(house, qinwuyuan, window)
        house.engine.dispose()


@pytest.mark.parametrize("key", ["qinwuyuan", "single_window"])
def test_a_legal_person_opens_the_account_of_its_firm(town: Town, key: str) -> None:
    client, entered = town.come_in(key, FIRM.login)
    assert (entered.status_code, entered.headers["Location"]) == (303, "/account")
    assert "boss" in see(client, "/account").text


def test_a_natural_person_opens_the_account_with_his_id_number(town: Town) -> None:
    client, entered = town.come_in("qinwuyuan", PERSON.login)
    assert entered.status_code == 303 and "official" in see(client, "/account").text


def test_somebody_unknown_waits_for_approval_and_then_comes_in(town: Town) -> None:
    with writing(town.house.engine) as connection:
        connection.execute(update(account).values(id_no_index=None))
    client, waiting = town.come_in("qinwuyuan", PERSON.login)
    assert waiting.status_code == 202 and "等待授权" in waiting.text
    assert see(client, "/account").status_code == 401
    with writing(town.house.engine) as connection:
        values = {"state": "bound", "account_id": town.house.cast.people["official"]}
        connection.execute(update(sso_binding).values(values))
    assert town.come_in("qinwuyuan", PERSON.login)[1].status_code == 303


def test_two_administrators_of_one_firm_leave_open_who_is_meant(town: Town) -> None:
    town.house.cast.person("second", town.house.cast.places["甲公司"], "enterprise_admin")
    assert town.come_in("qinwuyuan", FIRM.login)[1].status_code == 202


def test_the_role_is_granted_here_and_a_suspended_account_stays_out(town: Town) -> None:
    town.come_in("qinwuyuan", FIRM.login)
    with writing(town.house.engine) as connection:
        assert roles_of(connection, town.house.cast.people["boss"]) == ("enterprise_admin",)
        connection.execute(update(account).values(state="suspended"))
    refused = town.come_in("qinwuyuan", FIRM.login)[1]
    assert refused.status_code == 403 and "管理员" in refused.text


def test_a_role_with_second_factor_asks_for_it_after_single_sign_on(town: Town) -> None:
    house = town.house
    with writing(house.engine) as connection:
        connection.execute(update(account).values(id_no_index=None))
    house.cast.person("leader", house.cast.place("commerce", "商务局"), "leader", factor=True, id_no=PERSON.id_no)
    client, entered = town.come_in("qinwuyuan", PERSON.login)
    assert entered.status_code == 303
    assert see(client, "/account").headers["Location"] == "/sign-in/factor"


@pytest.mark.parametrize("key", ["qinwuyuan", "single_window"])
def test_a_code_or_ticket_used_again_is_refused_with_a_way_on(town: Town, key: str) -> None:
    client = town.house.client()
    back = town.visit(client, key, FIRM.login)
    assert returned(client, back).status_code == 303
    again = returned(client, back)
    assert again.status_code == 400 and f"/sso/{key}/begin" in again.text and "/sign-in" in again.text


def test_another_browser_cannot_bring_back_the_code(town: Town) -> None:
    back = town.visit(town.house.client(), "qinwuyuan", FIRM.login)
    thief = town.house.client()
    thief.get("/sso/qinwuyuan/begin")
    assert returned(thief, back).status_code == 400
    assert returned(town.house.client(), back).status_code == 400
    assert see(thief, "/account").status_code == 401


def test_a_sign_in_that_took_too_long_must_begin_again(town: Town) -> None:
    client = town.house.client()
    back = town.visit(client, "qinwuyuan", FIRM.login)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        assert returned(client, back).status_code == 400


@pytest.mark.parametrize(
    ("kind", "status"), [("garbage", 502), ("truncated", 502), ("error500", 503), ("clock", 502), ("expired", 400)]
)
def test_what_goes_wrong_there_is_said_here_and_local_sign_in_remains(town: Town, kind: str, status: int) -> None:
    client = town.house.client()
    back = town.visit(client, "qinwuyuan", FIRM.login)
    town.fault("qinwuyuan", kind)
    refused = returned(client, back)
    assert refused.status_code == status and "用平台账号登录" in refused.text
    token = form_token(see(client, "/sign-in"))
    signed_in = client.post("/sign-in", data={"csrf_token": token, "login": "boss", "password": PASSWORD})
    assert signed_in.status_code == 303


def test_a_server_that_is_down_says_so_within_six_seconds(town: Town) -> None:
    client = town.house.client()
    back = town.visit(client, "qinwuyuan", FIRM.login)
    town.fault("qinwuyuan", "silence")
    began = datetime.now(UTC)
    refused = returned(client, back)
    assert refused.status_code == 504 and "没有应答" in refused.text
    assert datetime.now(UTC) - began < timedelta(seconds=7)


def test_signing_out_here_signs_out_there(town: Town) -> None:
    client, _ = town.come_in("single_window", FIRM.login)
    out = post(client, "/sign-out")
    assert out.status_code == 303 and out.headers["Location"].startswith(town.window.url)
    client, _ = town.come_in("qinwuyuan", FIRM.login)
    assert post(client, "/sign-out").status_code == 303 and see(client, "/account").status_code == 401


def test_signing_out_there_ends_the_session_here_and_a_stranger_ends_none(town: Town) -> None:
    client = town.house.client()
    back = town.visit(client, "single_window", FIRM.login)
    returned(client, back)
    ticket = dict(p.split("=", 1) for p in urlsplit(back).query.split("&"))["ticket"]
    for known, status in (("ST-not-ours", 200), (ticket, 401)):
        words = (
            '<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="1" Version="2.0">'
            f"<samlp:SessionIndex>{known}</samlp:SessionIndex></samlp:LogoutRequest>"
        )
        told = town.house.client().post("/sso/single_window/callback", data={"logoutRequest": words})
        assert told.status_code == 204 and see(client, "/account").status_code == status
    with town.house.engine.connect() as connection:
        ended = connection.scalars(select(account_session.c.ended_why)).all()
    assert ended == ["single logout"]


def test_what_is_kept_of_an_identity_is_sealed_or_hashed(town: Town) -> None:
    town.come_in("qinwuyuan", PERSON.login)
    with town.house.engine.connect() as connection:
        row = connection.execute(select(sso_binding)).mappings().one()
        session = connection.execute(select(account_session)).mappings().one()
    kept = " ".join(str(value) for value in (*row.values(), *session.values()))
    assert PERSON.name not in kept and PERSON.id_no not in kept and session["sso_ref_sealed"].startswith("v1.")


def test_the_sign_in_page_offers_what_the_settings_name(town: Town) -> None:
    page = see(town.house.client(), "/sign-in").text
    assert "/sso/qinwuyuan/begin" in page and "/sso/single_window/begin" in page and "演示账号" not in page
    assert town.house.client().get("/sso/elsewhere/begin").status_code == 404


def test_the_callback_of_dash_is_not_open_to_a_waiting_identity(town: Town) -> None:
    with writing(town.house.engine) as connection:
        connection.execute(update(account).values(id_no_index=None))
    client, _ = town.come_in("qinwuyuan", PERSON.login)
    assert callback(client, "ribbon.tree").status_code in (401, 404)

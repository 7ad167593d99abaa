"""A new platform: no account comes with it, a one-time token makes three administrators, and the demo stays a demo."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Engine, func, select

from backend.administration.facts import DEMO, set_platform_fact
from backend.app import create_app
from backend.crypto.errors import KeysBroken
from backend.crypto.keys import Keys, open_keys
from backend.identity.demo import demo_session, install_demo_accounts
from backend.identity.first_run import administrators_exist, create_administrators, first_run_token
from backend.identity.key_room import open_key_room
from backend.identity.refusal import Unfit
from backend.identity.roles import PEOPLE
from backend.identity.sessions import principal_of
from backend.identity.sign_in import Origin, sign_in
from backend.models import account, audit_line, role_grant
from cache.published import Published
from cache.store import open_store
from dashboard.settings import Settings
from tests.house import House, form_token, see

GIVEN = {
    "system_login": "xitong", "system_name": "演示甲", "system_password": "Kq#1-meadowlark",
    "security_login": "anquan", "security_name": "演示乙", "security_password": "Kq#2-meadowlark",
    "audit_login": "shenji", "audit_name": "演示丙", "audit_password": "Kq#3-meadowlark",
}  # fmt: skip
HOME = Origin("127.0.0.1")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return open_keys(tmp_path / "keys")


def made(ledger: Engine, tmp_path: Path, **more: str) -> Flask:
    """The application on this ledger."""
    settings = Settings(var=tmp_path, **more)  # type: ignore[arg-type]
    app = create_app(settings, ledger, Published(open_store(settings)), open_keys(tmp_path / "keys"))

    @app.get("/")
    def home() -> str:
        return "首页"

    app.extensions.setdefault("granted", {})["home"] = "self"
    return app


def count(engine: Engine, table: object) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


@pytest.mark.db
def test_row_10_a_fresh_database_has_no_account_and_the_token_works_once(ledger: Engine, keys: Keys) -> None:
    assert count(ledger, account) == 0
    token = first_run_token(ledger)
    assert token is not None
    create_administrators(ledger, keys, token, GIVEN)
    assert administrators_exist(ledger) and count(ledger, account) == 3
    with pytest.raises(Unfit, match="令牌不正确"):
        create_administrators(
            ledger, keys, token, {**GIVEN, **{f"{w}_login": f"{w}2" for w in ("system", "security", "audit")}}
        )
    assert count(ledger, account) == 3 and first_run_token(ledger) is None


def test_row_10_the_token_is_void_after_an_hour_and_after_the_next_one(ledger: Engine, keys: Keys) -> None:
    first = first_run_token(ledger)
    second = first_run_token(ledger)
    assert first is not None and second is not None
    with pytest.raises(Unfit):
        create_administrators(ledger, keys, first, GIVEN)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)), pytest.raises(Unfit):
        create_administrators(ledger, keys, second, GIVEN)
    assert count(ledger, account) == 0


def test_row_10_of_two_who_use_the_token_at_once_one_gets_it(ledger: Engine, keys: Keys) -> None:
    token, ended = first_run_token(ledger) or "", []

    def use(number: int) -> None:
        given = {k: v + str(number) if k.endswith("login") else v for k, v in GIVEN.items()}
        try:
            create_administrators(ledger, keys, token, given)
            ended.append("made")
        except Unfit:
            ended.append("refused")

    threads = [threading.Thread(target=use, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["made", "refused", "refused", "refused"] and count(ledger, account) == 3


@pytest.mark.parametrize(
    "wrong",
    [{"audit_login": "XITONG"}, {"audit_password": "Kq#1-meadowlark"}, {"system_password": "Admin123456!"}],
)
def test_row_12_three_people_with_good_passwords_of_their_own(
    ledger: Engine, keys: Keys, wrong: dict[str, str]
) -> None:
    token = first_run_token(ledger) or ""
    with pytest.raises(Unfit):
        create_administrators(ledger, keys, token, {**GIVEN, **wrong})
    create_administrators(ledger, keys, token, GIVEN)  # What was wrong has not used the token up.
    with ledger.connect() as connection:
        roles = connection.scalars(select(role_grant.c.role)).all()
        tags = connection.scalars(select(audit_line.c.tag)).all()
    assert sorted(roles) == ["audit_admin", "security_admin", "system_admin"]
    assert tags.count("identity:account:create") == 3
    visitor = principal_of(ledger, sign_in(ledger, "xitong", GIVEN["system_password"], HOME))
    assert visitor is not None and visitor.stage == "enrol"


def test_the_page_of_the_first_run_makes_them_and_then_is_gone(ledger: Engine, tmp_path: Path) -> None:
    client = made(ledger, tmp_path).test_client()
    token = first_run_token(ledger)
    page = see(client, "/first-run")
    assert "至少 10 位" in page.text and "重新填写" not in page.text
    weak = {**GIVEN, "token": token, "audit_password": "weak", "csrf_token": form_token(page)}
    again = client.post("/first-run", data=weak, headers={"Accept": "text/html"})
    assert again.status_code == 400 and "重新填写" in again.text and GIVEN["system_password"] not in again.text
    sent = client.post("/first-run", data={**GIVEN, "token": token, "csrf_token": form_token(page)})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/sign-in")
    assert see(client, "/first-run").status_code == 404


def test_the_demo_has_an_account_for_each_role_and_only_in_the_demo(ledger: Engine, keys: Keys, tmp_path: Path) -> None:
    install_demo_accounts(ledger, keys)
    assert count(ledger, account) == 0
    client = made(ledger, tmp_path).test_client()
    token = form_token(see(client, "/sign-in"))
    assert client.post("/demo/sign-in", data={"role": "leader", "csrf_token": token}).status_code == 404
    set_platform_fact(ledger, DEMO, "2026-11-24")
    install_demo_accounts(ledger, keys)
    install_demo_accounts(ledger, keys)
    assert count(ledger, account) == sum("enterprise" not in role.kinds for role in PEOPLE.values())
    page = see(client, "/sign-in")
    assert "演示数据" in page.text and "商务主管领导" in page.text
    entered = client.post("/demo/sign-in", data={"role": "leader", "csrf_token": form_token(page)})
    assert entered.status_code == 303 and see(client, "/account").status_code == 200
    assert demo_session(ledger, "wall", HOME) is None


def test_row_30_lost_keys_stop_the_start_instead_of_being_replaced(ledger: Engine, keys: Keys, tmp_path: Path) -> None:
    create_administrators(ledger, keys, first_run_token(ledger) or "", GIVEN)
    with pytest.raises(KeysBroken, match="备份"):
        open_key_room(ledger, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists() or not any((tmp_path / "elsewhere").iterdir())


def test_row_08_over_tls_plain_requests_are_led_on_and_cookies_are_bound(
    ledger: Engine, keys: Keys, tmp_path: Path
) -> None:
    set_platform_fact(ledger, DEMO, "2026-11-24")
    install_demo_accounts(ledger, keys)
    client = made(ledger, tmp_path, public_url="https://ershouche.example", proxies="1").test_client()
    plain = client.get("/sign-in?next=/wall", headers={"Accept": "text/html"})
    assert (plain.status_code, plain.headers["Location"]) == (308, "https://ershouche.example/sign-in?next=/wall")
    assert client.post("/sign-in", data={"login": "x"}).status_code == 308
    assert client.get("/healthz").status_code == 503  # asked from inside, without TLS
    through = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.1.2.3", "X-Forwarded-Host": "ershouche.example"}
    page = client.get("/sign-in", headers={**through, "Accept": "text/html"}, base_url="https://ershouche.example")
    assert page.status_code == 200
    sent = client.post(
        "/demo/sign-in", data={"role": "leader", "csrf_token": form_token(page)}, headers=through,
        base_url="https://ershouche.example",
    )  # fmt: skip
    assert sent.status_code == 303
    cookies = {c.split("=")[0]: c for c in sent.headers.getlist("Set-Cookie")}
    bound = ("Secure", "SameSite=Lax", "Path=/")
    for name, flags in (("__Host-panorama_session", (*bound, "HttpOnly")), ("__Host-panorama_csrf", bound)):
        assert all(flag in cookies[name] for flag in flags) and "Domain" not in cookies[name]


def test_row_08_on_the_loopback_plain_http_works_without_promises(ledger: Engine, tmp_path: Path) -> None:
    client = made(ledger, tmp_path).test_client()
    answer = client.get("/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert answer.status_code == 200 and all("Secure" not in c for c in answer.headers.getlist("Set-Cookie"))


def test_row_08_over_tls_browsers_are_told_to_stay_there(ledger: Engine, tmp_path: Path) -> None:
    house = House(tmp_path / "var", public_url="https://ershouche.example", proxies="1")
    house.build()
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.1.2.3"}
    answer = house.client().get("/sign-in", headers=headers)
    assert answer.status_code == 200 and "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    house.engine.dispose()

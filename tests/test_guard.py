"""The gate: every route and callback by every role, against a committed table, and what ends a session at once."""

import io
import json
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from backend.administration.options import change_option
from backend.audit.context import NOBODY, acting
from backend.db import writing
from backend.frame.allow import permission_of
from backend.identity.cookies import safe_next
from backend.identity.epoch import rights_changed
from backend.identity.guard import BY_ITSELF
from backend.identity.roles import PEOPLE, ROLES
from backend.identity.tokens import create_token
from backend.models import (
    account,
    account_session,
    alert,
    audit_line,
    declaration,
    enterprise,
    goods_vehicle,
    role_grant,
)
from datasources.functions import UNNAMED, function_name
from datasources.scope import Scope
from tests.cast import PASSWORD
from tests.house import GENERATION, House, callback, csrf, form_token, post, see, standing

TABLE = Path(__file__).parent / "samples" / "permissions.txt"
WHO = [*PEOPLE, "wall"]
LOGIN = {"declarant": "declarant0", "enterprise_admin": "enterprise_admin0"}
# What a request with nothing in it may answer once the gate has let it in.
LET_IN = {200, 202, 204, 303, 304, 400, 404, 405, 500}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with standing(tmp_path_factory) as found:
        yield found


@pytest.fixture(scope="module")
def clients(house: House) -> dict[str, FlaskClient]:
    """A browser for each role, and a screen's."""
    people = {role: house.browse(LOGIN.get(role, role)) for role in PEOPLE}
    return {**people, "wall": house.screen()}


def rules(house: House) -> list[tuple[str, Rule]]:
    """Every route with each method that does something."""
    found = [(m, r) for r in house.app.url_map.iter_rules() for m in sorted(r.methods or ()) if m in ("GET", "POST")]
    return sorted(found, key=lambda one: (one[1].rule, one[0]))


def address(rule: Rule) -> str:
    """An address that the rule matches."""
    samples = {name: getattr(kind, "items", ("1",)) for name, kind in rule._converters.items()}
    return "".join(next(iter(samples[data])) if variable else data for variable, data in rule._trace).split("|", 1)[-1]


def matrix(house: House) -> list[str]:
    """A line for each route and callback: who may."""
    lines = []
    for method, rule in rules(house):
        needed = permission_of(house.app, rule.endpoint)
        lines.append(f"{method} {rule.rule}\t{needed or 'refused'}")
    rights = house.app.extensions["callback_rights"]
    lines += [f"callback {output.split('@')[0]}\t{needed}" for output, needed in sorted(rights.of.items())]
    lines += [f"page {path}\t{needed}" for path, needed in sorted(rights.pages.items())]
    lines += [f"role {key}\t{' '.join(sorted(ROLES[key].permissions))}" for key in sorted(ROLES)]
    return sorted(set(lines))


def test_row_12_the_matrix_of_routes_callbacks_and_roles_is_the_committed_one(house: House) -> None:
    found = matrix(house)
    if os.environ.get("WRITE_PERMISSIONS"):
        TABLE.write_text("\n".join(found) + "\n", encoding="utf-8")
    assert found == TABLE.read_text(encoding="utf-8").splitlines()


def test_row_12_every_route_and_callback_has_a_permission(house: House) -> None:
    undeclared = [r.rule for _, r in rules(house) if permission_of(house.app, r.endpoint) is None]
    assert undeclared == ["/_reload-hash"]  # Dash's own, for its developers; refused.
    outputs = set(house.app.extensions["callback_rights"].of)
    assert set(dash_callbacks(house)) == outputs


def dash_callbacks(house: House) -> list[str]:
    """Every callback that the application has, by output, as it tells browsers itself."""
    told = house.browse("leader").get("/_dash-dependencies").get_json()
    return [one["output"] for one in told]


def test_anonymous_requests_get_401_everywhere_and_no_data(house: House) -> None:
    for method, rule in rules(house):
        if permission_of(house.app, rule.endpoint) == "public":
            continue
        answer = house.client().open(address(rule), method=method)
        expected = 200 if (rule.rule, method) == ("/", "GET") else 401
        assert answer.status_code == expected, (method, rule.rule)
        assert b"cents" not in answer.data and b"account" not in answer.data.replace(b"/account", b"")
    for output in dash_callbacks(house):
        assert callback(house.client(), output, []).status_code == 401, output


def test_row_12_a_wrong_role_gets_403_from_every_route(house: House, clients: dict[str, FlaskClient]) -> None:
    refused = 0
    for method, rule in rules(house):
        needed = permission_of(house.app, rule.endpoint)
        if needed in ("public", "self", "page", "read:statistics"):
            continue
        for who, client in clients.items():
            may = who_may(house, who, needed)
            if may and method == "POST":
                continue  # Whether it does the right thing is for the tests of its own.
            sent = {"csrf_token": csrf(client)} if method == "POST" else None
            answer = client.open(address(rule), method=method, data=sent)
            assert (answer.status_code != 403) is may, (who, method, rule.rule, answer.status_code)
            refused += not may
    assert refused > 100


def who_may(house: House, who: str, needed: str | None) -> bool:
    return needed in ("public", "self") or needed in ROLES[who].permissions


def test_row_12_a_wrong_role_gets_403_from_every_page(house: House, clients: dict[str, FlaskClient]) -> None:
    for path, needed in house.app.extensions["callback_rights"].pages.items():
        for who, client in clients.items():
            inputs = [{"id": "place", "property": "pathname", "value": path}]
            answers = [see(client, path).status_code, callback(client, "content.children", inputs).status_code]
            assert answers == ([200, 200] if who_may(house, who, needed) else [403, 403]), (who, path)


def test_row_12_a_wrong_role_gets_403_from_every_callback(house: House, clients: dict[str, FlaskClient]) -> None:
    rights = house.app.extensions["callback_rights"]
    for told in house.browse("leader").get("/_dash-dependencies").get_json():
        output = told["output"]
        if told["clientside_function"] or output == rights.place:
            continue
        inputs = [{**one, "value": None} for one in told["inputs"]]
        for who, client in clients.items():
            state = [{**one, "value": None} for one in told["state"]]
            status = callback(client, output, inputs, state=state).status_code
            assert (status != 403) is who_may(house, who, rights.of[output]), (who, output, status)
            assert status in LET_IN | {403}


def test_an_unregistered_or_forged_callback_is_refused(house: House) -> None:
    client = house.browse("leader")
    assert callback(client, "rows.children", []).status_code == 403
    body = {"output": "ribbon.tree", "outputs": {"id": "home-own", "property": "tree"}, "inputs": GENERATION}
    forged = client.post("/_dash-update-component", json=body, headers={"X-CSRFToken": csrf(client)})
    assert forged.status_code == 403
    for rubbish in ("", "[]", '"x"', '{"output": 1}', '{"output":"ribbon.tree","outputs":[1]}'):
        headers = {"X-CSRFToken": csrf(client), "Content-Type": "application/json"}
        assert client.post("/_dash-update-component", data=rubbish, headers=headers).status_code == 403, rubbish


def test_disabling_somebody_ends_his_open_pages_at_the_next_request(house: House) -> None:
    house.cast.person("leaver", house.cast.place("commerce", "商务局"), "leader")
    client = house.browse("leaver")
    assert see(client, "/wall").status_code == 200
    with writing(house.engine) as connection:
        connection.execute(update(account).where(account.c.login_key == "leaver").values(state="suspended"))
        rights_changed(connection)
    assert callback(client, "ribbon.tree").status_code == 401 and see(client, "/wall").status_code == 401


def test_taking_a_role_away_shows_at_the_next_request(house: House) -> None:
    house.cast.person("mover", house.cast.place("commerce", "商务局"), "leader")
    client = house.browse("mover")
    assert see(client, "/wall").status_code == 200
    with writing(house.engine) as connection:
        mine = role_grant.c.account_id == house.cast.people["mover"]
        connection.execute(update(role_grant).where(mine).values(state="ended"))
        rights_changed(connection)
    assert see(client, "/wall").status_code == 403


def test_row_07_a_stolen_cookie_is_worth_nothing_after_sign_out(house: House) -> None:
    client = house.browse("leader")
    stolen = client.get_cookie("panorama_session")
    assert stolen is not None and see(client, "/account").status_code == 200
    assert post(client, "/sign-out").status_code == 303
    thief = house.client()
    thief.set_cookie("panorama_session", stolen.value)
    assert see(thief, "/account").status_code == 401


def test_row_07_a_session_number_given_before_sign_in_is_not_taken_over(house: House) -> None:
    client = house.client()
    client.set_cookie("panorama_session", "chosen-by-an-attacker")
    token = form_token(see(client, "/sign-in"))
    entered = client.post("/sign-in", data={"csrf_token": token, "login": "monitor", "password": PASSWORD})
    cookie = client.get_cookie("panorama_session")
    assert entered.status_code == 303 and cookie is not None and cookie.value != "chosen-by-an-attacker"


def test_row_06_polling_does_not_renew_the_idle_clock(house: House) -> None:
    client = house.browse("leader")
    began = datetime.now(UTC)
    tick = [{"id": "tick", "property": "n_intervals", "value": 1}]
    pulse = "..generation.data...pulse.data.."
    with time_machine.travel(began) as clock:
        for minutes in range(31):
            clock.move_to(began + timedelta(minutes=minutes))
            house.forget()
            asked = callback(client, pulse, tick, state=GENERATION, changedPropIds=["tick.n_intervals"])
            client.get("/payload/wall")
            house.app.extensions["guard"].touched.clear()
            see(client, "/wall/plain")  # It refreshes itself every minute.
            assert asked.status_code == (200 if minutes < 30 else 401), minutes


def test_whatever_people_are_counted_for_has_a_name(house: House) -> None:
    counted = {
        rule.endpoint
        for _, rule in rules(house)
        if permission_of(house.app, rule.endpoint) not in (None, "public", "page")
        and not address(rule).startswith(BY_ITSELF)
    }
    assert len(counted) > 60 and {name for name in counted if function_name(name) == UNNAMED} == set()


def test_row_06_what_a_person_does_renews_it(house: House) -> None:
    client = house.browse("leader")
    began = datetime.now(UTC)
    with time_machine.travel(began) as clock:
        for minutes in range(0, 61, 20):
            clock.move_to(began + timedelta(minutes=minutes))
            house.forget()
            house.app.extensions["guard"].touched.clear()
            assert see(client, "/account").status_code == 200, minutes


def test_row_03_a_due_change_of_password_leads_every_page_there_and_refuses_callbacks(house: House) -> None:
    client = house.browse("analyst")
    with writing(house.engine) as connection:
        mine = account_session.c.account_id == house.cast.people["analyst"]
        connection.execute(update(account_session).where(mine).values(stage="change"))
        rights_changed(connection)
    for path in ("/", "/wall", "/account", "/administration"):
        answer = see(client, path)
        assert (answer.status_code, answer.headers.get("Location")) == (303, "/account/password"), path
    assert callback(client, "ribbon.tree").status_code == 403


def test_after_a_change_of_password_the_way_goes_on(house: House) -> None:
    """The page names the rule in force; only the own account says what was done, and nothing is said too late."""
    house.cast.person("settler", house.cast.place("market", "市场"), "market")
    client, first, second = house.browse("settler"), "Kq#9-meadowlark", "Kq#8-meadowlark"
    with writing(house.engine) as connection:
        mine = account_session.c.account_id == house.cast.people["settler"]
        connection.execute(update(account_session).where(mine).values(stage="change"))
        rights_changed(connection)
        change_option(connection, "0" * 32, "演示管理员", "password_length", 13, "试用")
    assert "至少 13 位" in see(client, "/account/password").text
    forced = post(client, "/account/password", old=PASSWORD, password=first, again=first)
    assert forced.headers["Location"] == "/" and "密码已修改" not in see(client, "/account").text
    wished = post(client, "/account/password", old=first, password=second, again=second)
    assert wished.headers["Location"] == "/account" and "密码已修改" in see(client, "/account").text


def test_row_09_before_the_second_factor_no_callback_answers(house: House) -> None:
    client = house.browse("reviewer")
    with writing(house.engine) as connection:
        mine = account_session.c.account_id == house.cast.people["reviewer"]
        connection.execute(update(account_session).where(mine).values(stage="factor"))
        rights_changed(connection)
    assert see(client, "/").headers["Location"] == "/sign-in/factor"
    assert callback(client, "home-figures.tree").status_code == 403
    assert client.get("/payload/wall").status_code == 403


def test_after_a_request_nobody_acts_in_its_thread(house: House) -> None:
    see(house.browse("leader"), "/account")
    assert acting.get() == NOBODY


def test_forms_and_callbacks_need_the_token_of_their_session(house: House) -> None:
    client, other = house.browse("monitor"), house.browse("leader")
    for token in ("", "0" * 40, csrf(other), "令牌"):
        assert client.post("/sign-out", data={"csrf_token": token}).status_code == 403
        body = {"output": "ribbon.tree", "outputs": {"id": "ribbon", "property": "tree"}, "inputs": GENERATION}
        headers = {"X-CSRFToken": token.encode().decode("latin-1")}
        assert client.post("/_dash-update-component", json=body, headers=headers).status_code == 403
    assert see(client, "/account").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_site_cannot_send_for_somebody(house: House, headers: dict[str, str]) -> None:
    client = house.browse("monitor")
    sent = client.post("/sign-out", data={"csrf_token": csrf(client)}, headers=headers)
    assert sent.status_code == 403 and see(client, "/account").status_code == 200


def test_row_12_each_administrator_sees_only_his_own_pages(clients: dict[str, FlaskClient]) -> None:
    seen = {who: set(links(clients[who])) for who in ("system_admin", "security_admin", "audit_admin")}
    assert all(seen.values())
    assert not seen["system_admin"] & seen["audit_admin"] and not seen["security_admin"] & seen["audit_admin"]


def links(client: FlaskClient) -> list[str]:
    import re

    body = see(client, "/administration").text
    return [path for path in re.findall(r'<li><a href="(/administration/[^"]+)"', body)]


def test_row_21_administration_only_from_its_networks_whatever_a_header_says(house: House) -> None:
    client = house.browse("system_admin")
    path = "/administration/accounts"
    assert see(client, path).status_code == 200
    outside = {"REMOTE_ADDR": "203.0.113.9"}
    for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-IP": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
        sent = client.get(path, environ_overrides=outside, headers={"Accept": "text/html", **headers})
        assert sent.status_code == 403
    assert client.get("/account", environ_overrides=outside).status_code == 200


def test_row_24_a_burst_of_refusals_raises_one_alert(house: House) -> None:
    house.cast.person("curious", house.cast.place("market", "市场"), "market")
    client = house.browse("curious")
    for _ in range(25):
        shown = see(client, "/wall")
        # Only a screen asks again by itself; of a person every time would be one more refusal.
        assert shown.status_code == 403 and "Refresh" not in shown.headers
    with house.engine.connect() as connection:
        mine = alert.c.subject == house.cast.people["curious"]
        raised = connection.execute(select(alert.c.rule, alert.c.times).where(mine)).all()
        lines = connection.scalars(select(audit_line.c.tag).where(audit_line.c.actor == "curious")).all()
    assert [row.rule for row in raised] == ["refusals"] and raised[0].times >= 2
    assert lines.count("identity:guard:refuse") == 25


def test_row_34_nothing_of_a_session_stays_in_caches(house: House) -> None:
    client = house.browse("leader")
    for path in ("/", "/account", "/wall", "/sign-in"):
        assert see(client, path).headers["Cache-Control"] == "no-store", path
    gone = post(client, "/sign-out")
    assert "cache" in gone.headers["Clear-Site-Data"]


def test_security_headers_stand_on_every_answer(house: House) -> None:
    client = house.browse("leader")
    for path in ("/", "/wall", "/account", "/nowhere", "/_dash-layout", "/geo/world.json", "/healthz"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe-eval" not in policy and "script-src 'self'" in policy
        assert "'unsafe-inline'" not in policy.split("style-src")[0]
        assert "frame-ancestors 'none'" in policy and "object-src 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
        assert "Strict-Transport-Security" not in headers  # Plain http on the loopback asks for no promise.


BAD_WAYS = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
    "http:evil.example", "javascript:alert(1)",
    "/%2F/evil.example", "/%2f%2fevil.example/..", "%2F%2Fevil.example", "/%5Cevil.example",
    "/%255Cevil.example", "/\tevil", "/\nevil", "/x\r\nSet-Cookie: a=b", "/%0d%0aSet-Cookie:a=b", "", "evil.example",
    " //evil.example", "/\u0000x",
]  # fmt: skip


@pytest.mark.parametrize("way", BAD_WAYS)
def test_a_way_back_never_leads_elsewhere(way: str) -> None:
    assert safe_next(way) == "/"


@pytest.mark.parametrize("way", ["/", "/wall?theme=light", "/administration/audit?from=2026-01-01&page=2"])
def test_a_way_back_of_our_own_is_kept(way: str) -> None:
    assert safe_next(way) == way


def test_large_bodies_are_refused(house: House) -> None:
    client = house.browse("leader")
    assert post(client, "/account/password", old="x" * 2**21).status_code in (403, 413)


def test_an_api_token_of_a_firm_sees_only_the_firm(house: House) -> None:
    firm = house.firm(0)
    token = create_token(house.engine, "api", "甲公司系统", "enterprise", scope=Scope("enterprise", firm))
    answer = house.client().get("/api/v1/statistics?by=enterprise", headers={"Authorization": f"Bearer {token}"})
    assert [row["key"] for row in json.loads(answer.data)["rows"]] == [firm]


def answers(clients: list[FlaskClient]) -> Any:
    return [callback(client, "home-own.tree").get_json() for client in clients]


def test_row_14_two_firms_see_their_own_figures_and_nothing_of_each_other(house: House) -> None:
    first, second = answers([house.browse("declarant0"), house.browse("declarant1")])
    assert first != second
    year = f"&from={date.today().year}-01-01"
    own = [figures(house, house.firm(n), year)["vehicles"] for n in (0, 1)]
    assert own[0] != own[1]
    for n, answer in enumerate((first, second)):
        shown = json.dumps(answer, ensure_ascii=False)
        assert f'"{own[n]:,}"' in shown and f'"{own[1 - n]:,}"' not in shown


def figures(house: House, firm: str, more: str) -> dict[str, Any]:
    """The total that the interface tells a firm of its own rows."""
    token = create_token(house.engine, "api", "系统", "enterprise", scope=Scope("enterprise", firm))
    headers = {"Authorization": f"Bearer {token}"}
    total: dict[str, Any] = (
        house.client().get(f"/api/v1/statistics?by=month{more}", headers=headers).get_json()["total"]
    )
    return total


def marks_of(house: House, firm: str) -> set[str]:
    """Everything that would betray a firm: its code, name, declarations and vehicles."""
    with house.engine.connect() as connection:
        d, v = declaration.c, goods_vehicle.c
        numbers = connection.execute(select(d.seq_no, d.entry_id).where(d.uscc == firm)).all()
        vins = connection.scalars(select(v.vin).join(declaration, d.id == v.declaration_id).where(d.uscc == firm)).all()
        name = connection.scalar(select(enterprise.c.name).where(enterprise.c.uscc == firm))
    return {firm, str(name), *vins, *(text for row in numbers for text in row if text)}


def everything(house: House, client: FlaskClient, token: str) -> str:
    """All that a visitor gets from every page, every callback, every export and the interface."""
    said = []
    for method, rule in rules(house):
        if method == "GET" and not rule.rule.startswith(("/_dash", "/assets", "/geo")):
            bearer = {"Authorization": f"Bearer {token}"}
            ways = [f"?by={by}" for by in ("month", "country", "model", "enterprise")] if "/api/" in rule.rule else [""]
            said += [text_of(client.get(address(rule) + way, headers=bearer)) for way in ways]
    for told in client.get("/_dash-dependencies").get_json():
        inputs = [{**one, "value": None} for one in told["inputs"]]
        state = [{**one, "value": None} for one in told["state"]]
        said.append(callback(client, told["output"], inputs, state=state).get_data(as_text=True))
    return "\n".join(said)


def text_of(answer: TestResponse) -> str:
    """What an answer says; a workbook is unpacked."""
    if answer.data[:2] != b"PK":
        return answer.data.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        return "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())


def test_row_14_no_page_callback_export_or_interface_tells_one_firm_of_another(house: House) -> None:
    firms = [house.firm(0), house.firm(1)]
    tokens = [
        create_token(house.engine, "api", "系统", "enterprise", scope=Scope("enterprise", firm)) for firm in firms
    ]
    found = [everything(house, house.browse(f"enterprise_admin{n}"), tokens[n]) for n in (0, 1)]
    for n in (0, 1):
        assert firms[n] in found[n]
        other = marks_of(house, firms[1 - n])
        assert len(other) > 5 and [mark for mark in other if mark in found[n]] == []
    city = create_token(house.engine, "api", "市局系统", "commerce")
    assert all(firm in everything(house, house.browse("leader"), city) for firm in firms)  # The test can see a leak.


WORDS = ["output", "outputs", "inputs", "state", "changedPropIds", "id", "property", "value"]
ODD = [None, 1, [], {}, "/wall\x00", "//", "/" * 5000, "%2F", {"a": [1]}, "'; DROP TABLE account; --"]


@settings(max_examples=60, deadline=None)
@given(body=st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20)
    | st.sampled_from(["ribbon.tree", "..generation.data...pulse.data..", "content.children", "place", "pathname"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6),
    max_leaves=15,
))  # fmt: skip
def test_whatever_is_sent_to_callbacks_breaks_nothing(house: House, fuzzed: FlaskClient, body: Any) -> None:
    sent = fuzzed.post("/_dash-update-component", json=body, headers={"X-CSRFToken": csrf(fuzzed)})
    assert sent.status_code < 500


@pytest.mark.parametrize("value", ODD)
def test_whatever_a_known_callback_is_asked_with_breaks_nothing(house: House, fuzzed: FlaskClient, value: Any) -> None:
    for told in fuzzed.get("/_dash-dependencies").get_json():
        inputs, state = ([{**one, "value": value} for one in told[part]] for part in ("inputs", "state"))
        assert callback(fuzzed, told["output"], inputs, state=state).status_code < 500, told["output"]


@pytest.fixture(scope="module")
def fuzzed(house: House) -> FlaskClient:
    """The browser of somebody whose session nothing else ends."""
    house.cast.person("fuzz", house.cast.place("commerce", "商务局"), "leader")
    return house.browse("fuzz")

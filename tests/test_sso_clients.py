"""Signing in with 秦务员 and the single window over real HTTP: who comes in, who does not, and how one leaves."""

import logging
import re
import threading
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from backend.exchange.standins import QinWuYuanServer, SingleWindowServer, StandIn
from backend.exchange.standins.people import DemoPerson
from backend.exchange.standins.serving import CLIENT, SECRET
from backend.identity.sso import Person, SsoRefused, ticket_of_logout_request
from tests.sso_servers import (
    CALLBACK,
    FLOWS,
    GOOD_TOKEN,
    GOOD_USER,
    JSON,
    PATIENCE,
    PEOPLE,
    STATE,
    Answer,
    Flow,
    Speaker,
    kind_of,
    provider,
    refusal,
    scripted,
)  # fmt: skip


@pytest.fixture(params=FLOWS)
def flow(request: pytest.FixtureRequest) -> Iterator[Flow]:
    """Each of the three ways."""
    with StandIn(kind_of(request.param), redirect_uris=[CALLBACK]) as standin:
        yield Flow(request.param, standin)


@pytest.fixture(params=FLOWS[::2])
def oauth(request: pytest.FixtureRequest) -> Iterator[Flow]:
    """The two ways by OAuth 2."""
    with StandIn(kind_of(request.param), redirect_uris=[CALLBACK]) as standin:
        yield Flow(request.param, standin)


@pytest.fixture
def qinwuyuan() -> Iterator[Flow]:
    with StandIn(QinWuYuanServer, redirect_uris=[CALLBACK]) as standin:
        yield Flow("qinwuyuan", standin)


@pytest.fixture
def cas() -> Iterator[Flow]:
    with StandIn(SingleWindowServer, redirect_uris=[CALLBACK]) as standin:
        yield Flow("cas3", standin)


def expected(name: str, person: DemoPerson, ref: str) -> Person:
    """Who a demo person is in our words."""
    first = name == "qinwuyuan"
    return Person(
        provider="qinwuyuan" if first else "single_window",
        subject=f"QWY-{person.login}" if first else person.login,
        kind="legal" if person.uscc else "natural",
        name=person.name,
        uscc=person.uscc,
        id_no=person.id_no,
        mobile=person.mobile,
        level=person.level if first else "",
        organisation=person.organisation,
        session_ref=ref,
    )


@pytest.mark.parametrize("login", PEOPLE)
def test_natural_and_legal_persons_come_in_as_who_they_are(flow: Flow, login: str) -> None:
    person = flow.complete(flow.visit(person=login))
    assert len(person.session_ref) > 20
    assert person == expected(flow.name, PEOPLE[login], person.session_ref)


def test_a_cas_ticket_is_what_single_logout_will_name(cas: Flow) -> None:
    arguments = cas.visit()
    assert cas.complete(arguments).session_ref == arguments["ticket"]


@pytest.mark.parametrize("given", [{}, {"state": ""}, {"state": "another"}, {"state": STATE + "x"}])
@pytest.mark.parametrize("name", FLOWS)
def test_a_wrong_state_is_refused_before_anybody_is_asked(name: str, given: dict[str, str]) -> None:
    arguments = {"code": "C-1", "ticket": "ST-1-x", **given}
    with scripted(name) as talk:
        refusal(lambda: talk.provider.complete(CALLBACK, arguments, STATE), "wrong_state", 400)
        refusal(lambda: talk.provider.complete(CALLBACK, arguments, ""), "wrong_state", 400)
        assert talk.speaker.asked == []


def test_a_code_or_ticket_that_was_used_is_refused(flow: Flow) -> None:
    arguments = flow.visit()
    flow.complete(arguments)
    # Only 秦务员's stand-in says that it was used; CAS servers do not tell.
    refusal(lambda: flow.complete(arguments), "replayed_code" if flow.name == "qinwuyuan" else "bad_ticket", 400)


def test_two_who_come_with_one_code_at_once_do_not_both_come_in(flow: Flow) -> None:
    arguments, outcomes = flow.visit(), []

    def come() -> None:
        try:
            outcomes.append(flow.complete(arguments).subject)
        except SsoRefused as refused:
            outcomes.append(refused.code)

    both = [threading.Thread(target=come) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len([outcome for outcome in outcomes if "demo-unit-1" in outcome]) == 1, outcomes


def test_a_code_or_ticket_older_than_five_minutes_is_refused(flow: Flow) -> None:
    arguments = flow.visit()
    flow.standin.site.pass_time(301)
    refusal(lambda: flow.complete(arguments), "expired" if flow.name == "qinwuyuan" else "bad_ticket", 400)


@pytest.mark.parametrize("invented", ["ST-1-invented", "ST-1-<x>&y=1", "演示", "x" * 3000])
def test_an_invented_code_or_ticket_is_refused(flow: Flow, invented: str) -> None:
    refusal(lambda: flow.complete({"state": STATE, "code": invented, "ticket": invented}), "bad_ticket", 400)


@pytest.mark.parametrize("ticket", ["ST-", "PT-1-x", "ST-1 x", "ST-1-" + "x" * 300, "ST-1-演示"])
def test_what_cannot_be_a_ticket_is_not_even_asked_about(ticket: str) -> None:
    with scripted("cas3") as talk:
        arguments = {"state": STATE, "ticket": ticket}
        refusal(lambda: talk.provider.complete(CALLBACK, arguments, STATE), "bad_ticket", 400)
        assert talk.speaker.asked == []


def test_another_address_than_that_of_the_sign_in_is_refused(flow: Flow) -> None:
    arguments = flow.visit()
    code, status = ("bad_ticket", 400) if flow.name == "oauth2" else ("wrong_redirect", 502)
    refusal(lambda: flow.complete(arguments, callback=CALLBACK + "/other"), code, status)


@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1:9/evil", CALLBACK + "/", CALLBACK + ".evil", "//evil"])
def test_the_stand_ins_send_nobody_to_an_address_that_is_not_registered(flow: Flow, elsewhere: str) -> None:
    address = flow.provider.begin(elsewhere, STATE)
    for answer in (
        flow.browser.get(address, allow_redirects=False, timeout=5),
        flow.browser.post(address, data={"person": "demo-unit-1"}, allow_redirects=False, timeout=5),
    ):
        assert answer.status_code == 400
        assert "没有跳转" in answer.text or "登记" in answer.text


def test_a_code_of_another_client_is_refused(oauth: Flow) -> None:
    oauth.standin.site.register("000000098", "other-secret", [CALLBACK])
    foreign = provider(oauth.name, oauth.standin.url, client="000000098", secret="other-secret")
    own, oauth.provider = oauth.provider, foreign
    arguments = oauth.visit()
    arguments.pop("client_id", None)
    refusal(lambda: own.complete(CALLBACK, arguments, STATE), "bad_ticket", 400)


def test_a_wrong_secret_is_a_matter_for_the_administrator(oauth: Flow) -> None:
    arguments = oauth.visit()
    wrong = provider(oauth.name, oauth.standin.url, secret="wrong")
    refusal(lambda: wrong.complete(CALLBACK, arguments, STATE), "misconfigured", 502)


def test_whoever_does_not_want_to_sign_in_is_told_how_to_go_on(flow: Flow) -> None:
    page = flow.browser.get(flow.provider.begin(CALLBACK, STATE), timeout=5).text
    [way_back] = [found.replace("&amp;", "&") for found in re.findall(r'<a href="(http[^"]+)"', page)]
    refusal(lambda: flow.complete(dict(parse_qsl(urlsplit(way_back).query))), "cancelled", 400)
    refusal(lambda: flow.complete({"state": STATE, "loginSuccess": "0"}), "cancelled", 400)


FAULTY = {
    "garbage": ("garbage", 502),
    "silence": ("silent", 504),
    "clock": ("clock", 502),
    "error500": ("silent", 503),
    "truncated": ("garbage", 502),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_every_fault_of_the_server_is_refused_in_time_and_over_when_it_is_over(flow: Flow, fault: str) -> None:
    arguments = flow.visit()
    flow.fault(fault)
    flow.hurry()
    begun = time.monotonic()
    refusal(lambda: flow.complete(arguments), *FAULTY[fault])
    assert time.monotonic() - begun < PATIENCE + 1
    flow.fault("none")
    assert flow.complete(flow.visit()).uscc == PEOPLE["demo-unit-1"].uscc


def test_a_sign_in_that_the_server_calls_old_is_refused(flow: Flow) -> None:
    arguments = flow.visit()
    flow.fault("expired")
    refusal(lambda: flow.complete(arguments), "bad_ticket" if flow.name == "oauth2" else "expired", 400)


def test_a_body_in_gbk_is_read(flow: Flow) -> None:
    arguments = flow.visit()
    flow.fault("gbk")
    assert flow.complete(arguments).organisation == PEOPLE["demo-unit-1"].organisation


def test_what_is_personal_or_secret_does_not_show_in_a_log(flow: Flow) -> None:
    person = flow.complete(flow.visit())
    shown = repr(person) + repr(flow.provider.config)  # type: ignore[attr-defined]
    for hidden in (person.name, person.id_no, person.mobile, person.session_ref, SECRET):
        assert hidden not in shown


def test_cas_servers_before_version_5_are_understood() -> None:
    with StandIn(SingleWindowServer, redirect_uris=[CALLBACK], plain=True) as standin:
        old = Flow("oauth2", standin)
        person = old.complete(old.visit())
    assert person == expected("oauth2", PEOPLE["demo-unit-1"], person.session_ref)


def test_a_second_sign_in_needs_no_second_choice(flow: Flow) -> None:
    first = flow.complete(flow.visit(person="demo-person-1"))
    second = flow.complete(flow.visit(person="demo-unit-1"))
    assert (second.subject, second.session_ref != first.session_ref) == (first.subject, True)


def test_logout_at_qinwuyuan_goes_from_server_to_server_and_ends_its_session(qinwuyuan: Flow) -> None:
    person = qinwuyuan.complete(qinwuyuan.visit())
    assert qinwuyuan.provider.logout_url(person.session_ref, CALLBACK) is None
    asked = qinwuyuan.provider.begin(CALLBACK, STATE) + "&hide_login=true"
    before = qinwuyuan.browser.get(asked, allow_redirects=False, timeout=5).headers["Location"]
    assert "code=" in before
    qinwuyuan.provider.logout(person.session_ref, CALLBACK)
    after = qinwuyuan.browser.get(asked, allow_redirects=False, timeout=5).headers["Location"]
    assert "loginSuccess=0" in after
    assert "code=" not in after


@pytest.mark.parametrize("answer", [(500, {}, b""), (302, {"Location": CALLBACK}, b""), (401, JSON, b"{}")])
def test_logout_at_qinwuyuan_never_fails_and_says_no_secret(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with scripted("qinwuyuan", token=GOOD_TOKEN, user=GOOD_USER, out=answer) as talk:
        talk.provider.logout(talk.complete().session_ref, CALLBACK)
        _, address, _ = talk.speaker.asked[-1]
        assert parse_qs(urlsplit(address).query) == {
            "client_id": [CLIENT], "client_secret": [SECRET], "access_token": ["AT"], "redirect_uri": [CALLBACK]
        }  # fmt: skip
    assert ("没有送达" in caplog.text) == (answer[0] != 302)
    assert SECRET not in caplog.text


def test_logout_at_a_silent_qinwuyuan_is_over_in_time(qinwuyuan: Flow, caplog: pytest.LogCaptureFixture) -> None:
    person = qinwuyuan.complete(qinwuyuan.visit())
    qinwuyuan.fault("silence")
    qinwuyuan.hurry()
    begun = time.monotonic()
    qinwuyuan.provider.logout(person.session_ref, CALLBACK)
    assert time.monotonic() - begun < PATIENCE + 1
    assert "没有送达：silent" in caplog.text


def test_single_logout_of_cas_reaches_the_service_with_the_ticket() -> None:
    with Speaker({}) as ourselves:
        callback = ourselves.url + "/sso/callback"
        with StandIn(SingleWindowServer, redirect_uris=[callback]) as standin:
            cas = Flow("cas3", standin)
            person = cas.complete(cas.visit(callback), callback)
            cas.provider.logout(person.session_ref, ourselves.url + "/bye")
            assert ourselves.asked == []  # the browser has to go there
            address = cas.provider.logout_url(person.session_ref, ourselves.url + "/bye")
            assert address is not None
            back = cas.browser.get(address, allow_redirects=False, timeout=5)
            assert back.headers["Location"] == ourselves.url + "/bye"
            assert "demo-unit-1" in cas.browser.get(cas.provider.begin(callback, STATE), timeout=5).text
        [(method, path, body)] = ourselves.asked
        assert (method, path) == ("POST", f"/sso/callback?state={STATE}")
        [message] = parse_qs(body.decode())["logoutRequest"]
        assert ticket_of_logout_request(message) == person.session_ref
        assert ticket_of_logout_request('<?xml version="1.0" encoding="GBK"?>' + message) == person.session_ref


def test_logout_of_cas_leads_to_no_stranger(cas: Flow) -> None:
    cas.complete(cas.visit())
    for stranger in ("http://evil.example/", "http://127.0.0.1:90/", "//evil.example"):
        address = cas.provider.logout_url("ST-1-x", stranger)
        assert address is not None
        assert cas.browser.get(address, allow_redirects=False, timeout=5).status_code == 200


def test_settings_rename_the_fields(flow: Flow) -> None:
    fields = "name=corpName, id_no = none|idNo|agentIdNo ,organisation=none"
    flow.provider = provider(flow.name, flow.standin.url, fields=fields)
    person = flow.complete(flow.visit())
    unit = PEOPLE["demo-unit-1"]
    assert (person.name, person.id_no, person.organisation) == (unit.organisation, unit.id_no, "")
    assert (person.uscc, person.mobile) == (unit.uscc, unit.mobile)

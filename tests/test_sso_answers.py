"""What identity servers may answer, and worse: nothing but a clear and timely yes lets anybody in."""

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend.exchange.standins.serving import CLIENT, SECRET
from backend.identity.sso import ticket_of_logout_request
from tests.servers import free_port
from tests.sso_servers import (
    CALLBACK,
    FLOWS,
    GOOD_TOKEN,
    GOOD_USER,
    JSON,
    PATIENCE,
    STATE,
    Speaker,
    provider,
    refusal,
    scripted,
    token_with,
    xml,
)  # fmt: skip


def test_an_answer_that_names_another_client_is_refused_without_asking() -> None:
    with scripted("qinwuyuan", token=GOOD_TOKEN, user=GOOD_USER) as talk:
        arguments = {"state": STATE, "code": "C-1", "client_id": "000000098"}
        refusal(lambda: talk.provider.complete(CALLBACK, arguments, STATE), "bad_ticket", 400)
        assert talk.speaker.asked == []
        assert talk.provider.complete(CALLBACK, {**arguments, "client_id": CLIENT}, STATE).subject == "1"


@pytest.mark.parametrize("name", FLOWS)
def test_a_header_that_comes_byte_by_byte_does_not_hold_anybody(name: str) -> None:
    with scripted(name, 4) as talk:
        begun = time.monotonic()
        refusal(talk.complete, "silent", 504)
        assert time.monotonic() - begun < PATIENCE + 1


@pytest.mark.parametrize("name", FLOWS)
def test_a_server_that_is_not_there_is_said_to_be_so(name: str) -> None:
    gone = provider(name, f"http://127.0.0.1:{free_port()}")
    arguments = {"state": STATE, "code": "C-1", "ticket": "ST-1-x"}
    assert "连接不上" in refusal(lambda: gone.complete(CALLBACK, arguments, STATE), "silent", 503).message


@pytest.mark.parametrize("name", FLOWS)
def test_a_certificate_that_nobody_vouches_for_is_refused(name: str, tmp_path: Path) -> None:
    with Speaker({}) as speaker:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self_signed(tmp_path / "self-signed.pem"))
        speaker.server.socket = context.wrap_socket(speaker.server.socket, server_side=True)
        doubtful = provider(name, speaker.url.replace("http://127.0.0.1", "https://localhost"))
        arguments = {"state": STATE, "code": "C-1", "ticket": "ST-1-x"}
        refused = refusal(lambda: doubtful.complete(CALLBACK, arguments, STATE), "misconfigured", 502)
        assert "证书" in refused.message
        assert speaker.asked == []


def self_signed(path: Path) -> Path:
    """Write a certificate for localhost, with its key, that no authority has signed."""
    key, at = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(at - timedelta(days=1)).not_valid_after(at + timedelta(days=1))
    built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("name", FLOWS)
def test_a_redirect_of_a_call_between_servers_is_not_followed(name: str) -> None:
    with Speaker({}) as elsewhere:
        away = (302, {"Location": elsewhere.url + "/steal"}, b"")
        with scripted(name, token=away) as talk:
            refusal(talk.complete, "garbage", 502)
        assert elsewhere.asked == []


def test_a_redirect_of_the_request_for_the_person_is_not_followed() -> None:
    with Speaker({}) as elsewhere:
        away = (307, {"Location": elsewhere.url + "/steal"}, b"")
        with scripted("qinwuyuan", token=GOOD_TOKEN, user=away) as talk:
            refusal(talk.complete, "garbage", 502)
        assert elsewhere.asked == []


@pytest.mark.parametrize("name", FLOWS)
def test_more_than_256_kib_are_refused(name: str) -> None:
    good = SUCCESS.format(more="").encode() if name == "cas3" else GOOD_TOKEN[2]
    user = (200, JSON, b'{"id": "demo", "userName": "x"}') if name == "oauth2" else GOOD_USER
    others = {} if name == "cas3" else {"user": user}
    limit = 256 * 1024 - len(good)
    with scripted(name, token=(200, JSON, good + b" " * limit), **others) as talk:
        assert talk.complete().subject
    with scripted(name, token=(200, JSON, good + b" " * (limit + 1)), **others) as talk:
        refusal(talk.complete, "garbage", 502)


NOT_TOKENS = [
    b"[]", b'"AT"', b"null", b"7", b"{", b"", b"\xff\xff\xff", b'{"access_token": "AT"', b"[" * 100_000,
    b'{"access_token": ["AT"]}', b'{"access_token": ""}', b'{"access_token": 7}', b'{"access_token": "A\\nT"}',
    b'{"access_token": "AT", "expires_in": "soon"}', b'{"access_token": "AT", "expires_in": NaN}',
    b'{"access_token": "AT", "expires_in": [1]}', b'{"access_token": "AT", "timestamp": "yesterday"}',
    b'{"access_token": "AT", "timestamp": 1e300}', b'{"error": {"x": 1}}', b'{"code": 500}',
]  # fmt: skip


@pytest.mark.parametrize("name", ("qinwuyuan", "oauth2"))
@pytest.mark.parametrize("body", NOT_TOKENS)
def test_what_is_no_token_is_refused_as_unreadable(name: str, body: bytes) -> None:
    with scripted(name, token=(200, JSON, body), user=GOOD_USER) as talk:
        refusal(talk.complete, "garbage", 502)
        assert len(talk.speaker.asked) == 1


@pytest.mark.parametrize("expires_in", [0, -1, "0", "-7200"])
def test_a_token_that_is_over_before_it_begins_means_a_wrong_clock(expires_in: object) -> None:
    with scripted("qinwuyuan", token=(200, JSON, token_with(expires_in=expires_in)), user=GOOD_USER) as talk:
        refusal(talk.complete, "clock", 502)


@pytest.mark.parametrize("name", ["issued_at", "timestamp"])
@pytest.mark.parametrize("off", [-3600, -62, -50, 50, 62, 3600])
@pytest.mark.parametrize(
    "written",
    [
        lambda at: at.timestamp(),
        lambda at: str(int(at.timestamp())),
        lambda at: int(at.timestamp() * 1000),
        lambda at: at.isoformat(),
        lambda at: (at + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S"),
    ],
)
def test_a_clock_may_be_a_minute_off_and_no_more(name: str, off: int, written: Callable[[datetime], object]) -> None:
    at = written(datetime.now(UTC) + timedelta(seconds=off))
    with scripted("qinwuyuan", token=(200, JSON, token_with(**{name: at})), user=GOOD_USER) as talk:
        if abs(off) > 60:
            refusal(talk.complete, "clock", 502)
        else:
            assert talk.complete().subject == "1"


def test_the_token_request_of_qinwuyuan_has_everything_in_its_query() -> None:
    with scripted("qinwuyuan", token=GOOD_TOKEN, user=GOOD_USER) as talk:
        assert talk.complete().session_ref == "AT"
        (method, address, body), (_, then, _) = talk.speaker.asked
        assert (method, urlsplit(address).path, body) == ("POST", "/accessToken", b"")
        assert parse_qs(urlsplit(address).query) == {
            "grant_type": ["authorization_code"], "client_id": [CLIENT], "client_secret": [SECRET],
            "redirect_uri": [CALLBACK], "code": ["C-1"],
        }  # fmt: skip
        assert then == "/userInfo?access_token=AT"
        assert talk.speaker.headers[0]["Content-Length"] == "0"
        assert not {"Transfer-Encoding", "Content-Type", "Authorization"} & set(talk.speaker.headers[0])


def test_a_null_error_beside_a_token_is_no_error() -> None:
    with scripted("qinwuyuan", token=(200, JSON, token_with(error=None, token_type="")), user=GOOD_USER) as talk:
        assert talk.complete().subject == "1"


RECITED = (
    "The provided authorization grant is invalid, expired, revoked, was used, or does not match the redirection URI "
    "redirect_uri used in the authorization request."
)


@pytest.mark.parametrize(
    ("error", "description", "code", "status"),
    [
        ("invalid_grant", None, "bad_ticket", 400),
        ("invalid_grant", "authorization code 已过期", "expired", 400),
        ("invalid_grant", "授权码已使用", "replayed_code", 400),
        ("invalid_grant", "redirect_uri mismatch", "wrong_redirect", 502),
        ("invalid_grant", RECITED, "bad_ticket", 400),
        ("redirect_uri_mismatch", None, "wrong_redirect", 502),
        ("unauthorized_client", None, "misconfigured", 502),
        ("something_new", None, "misconfigured", 502),
        ("server_error", None, "silent", 503),
    ],
)
def test_what_a_server_says_is_wrong_becomes_advice(error: str, description: object, code: str, status: int) -> None:
    body = token_with(error=error, error_description=description)
    for name in ("qinwuyuan", "oauth2"):
        for http in (200, 400, 401):
            with scripted(name, token=(http, JSON, body)) as talk:
                refusal(talk.complete, code, status)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"loginUser": []}', "garbage"),
        (b'{"loginUser": null}', "garbage"),
        (b"{}", "garbage"),
        (b'{"loginUser": {"userId": {"x": 1}, "name": "x"}}', "garbage"),
        (b'{"loginUser": {"userId": true, "name": "x"}}', "garbage"),
        (b'{"loginUser": {"userId": ["1", "2"], "name": "x"}}', "garbage"),
        (b'{"loginUser": {"userId": "1", "name": "x\\u202ey"}}', "garbage"),
        (b'{"loginUser": {"userId": "1", "name": "\\ud800"}}', "garbage"),
        (b'{"loginUser": {"userId": "' + b"1" * 201 + b'", "name": "x"}}', "garbage"),
        (b'{"loginUser": {"name": "x"}}', "unknown_field"),
        (b'{"loginUser": {"userId": " ", "name": "x"}}', "unknown_field"),
        (b'{"loginUser": {"userId": "1"}}', "unknown_field"),
        (b'{"loginUser": {"userId": "1", "name": "x", "userType": "2"}}', "unknown_field"),
        (b'{"loginUser": {"userId": "1", "name": "x", "userType": "9"}}', "unknown_field"),
        (b'{"loginUser": {"userId": "1", "name": "x", "uscc": "91610100"}}', "unknown_field"),
        (
            b'{"loginUser": {"userId": "1", "name": "x", "uscc": "91610102MADEM00005", "userType": "1"}}',
            "unknown_field",
        ),
    ],
)
def test_a_person_who_is_not_told_clearly_is_refused(body: bytes, code: str) -> None:
    with scripted("qinwuyuan", token=GOOD_TOKEN, user=(200, JSON, body)) as talk:
        refusal(talk.complete, code, 502)


def test_a_token_that_the_server_does_not_know_any_more_is_refused() -> None:
    answer = (401, JSON, b'{"error": "invalid_token"}')
    with scripted("qinwuyuan", token=GOOD_TOKEN, user=answer) as talk:
        refusal(talk.complete, "expired", 400)
    with scripted("qinwuyuan", token=GOOD_TOKEN, user=(403, *GOOD_USER[1:])) as talk:
        refusal(talk.complete, "garbage", 502)


def test_a_number_is_as_good_as_a_text_and_blanks_are_tidied() -> None:
    user = '{"loginUser": {"userId": 71, "name": "　演示 甲\\n", "authLevel": 3}}'.encode()
    with scripted("qinwuyuan", token=GOOD_TOKEN, user=(200, JSON, user)) as talk:
        person = talk.complete()
    assert (person.subject, person.name, person.level, person.kind) == ("71", "演示 甲", "3", "natural")


SUCCESS = (
    '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess><cas:user>demo</cas:user>'
    "<cas:attributes><cas:userName>演示</cas:userName>{more}</cas:attributes>"
    "</cas:authenticationSuccess></cas:serviceResponse>"
)


def test_an_answer_of_cas_that_leads_elsewhere_is_refused_and_nothing_is_fetched(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("演示")
    with Speaker({}) as elsewhere:
        outside = (canary.as_uri(), elsewhere.url + "/entity")
        heads = [f'<!DOCTYPE x [<!ENTITY n SYSTEM "{where}">]>' for where in outside]
        heads += [f'<!DOCTYPE x SYSTEM "{elsewhere.url}/x.dtd">', "<!DOCTYPE x []>"]
        heads += ['<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY n "&a;&a;&a;&a;&a;&a;&a;&a;">]>']
        for head in heads:
            told = SUCCESS.replace("演示", "&n;" if "ENTITY n" in head else "演示").format(more="")
            with scripted("cas3", token=xml(head + told)) as talk:
                refusal(talk.complete, "garbage", 502)
        assert elsewhere.asked == []
    with scripted("cas3", token=xml(SUCCESS.format(more=""))) as talk:
        assert talk.complete().name == "演示"


@pytest.mark.parametrize(
    "told",
    [
        "", "yes\ndemo", "<a/>", "<a><b/></a>", SUCCESS[:-9], SUCCESS.replace("demo", ""),
        SUCCESS.replace("cas:user>", "x>"),
        SUCCESS.replace("Success", "Maybe"), "<authenticationSuccess><user>demo</user></authenticationSuccess>",
        "<serviceResponse><authenticationSuccess><user>demo</user></authenticationSuccess></serviceResponse>",
    ],
)  # fmt: skip
def test_what_is_no_success_of_cas_lets_nobody_in(told: str) -> None:
    with scripted("cas3", token=xml(told.replace("{more}", ""))) as talk:
        refusal(talk.complete, "garbage", 502)


def test_a_comment_does_not_cut_the_name_of_a_user_short() -> None:
    told = SUCCESS.replace("demo<", "demo<!-- -->-other<").format(more="")
    with scripted("cas3", token=xml(told)) as talk:
        assert talk.complete().subject == "demo-other"


def test_an_attribute_does_not_pass_for_the_user() -> None:
    with scripted("cas3", token=xml(SUCCESS.format(more="<cas:user>admin</cas:user>"))) as talk:
        assert talk.complete().subject == "demo"


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        ("INVALID_SERVICE", "wrong_redirect", 502),
        ("INVALID_TICKET_SPEC", "bad_ticket", 400),
        ("INVALID_REQUEST", "misconfigured", 502),
        ("UNAUTHORIZED_SERVICE", "misconfigured", 502),
        ("INTERNAL_ERROR", "silent", 503),
    ],
)
def test_what_cas_says_is_wrong_becomes_advice(error: str, code: str, status: int) -> None:
    told = (
        '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">'
        f'<cas:authenticationFailure code="{error}">x</cas:authenticationFailure></cas:serviceResponse>'
    )
    with scripted("cas3", token=xml(told)) as talk:
        refusal(talk.complete, code, status)


@pytest.mark.parametrize(
    ("age", "new", "code"),
    [(0, "true", None), (240, "true", None), (310, "true", "expired"), (310, None, "expired"),
     (7200, "false", None), (-90, "true", "clock"), (-90, "false", "clock")],
)  # fmt: skip
def test_a_fresh_sign_in_at_cas_is_fresh_and_an_older_session_is_welcome(
    age: int, new: str | None, code: str | None
) -> None:
    at = (datetime.now(UTC) - timedelta(seconds=age)).isoformat() + "[UTC]"
    more = f"<cas:authenticationDate>{at}</cas:authenticationDate>"
    more += f"<cas:isFromNewLogin>{new}</cas:isFromNewLogin>" if new else ""
    with scripted("cas3", token=xml(SUCCESS.format(more=more))) as talk:
        if code:
            refusal(talk.complete, code, 400 if code == "expired" else 502)
        else:
            assert talk.complete().subject == "demo"


SAML = "urn:oasis:names:tc:SAML:2.0:protocol"
INDEX = "<s:SessionIndex>{}</s:SessionIndex>"


@pytest.mark.parametrize(
    "message",
    [
        "", "x", "<a/>", "\ud800", f'<s:LogoutRequest xmlns:s="{SAML}"/>',
        f'<s:Other xmlns:s="{SAML}">{INDEX.format("ST-1-x")}</s:Other>',
        f'<s:LogoutRequest xmlns:s="{SAML}">{INDEX.format("TGT-1")}</s:LogoutRequest>',
        f'<s:LogoutRequest xmlns:s="{SAML}">{INDEX.format("ST-1-x") * 2}</s:LogoutRequest>',
        f'<!DOCTYPE s [<!ENTITY t "ST-1-x">]><s:LogoutRequest xmlns:s="{SAML}">{INDEX.format("&t;")}</s:LogoutRequest>',
        f'<s:LogoutRequest xmlns:s="{SAML}">{INDEX.format("ST-1-x")}{" " * 70_000}</s:LogoutRequest>',
    ],
)  # fmt: skip
def test_what_is_no_logout_request_names_no_ticket(message: str) -> None:
    assert ticket_of_logout_request(message) is None


def test_a_name_with_dots_leads_into_objects_within() -> None:
    user = '{"loginUser": {"userId": "1", "certInfo": {"name": "演示"}}}'.encode()
    with scripted("qinwuyuan", token=GOOD_TOKEN, user=(200, JSON, user)) as talk:
        talk.provider = provider("qinwuyuan", talk.speaker.url, fields="name=certInfo.name")
        arguments = {"state": STATE, "code": "C-1"}
        assert talk.provider.complete(CALLBACK, arguments, STATE).name == "演示"

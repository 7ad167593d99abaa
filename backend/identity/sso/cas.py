"""Sign-in by CAS 3 tickets at the single window, and the single logout requests that it sends back."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import ParseError

from cas import CASClientV3
from lxml import etree
from requests import Session
from requests.exceptions import RequestException

from backend.exchange.safety import Unreadable, local, safe_xml
from backend.identity.sso.config import SsoConfig
from backend.identity.sso.identity_fields import Person, person_of
from backend.identity.sso.moments import check_authentication
from backend.identity.sso.refusal import check_state, refused, spoken
from backend.identity.sso.transport import MARK, MAX_BODY, SECONDS, guarded, text_of, within

TICKET = re.compile(r"ST-[\x21-\x7e]{1,252}")
MAX_LOGOUT_REQUEST = 64 * 1024


class SingleWindowCas:
    """The CAS server of 车辆出口通关. The state travels in the query of the service address, which CAS hands back.

    timeout: seconds for the validation of a ticket.
    """

    key = "single_window"
    label = "车辆出口通关"

    def __init__(self, config: SsoConfig, timeout: float = SECONDS) -> None:
        self.config = config
        self.timeout = timeout

    def begin(self, callback_url: str, state: str) -> str:
        """Return the address to send the browser to."""
        with Session() as session:
            return str(self._client(session, service_of(callback_url, state)).get_login_url())

    def complete(self, callback_url: str, arguments: Mapping[str, str], expected_state: str) -> Person:
        """Turn the arguments with which the browser came back into a person; raise SsoRefused."""
        check_state(arguments, expected_state, self.label)
        ticket = arguments.get("ticket", "")
        if not ticket:
            raise refused("cancelled", self.label)
        if not TICKET.fullmatch(ticket):
            raise refused("bad_ticket", self.label)
        service = service_of(callback_url, expected_state)
        record = within(self.timeout, self.label, lambda: self._validate(service, ticket))
        check_authentication(record, self.label)
        return person_of(self.key, self.label, record, self.config.fields, ticket)

    def _validate(self, service: str, ticket: str) -> dict[str, Any]:
        with Session() as session:
            try:
                body = self._client(session, service).get_verification_response(ticket)
            except RequestException:
                raise refused("garbage", self.label) from None
        return told_by(body, self.label)

    def _client(self, session: Session, service: str) -> CASClientV3:
        guarded(session, self.label, self.timeout)
        return CASClientV3(service_url=service, server_url=self.config.url + "/", session=session)

    def logout_url(self, person_ref: str, return_url: str) -> str:
        """Return the address that ends the session of the browser with the CAS server and leads back."""
        with Session() as session:
            return str(self._client(session, return_url).get_logout_url(return_url))

    def logout(self, person_ref: str, return_url: str) -> None:
        """Nothing to send: the browser that visits logout_url tells the CAS server."""


def service_of(callback_url: str, state: str) -> str:
    """Return the service address for one sign-in; validation must name the very same one."""
    return f"{callback_url}{'&' if '?' in callback_url else '?'}{urlencode({'state': state})}"


def told_by(body: bytes, label: str) -> dict[str, Any]:
    """Read the answer to a validation: its attributes, and its user under that name.

    The body is parsed without types or entities first, and only what has passed goes to python-cas, whose own parser
    would take both. Raise SsoRefused for an authenticationFailure and for anything else that is no success.
    """
    try:
        root = safe_xml(MARK + text_of(body, label).encode(), 2 * MAX_BODY)
        head = root[0]
        if local(head.tag) == "authenticationFailure":
            raise spoken(head.get("code"), head.text, label)
        user, attributes, _ = CASClientV3.parse_response_xml(etree.tostring(root))
    except (Unreadable, ParseError, LookupError, AttributeError, ValueError):
        raise refused("garbage", label) from None
    if not user:
        raise refused("garbage", label)
    return {**attributes, "user": user}


def ticket_of_logout_request(xml: str) -> str | None:
    """Return the ticket whose session a CAS server asks to end (field logoutRequest), None when it is no such request.

    Only somebody who knows the ticket can name it, so a request that names one needs no other proof.
    """
    try:
        root = safe_xml(MARK + xml.encode(), MAX_LOGOUT_REQUEST)
    except (Unreadable, UnicodeEncodeError):
        return None
    found = CASClientV3.get_saml_slos(etree.tostring(root)) if local(root.tag) == "LogoutRequest" else []
    ticket = (found[0].text or "").strip() if len(found) == 1 else ""
    return ticket if TICKET.fullmatch(ticket) else None

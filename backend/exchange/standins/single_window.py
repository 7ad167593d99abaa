"""A stand-in for the CAS server of the single window: CAS 3 with single logout, and its OAuth 2 addresses."""

import logging
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import requests
from flask import Flask, jsonify, redirect, render_template, request
from lxml import etree
from werkzeug.wrappers import Response

from backend.exchange.standins.people import DemoPerson
from backend.exchange.standins.serving import IdentityServer, no
from backend.exchange.standins.vouchers import NotGood, Voucher, Vouchers

CAS = "http://www.yale.edu/tp/cas"
TICKET_LIFE = 300
TOKEN_LIFE = 7200
LONG_AGO = timedelta(minutes=10)
log = logging.getLogger("panorama.standins")


class SingleWindowServer(IdentityServer):
    """CAS and OAuth 2 over one session of the browser. plain: token answers as CAS servers before version 5 give."""

    base = "/cas"
    name = "车辆出口通关（演示替身）"
    cookie = "standin_tgc"

    def __init__(self, *given: Any, plain: bool = False, **named: Any) -> None:
        super().__init__(*given, **named)
        self.plain = plain

    def add_rules(self, app: Flask) -> None:
        """Add the addresses of both protocols."""
        self.tickets = Vouchers("ST-1-", TICKET_LIFE, self.now)
        self.codes = Vouchers("OC-1-", TICKET_LIFE, self.now)
        self.tokens = Vouchers("AT-1-", TOKEN_LIFE, self.now)
        self.begun: dict[str, float] = {}
        self.told: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self.fresh: set[str] = set()
        self.add(app, "/login", self.login, ("GET", "POST"))
        self.add(app, "/logout", self.logout)
        self.add_for_servers(app, "/p3/serviceValidate", self.validate)
        self.add_for_servers(app, "/serviceValidate", self.validate)
        self.add(app, "/oauth2.0/authorize", self.authorize, ("GET", "POST"))
        self.add_for_servers(app, "/oauth2.0/accessToken", self.access_token, ("POST",))
        self.add_for_servers(app, "/oauth2.0/profile", self.profile)

    def login(self) -> Response:
        """Ask who it is and send him to the service with a ticket."""
        service = request.args.get("service", "")
        if not self.serves(service):
            return self.page("没有登记过这个系统，没有跳转。", 400)

        def go_on(login: str, person: DemoPerson, new: bool) -> str:
            ticket = self.tickets.issue(person, "", service, login)
            self.begin(login, new)
            self.told[login].append((service, ticket))
            if new:
                self.fresh.add(ticket)
            return f"{service}{'&' if '?' in service else '?'}ticket={ticket}"

        return self.ask(go_on, service)

    def begin(self, login: str, new: bool) -> None:
        """Note when a session began."""
        if new:
            self.begun[login] = time.time()

    def serves(self, service: str) -> bool:
        """Whether a service is registered: its address to the letter, with any query."""
        return any(service.partition("?")[0] in addresses for _, addresses in self.clients.values())

    def validate(self) -> Response:
        """Tell whose ticket it is; used, expired and invented ones are not told apart, as with real servers."""
        ticket, service = request.args.get("ticket", ""), request.args.get("service", "")
        if not ticket or not service:
            return failure("INVALID_REQUEST", "service and ticket parameters are both required")
        try:
            voucher = self.tickets.redeem(ticket)
        except NotGood:
            return failure("INVALID_TICKET", f"Ticket {ticket} not recognized")
        if voucher.address != service:
            return failure("INVALID_SERVICE", f"Ticket {ticket} does not match supplied service")
        return self.success(voucher, ticket in self.fresh)

    def success(self, voucher: Voucher, new: bool) -> Response:
        """The authenticationSuccess for a ticket."""
        ahead = self.claimed_now() - time.time()
        begun = datetime.fromtimestamp(self.begun[voucher.login] + ahead, UTC)
        begun -= LONG_AGO if self.fault == "expired" else timedelta()
        session = {"authenticationDate": f"{begun.isoformat()}[UTC]", "isFromNewLogin": str(new).lower()}
        root, head = answer("authenticationSuccess")
        element(head, "user").text = voucher.person.login
        attributes = element(head, "attributes")
        for name, value in {**voucher.person.as_attributes(), **session}.items():
            element(attributes, name).text = value
        return xml(root)

    def logout(self) -> Response:
        """End the session of the browser, tell every service with which it was used, and lead back."""
        login = request.cookies.get(self.cookie, "")
        self.logins.pop(login, None)
        self.tokens.end_login(login)
        for service, ticket in self.told.pop(login, []):
            tell(service, ticket)
        if self.serves_origin(service := request.args.get("service", "")):
            return redirect(service, 302)
        return self.page("您已退出。")

    def serves_origin(self, address: str) -> bool:
        """Whether an address is on the host of a registered one; a logout may lead there and nowhere else."""
        registered = {"/".join(uri.split("/")[:3]) + "/" for _, uris in self.clients.values() for uri in uris}
        return any(address.startswith(origin) for origin in registered)

    def authorize(self) -> Response:
        """Ask who it is and send him back with a code."""
        client, address = request.args.get("client_id", ""), request.args.get("redirect_uri", "")
        if client not in self.clients or address not in self.clients[client][1]:
            return self.page("没有登记过这个应用，或返回地址与登记的不一致。", 400)
        state = {"state": request.args.get("state", "")}

        def go_on(login: str, person: DemoPerson, new: bool) -> str:
            self.begin(login, new)
            return f"{address}?{urlencode({'code': self.codes.issue(person, client, address, login), **state})}"

        return self.ask(go_on, f"{address}?{urlencode({'error': 'access_denied', **state})}")

    def access_token(self) -> Any:
        """Give a token for a code; as CAS does, say only invalid_grant when it is not good."""
        if not self.knows(request.form.get("client_id", ""), request.form.get("client_secret", "")):
            return no("invalid_client", "", 401)
        try:
            code = self.codes.redeem("" if self.fault == "expired" else request.form.get("code", ""))
        except NotGood:
            return no("invalid_grant", "")
        if (code.client, code.address) != (request.form["client_id"], request.form.get("redirect_uri")):
            return no("invalid_grant", "")
        token = self.tokens.issue(code.person, code.client, code.address, code.login)
        if self.plain:
            return f"access_token={token}&expires={TOKEN_LIFE}", {"Content-Type": "text/plain"}
        life = 0 if self.fault == "clock" else TOKEN_LIFE
        return jsonify(access_token=token, token_type="bearer", expires_in=life)

    def profile(self) -> Any:
        """Tell who signed in."""
        try:
            person = self.tokens.look(request.args.get("access_token", "")).person
        except NotGood:
            return no("expired_accessToken", "", 401)
        attributes: Any = person.as_attributes()
        if self.plain:
            attributes = [{name: value} for name, value in attributes.items()]
        return jsonify(id=person.login, attributes=attributes)


def tell(service: str, ticket: str) -> None:
    """Ask a service to end the session that began with a ticket."""
    request_id, moment = f"LR-{time.time_ns()}", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    message = render_template("logout_request.xml", request_id=request_id, moment=moment, ticket=ticket)
    try:
        requests.post(service, data={"logoutRequest": message}, timeout=3, allow_redirects=False)
    except requests.RequestException:
        log.warning("替身没能通知业务系统退出")


def answer(what: str) -> tuple[etree._Element, etree._Element]:
    """Return a new serviceResponse and the one element in it."""
    root = etree.Element(f"{{{CAS}}}serviceResponse", nsmap={"cas": CAS})
    return root, element(root, what)


def element(parent: etree._Element, name: str) -> etree._Element:
    """Add an element of CAS."""
    return etree.SubElement(parent, f"{{{CAS}}}{name}")


def failure(code: str, words: str) -> Response:
    """An authenticationFailure."""
    root, head = answer("authenticationFailure")
    head.set("code", code)
    head.text = words
    return xml(root)


def xml(root: etree._Element) -> Response:
    """Write an answer as CAS servers do, without a declaration."""
    return Response(etree.tostring(root, encoding="unicode"), content_type="application/xml;charset=UTF-8")

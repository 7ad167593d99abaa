"""A stand-in for 秦务员: its sign-in page and its four addresses authorize, accessToken, userInfo and logout."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, jsonify, redirect, request
from werkzeug.wrappers import Response

from backend.exchange.standins.people import DemoPerson
from backend.exchange.standins.serving import IdentityServer, no
from backend.exchange.standins.vouchers import NotGood, Vouchers

CODE_LIFE = 300
TOKEN_LIFE = 7200


class QinWuYuanServer(IdentityServer):
    """OAuth 2 as 秦务员 speaks it: the token request has everything in its query, the person is in loginUser."""

    base = "/sysauthserver"
    name = "秦务员（演示替身）"
    cookie = "standin_qinwuyuan"

    def add_rules(self, app: Flask) -> None:
        """Add the four addresses."""
        self.codes = Vouchers("", CODE_LIFE, self.now)
        self.tokens = Vouchers("", TOKEN_LIFE, self.now)
        self.add(app, "/authorize", self.authorize, ("GET", "POST"))
        self.add_for_servers(app, "/accessToken", self.access_token, ("POST",))
        self.add_for_servers(app, "/userInfo", self.user_info)
        self.add_for_servers(app, "/logout", self.logout)

    def authorize(self) -> Response:
        """Ask who it is and send him back with a code; hide_login=true asks nobody and sends him back at once."""
        client, address = request.args.get("client_id", ""), request.args.get("redirect_uri", "")
        if client not in self.clients or request.args.get("response_type") != "code":
            return self.page("没有登记过这个应用，或请求的方式不对。", 400)
        if address not in self.clients[client][1]:
            return self.page("返回地址与登记的不一致，没有跳转。", 400)

        def go_on(login: str, person: DemoPerson, new: bool) -> str:
            code = self.codes.issue(person, client, address, login)
            kind = "1" if person.uscc else "0"
            return self.back(loginSuccess="1", code=code, sysType="0", loginType=kind, client_id=client)

        if request.args.get("hide_login") == "true" and request.cookies.get(self.cookie) not in self.logins:
            return redirect(self.back(loginSuccess="0"), 302)
        return self.ask(go_on, self.back(error="access_denied"))

    def back(self, **answer: str) -> str:
        """Return the client's address with an answer and the state it gave."""
        state = {"state": request.args["state"]} if "state" in request.args else {}
        return f"{request.args['redirect_uri']}?{urlencode({**answer, **state})}"

    def access_token(self) -> Any:
        """Give a token for a code."""
        given = request.args
        if given.get("grant_type") != "authorization_code" or request.get_data():
            return no("invalid_request", "all parameters belong in the query")
        if not self.knows(given.get("client_id", ""), given.get("client_secret", "")):
            return no("invalid_client", "unknown client or wrong secret", 401)
        try:
            code = self.codes.redeem("" if self.fault == "expired" else given.get("code", ""))
        except NotGood as reason:
            return no("invalid_grant", f"code {'expired' if self.fault == 'expired' else reason}")
        if code.client != given["client_id"]:
            return no("invalid_grant", "code was issued to another client")
        if code.address != given.get("redirect_uri"):
            return no("invalid_grant", "redirect_uri mismatch")
        token = self.tokens.issue(code.person, code.client, code.address, code.login)
        life = {"expires_in": TOKEN_LIFE, "timestamp": int(self.claimed_now() * 1000)}
        return jsonify(access_token=token, token_type="Bearer", **life)

    def user_info(self) -> Any:
        """Tell who signed in."""
        try:
            token = self.tokens.look(request.args.get("access_token", ""))
        except NotGood as reason:
            return no("invalid_token", f"token {reason}", 401)
        return jsonify(loginUser=token.person.as_login_user())

    def logout(self) -> Any:
        """End the session of the browser for which a token was given, and the token with it."""
        given = request.args
        if not self.knows(given.get("client_id", ""), given.get("client_secret", "")):
            return no("invalid_client", "unknown client or wrong secret", 401)
        try:
            token = self.tokens.look(given.get("access_token", ""))
        except NotGood as reason:
            return no("invalid_token", f"token {reason}", 401)
        self.logins.pop(token.login, None)
        self.tokens.end_login(token.login)
        home, back = urlsplit(token.address), urlsplit(given.get("redirect_uri", ""))
        same = (home.scheme, home.netloc) == (back.scheme, back.netloc)
        return redirect(given["redirect_uri"], 302) if same else jsonify(success=True)

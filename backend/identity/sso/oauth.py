"""Sign-in by OAuth 2 codes: 秦务员, and the OAuth 2 side of the CAS server of the single window."""

import json
import logging
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from authlib.common.errors import AuthlibBaseError
from authlib.common.urls import add_params_to_qs
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests import Response
from requests.exceptions import RequestException

from backend.identity.sso.config import SsoConfig
from backend.identity.sso.identity_fields import Person, person_of
from backend.identity.sso.moments import check_token_times
from backend.identity.sso.refusal import SsoRefused, check_state, refused, spoken
from backend.identity.sso.transport import SECONDS, guarded, json_object, text_of, within

log = logging.getLogger("panorama.sso")


class CodeFlow:
    """The steps that all OAuth 2 servers share; a subclass says where its addresses are and how it differs.

    timeout: seconds for all that complete() asks the server, and the same for logout().
    """

    key: ClassVar[str]
    label: ClassVar[str]
    authorize_path: ClassVar[str]
    token_path: ClassVar[str]
    person_path: ClassVar[str]
    client_authentication: ClassVar[str]

    def __init__(self, config: SsoConfig, timeout: float = SECONDS) -> None:
        self.config = config
        self.timeout = timeout

    def begin(self, callback_url: str, state: str) -> str:
        """Return the address to send the browser to."""
        with self._session(callback_url) as session:
            address, _ = session.create_authorization_url(self.config.url + self.authorize_path, state=state)
        return str(address)

    def complete(self, callback_url: str, arguments: Mapping[str, str], expected_state: str) -> Person:
        """Turn the arguments with which the browser came back into a person; raise SsoRefused."""
        check_state(arguments, expected_state, self.label)
        code = self._code(arguments)
        return within(self.timeout, self.label, lambda: self._person(callback_url, code))

    def _code(self, arguments: Mapping[str, str]) -> str:
        if error := arguments.get("error"):
            raise spoken(error, arguments.get("error_description"), self.label)
        if arguments.get("client_id", self.config.client) != self.config.client:
            raise refused("bad_ticket", self.label)
        if not (code := arguments.get("code", "")):
            raise refused("cancelled", self.label)
        return code

    def _person(self, callback_url: str, code: str) -> Person:
        with self._session(callback_url) as session:
            try:
                session.fetch_token(self.config.url + self.token_path, grant_type="authorization_code", code=code)
                answer = session.get(self.config.url + self.person_path)
            except OAuthError as error:
                raise spoken(error.error, error.description, self.label) from None
            except (AuthlibBaseError, RequestException, ValueError):
                raise refused("garbage", self.label) from None
            token = str(session.token["access_token"])
        record = self._record(self._told(answer))
        return person_of(self.key, self.label, record, self.config.fields, token)

    def _told(self, answer: Response) -> dict[str, Any]:
        told = json_object(answer.content, self.label)
        if told.get("error"):
            raise spoken(told["error"], told.get("error_description"), self.label)
        if answer.status_code != 200:
            raise refused("garbage", self.label)
        return told

    def _session(self, callback_url: str) -> OAuth2Session:
        session = OAuth2Session(
            self.config.client, self.config.secret, token_endpoint_auth_method=self.client_authentication,
            redirect_uri=callback_url, token_placement="uri", leeway=0,
        )  # fmt: skip
        session.register_client_auth_method(("query_string", everything_in_the_query))
        session.register_compliance_hook("access_token_response", self._plain_token)
        guarded(session, self.label, self.timeout)
        return session

    def _plain_token(self, answer: Response) -> Response:
        """Rewrite the answer to the token request as Authlib expects it, keeping only what has been checked."""
        told = self._token_told(answer.content)
        if told.get("error"):
            token = {"error": told["error"], "error_description": told.get("error_description")}
        elif answer.status_code == 200:
            token = {"access_token": self._access_token(told), "token_type": "bearer"}
            if life := check_token_times(told, self.label):
                token["expires_in"] = life
        else:
            raise refused("garbage", self.label)
        answer._content = json.dumps(token).encode()
        answer.encoding = "utf-8"
        return answer

    def _access_token(self, told: Mapping[str, Any]) -> str:
        token = told.get("access_token")
        if not isinstance(token, str) or not 0 < len(token) <= 4096 or not token.isascii() or not token.isprintable():
            raise refused("garbage", self.label)
        return token

    def _token_told(self, body: bytes) -> dict[str, Any]:
        return json_object(body, self.label)

    def _record(self, told: dict[str, Any]) -> Mapping[str, Any]:
        raise NotImplementedError


def everything_in_the_query(client: Any, method: str, uri: str, headers: Any, body: str) -> tuple[str, Any, str]:
    """Move a token request from its body into its address together with the client's secret, as 秦务员 wants it."""
    secret = [("client_id", client.client_id), ("client_secret", client.client_secret)]
    headers.pop("Content-Type", None)
    headers["Content-Length"] = "0"  # The old length would keep the server waiting; with none, requests sends chunks.
    return f"{uri}?{add_params_to_qs(body or '', secret)}", headers, ""


class QinWuYuan(CodeFlow):
    """秦务员 (陕西统一身份认证): the person is in the object loginUser, and logout goes from server to server."""

    key = "qinwuyuan"
    label = "秦务员"
    authorize_path = "/authorize"
    token_path = "/accessToken"
    person_path = "/userInfo"
    client_authentication = "query_string"

    def _record(self, told: dict[str, Any]) -> Mapping[str, Any]:
        user = told.get("loginUser")
        if not isinstance(user, dict):
            raise refused("garbage", self.label)
        return user

    def logout_url(self, person_ref: str, return_url: str) -> None:
        """The logout address holds the client secret, so no browser may ever see it."""
        return None

    def logout(self, person_ref: str, return_url: str) -> None:
        """End the session there; when that fails it is only logged, because ours has ended anyway."""
        try:
            within(self.timeout, self.label, lambda: self._log_out(person_ref, return_url))
        except SsoRefused as refusal:
            log.warning("秦务员的单点退出没有送达：%s", refusal.code)

    def _log_out(self, person_ref: str, return_url: str) -> None:
        named = {"client_id": self.config.client, "client_secret": self.config.secret}
        arguments = {**named, "access_token": person_ref, "redirect_uri": return_url}
        with self._session(return_url) as session:
            answer = session.get(self.config.url + "/logout", params=arguments, withhold_token=True)
        if answer.status_code >= 400:
            raise refused("misconfigured", self.label)


class SingleWindowOauth(CodeFlow):
    """The CAS server of 车辆出口通关 where it speaks OAuth 2; the browser itself carries out the logout."""

    key = "single_window"
    label = "车辆出口通关"
    authorize_path = "/oauth2.0/authorize"
    token_path = "/oauth2.0/accessToken"
    person_path = "/oauth2.0/profile"
    client_authentication = "client_secret_post"

    def _token_told(self, body: bytes) -> dict[str, Any]:
        """CAS servers before version 5 answer access_token=…&expires=… instead of JSON."""
        text = text_of(body, self.label)
        if text.startswith("access_token="):
            told = dict(parse_qsl(text.strip()))
            return {**told, "expires_in": told.get("expires_in", told.get("expires"))}
        return json_object(body, self.label)

    def _record(self, told: dict[str, Any]) -> Mapping[str, Any]:
        """The name of the account is id; its attributes are one object or, before version 5, a list of small ones."""
        attributes = told.get("attributes", {})
        parts = attributes if isinstance(attributes, list) else [attributes]
        if not all(isinstance(part, dict) for part in parts):
            raise refused("garbage", self.label)
        flat = {name: value for part in parts for name, value in part.items()}
        return {**told, **flat, "user": told.get("id")}

    def logout_url(self, person_ref: str, return_url: str) -> str:
        """Return the address that ends the session of the browser with the CAS server and leads back."""
        return f"{self.config.url}/logout?{urlencode({'service': return_url})}"

    def logout(self, person_ref: str, return_url: str) -> None:
        """Nothing to send: the browser that visits logout_url tells the CAS server."""

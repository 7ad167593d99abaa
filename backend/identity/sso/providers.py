"""Which other systems people may sign in with, as the settings say."""

from collections.abc import Mapping
from typing import Protocol

from backend.identity.sso.cas import SingleWindowCas
from backend.identity.sso.config import SsoConfig, checked_url, needed
from backend.identity.sso.identity_fields import QINWUYUAN_FIELDS, SINGLE_WINDOW_FIELDS, Fields, Person, parse_fields
from backend.identity.sso.oauth import QinWuYuan, SingleWindowOauth
from backend.identity.sso.transport import SECONDS
from dashboard.settings import PREFIX

PROTOCOLS = ("cas3", "oauth2")


class Provider(Protocol):
    """One identity server as the sign-in page sees it."""

    @property
    def key(self) -> str:
        """The name in addresses and in the database."""

    @property
    def label(self) -> str:
        """The name that people know."""

    def begin(self, callback_url: str, state: str) -> str:
        """Return the address to send the browser to."""

    def complete(self, callback_url: str, arguments: Mapping[str, str], expected_state: str) -> Person:
        """Turn the arguments with which the browser came back into a person; raise SsoRefused.

        That a state is used once is for the caller to see to.
        """

    def logout_url(self, person_ref: str, return_url: str) -> str | None:
        """Return where to send the browser for single logout, None where the server is told directly."""

    def logout(self, person_ref: str, return_url: str) -> None:
        """Tell the server directly, where it wants that; never raises because the server does not answer."""


def providers_of(settings: object, timeout: float = SECONDS) -> dict[str, Provider]:
    """Return the providers that are switched on, by key.

    settings: has the attributes sso_qinwuyuan_url, _client, _secret, _fields, sso_single_window_url, _protocol,
    _client, _secret and _fields, all text. timeout: seconds for one sign-in. Raise ValueError in Chinese.
    """
    found: dict[str, Provider] = {}
    if config := _config(settings, "sso_qinwuyuan", QINWUYUAN_FIELDS, True):
        found[QinWuYuan.key] = QinWuYuan(config, timeout)
    protocol = getattr(settings, "sso_single_window_protocol", "cas3")
    if protocol not in PROTOCOLS:
        raise ValueError(f"{_name('sso_single_window_protocol')} 只能是 cas3 或 oauth2。")
    if config := _config(settings, "sso_single_window", SINGLE_WINDOW_FIELDS, protocol == "oauth2"):
        make = SingleWindowOauth if protocol == "oauth2" else SingleWindowCas
        found[make.key] = make(config, timeout)
    return found


def _config(settings: object, prefix: str, usual: Fields, registered: bool) -> SsoConfig | None:
    url, client, secret, fields = (
        str(getattr(settings, f"{prefix}_{name}", "")).strip() for name in ("url", "client", "secret", "fields")
    )
    mapping = parse_fields(fields, _name(f"{prefix}_fields"), usual)
    if not url:
        return None
    url_setting = _name(f"{prefix}_url")
    if registered:
        needed(client, _name(f"{prefix}_client"), url_setting)
        needed(secret, _name(f"{prefix}_secret"), url_setting)
    return SsoConfig(checked_url(url, url_setting), mapping, client, secret)


def _name(setting: str) -> str:
    return PREFIX + setting.upper()

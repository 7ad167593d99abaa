"""What a provider must be told before it can be used, checked at the start and not at the first sign-in."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from backend.identity.sso.identity_fields import Fields

LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class SsoConfig:
    """One identity server: its base address without a closing slash, what it knows us by, and its names of fields."""

    url: str
    fields: Fields
    client: str = ""
    secret: str = field(default="", repr=False)


def checked_url(url: str, setting: str) -> str:
    """Return the base address without a closing slash; raise ValueError in Chinese for one that must not be used."""
    bare = url.strip().rstrip("/")
    try:
        parts = urlsplit(bare)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("https", "http"):
        raise ValueError(f"{setting} 不是网址；应写成 https:// 开头的地址。")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ValueError(f"{setting} 必须以 https:// 开头；只有本机的演示替身（127.0.0.1）可以用 http://。")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError(f"{setting} 只写到路径为止，不能带账号、问号或井号。")
    return bare


def needed(value: str, setting: str, url_setting: str) -> str:
    """Return a value that must not be empty once the address is set; raise ValueError in Chinese."""
    if not value:
        raise ValueError(f"设置了 {url_setting}，就还要设置 {setting}；不用这种登录时，请把 {url_setting} 留空。")
    return value

"""An audit line as a log server reads it: CEF (ArcSight Common Event Format) in an RFC 5424 syslog message."""

import ipaddress
import re
import socket
from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson

from backend.administration.audit_words import said
from backend.audit.lines import Stored, moment

VERSION = "0.1.0"
LOG_AUDIT = 13  # The facility of RFC 5424 table 1.
LONGEST = 1023  # CEF lets suser, request and msg be so long; so every line fits into one datagram.
GRAVITY = {"ok": (3, 6), "refused": (6, 4), "failed": (8, 3)}  # Of CEF (0 to 10) and of syslog (7 to 0).


def message_of(line: Stored) -> bytes:
    """A line as one RFC 5424 message in UTF-8. No byte order mark: receivers look for "CEF:" right after the head."""
    at = _moment(line)
    stamp = f"{at:%Y-%m-%dT%H:%M:%S.%f}Z" if at else "-"
    priority = LOG_AUDIT * 8 + _gravity(line)[1]
    host = re.sub(r"[^!-~]", "-", socket.gethostname())[:255] or "-"
    return f"<{priority}>1 {stamp} {host} panorama - audit - {cef_of(line)}".encode(errors="replace")


def cef_of(line: Stored) -> str:
    """A line in CEF; a value that a hand at the database spoilt is sent as it is or left out, so that no line jams."""
    tag = str(line.content["tag"])
    subject, action = said(tag)
    head = ("西安二手车平台", "panorama", VERSION, tag, f"{subject}{action}" or tag, str(_gravity(line)[0]))
    parts = (f"{name}={escaped(text[:LONGEST])}" for name, text in _extension(line).items() if text)
    return "|".join(("CEF:0", *map(escaped_head, head), " ".join(parts)))


def _extension(line: Stored) -> dict[str, str]:
    c = {name: "" if value is None else str(value) for name, value in line.content.items() if name != "detail"}
    at = _moment(line)
    return {
        "rt": f"{at.timestamp() * 1000:.0f}" if at else "",
        "suser": c["actor"], "suid": c["account_id"], "spriv": c["role"], **_source(c["address"]),
        "request": c["request"], "externalId": c["id"], "outcome": c["result"],
        **_named("cs1", "hash", line.hash), **_named("cs2", "key", c["key"]), **_named("cs3", "session", c["session"]),
        "msg": _detail(line.content["detail"]),
    }  # fmt: skip


def _named(field: str, label: str, value: str | None) -> dict[str, str]:
    """A field that CEF leaves to us, with the label that says what it holds."""
    return {f"{field}Label": label, field: value} if value else {}


def _source(address: str) -> dict[str, str]:
    """CEF takes IPv4 in src only; IPv6 has a field of its own."""
    with suppress(ValueError):
        if ipaddress.ip_address(address).version == 6:
            return _named("c6a2", "Source IPv6 Address", address)
    return {"src": address}


def _detail(value: Any) -> str:
    with suppress(TypeError):
        return "" if value is None else orjson.dumps(value).decode()
    return ""


def _moment(line: Stored) -> datetime | None:
    with suppress(ValueError, TypeError):
        return moment(line.content["at"])
    return None


def _gravity(line: Stored) -> tuple[int, int]:
    return GRAVITY.get(line.content["result"], GRAVITY["failed"])


def escaped_head(text: str) -> str:
    """A text for the head of CEF, where bars part the fields and line breaks are not allowed."""
    return re.sub(r"([\\|])", r"\\\1", re.sub(r"[\r\n]", " ", text))


def escaped(text: str) -> str:
    """A text for a value in the extension of CEF."""
    return re.sub(r"([\\=])", r"\\\1", text).replace("\n", "\\n").replace("\r", "\\r")

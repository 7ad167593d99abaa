"""How audit lines hang together: each line's value is SM3 over the value before it and the line's own content."""

import math
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from backend.crypto.digest import sm3_hex

START = "0" * 64
CONTENT = (
    "id", "at", "tag", "entity", "key", "result", "actor", "account_id", "role", "address", "session", "request",
    "document_id", "detail",
)  # fmt: skip
HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs"}


def value_of(before: str, line: Mapping[str, Any]) -> str:
    """The chain value (64 hex digits) of a line, given the value of the line before it."""
    return linked(before, {name: line[name] for name in CONTENT} | {"at": stamp(line["at"])})


def linked(before: str, content: Mapping[str, Any]) -> str:
    """The chain value of a content whose moment is spelt already, as it is read back from the table or an archive."""
    return sm3_hex(before.encode() + orjson.dumps(content, option=orjson.OPT_SORT_KEYS))


def stamp(at: datetime) -> str:
    """A moment as the chain spells it: UTC with all six digits, the same from every database."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def visible(text: str) -> str:
    """Text with line breaks, direction marks and other hidden characters spelt out, so that no line can pose as two."""
    if text.isprintable():
        return text
    return "".join(f"\\u{ord(c):04x}" if unicodedata.category(c) in HIDDEN else c for c in text)


def visible_all(value: Any) -> Any:
    """The same for every text inside a JSON value; a number that JSON cannot spell (NaN, infinity) becomes null."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {visible(str(key)): visible_all(item) for key, item in value.items()}
    return [visible_all(item) for item in value] if isinstance(value, list | tuple) else value

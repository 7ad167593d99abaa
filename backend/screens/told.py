"""What a screen tells with each heartbeat, read with distrust: anything that does not fit is refused whole."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.identity.refusal import Unfit

HASHES = {"sha256": 64, "fnv1a": 16}  # Algorithm and how many hexadecimal digits it gives.
SIZE, BUILD, HASH = r"[1-9]\d{1,4}x[1-9]\d{1,4}", r"[0-9a-f]{0,16}", r"(sha256|fnv1a):([0-9a-f]+)"
NARROW = ("width", "stretch")  # On every screen of 120 rem width.
SCALE = r"fit|width|stretch|none"
WIDE = 3.0  # From this ratio of sides on the wall is composed for a wide screen.
LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Told:
    """One heartbeat. `text_share` is the smallest text's height as a share of the picture's; `done` the number of the
    last command taken; `frame_hash` is "algorithm:hex" over the figures on the screen, None before the first ones."""

    size: str
    text_share: float | None = None
    build: str = ""
    view: str = ""
    generation: str | None = None
    as_of: datetime | None = None
    frame_hash: str | None = None
    done: int = 0
    face: str = ""
    scale_shown: str = "fit"


def told_of(body: Any) -> Told:
    """A heartbeat from the JSON that a screen sent; raises Unfit."""
    if not isinstance(body, dict):
        raise Unfit("心跳不是一个对象")
    return Told(
        size=_text(body, "size", SIZE),
        text_share=_share(body.get("text_share")),
        build=_text(body, "build", BUILD),
        view=_text(body, "view", r"/[!-~]{0,119}"),
        generation=_text(body, "generation", r"[!-~]{1,64}") or None,
        as_of=_moment(body.get("as_of")),
        frame_hash=_hash(_text(body, "hash", HASH)),
        done=_count(body.get("done", 0)),
        face=_text(body, "face", r"[a-z]{0,20}"),
        scale_shown=_text(body, "scale", SCALE) or "fit",
    )


def composition(size: str, scale: str = "fit") -> str:
    """Which composition of the wall a screen of this size shows: "32:9" or "16:9", to which some scales hold fast."""
    width, height = (int(part) for part in size.split("x"))
    return "32:9" if width / height >= WIDE and scale not in NARROW else "16:9"


def _text(body: dict[str, Any], name: str, pattern: str) -> str:
    given = body.get(name)
    if given is None and name != "size":
        return ""
    if not isinstance(given, str) or not re.fullmatch(pattern, given):
        raise Unfit(f"心跳中的 {name} 不合格式", name)
    return given


def _hash(given: str) -> str | None:
    if not given:
        return None
    kind, _, digits = given.partition(":")
    if len(digits) != HASHES[kind]:
        raise Unfit("心跳中的 hash 长度不对", "hash")
    return given


def _share(given: Any) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < 1:
        raise Unfit("心跳中的 text_share 不合格式", "text_share")
    return float(given)


def _moment(given: Any) -> datetime | None:
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        raise Unfit("心跳中的 as_of 不是时间", "as_of") from None
    if found.tzinfo is None:
        raise Unfit("心跳中的 as_of 没有时区", "as_of")
    return found


def _count(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= LARGEST_NUMBER:
        raise Unfit("心跳中的 done 不是编号", "done")
    return given

"""The address of the wall of a past moment: the same payload as of a generation, and how then and now differ."""

from collections.abc import Callable
from typing import Any

import orjson
from flask import Flask, Response, request
from werkzeug.wrappers import Response as AnyResponse

from backend.frame.allow import allow
from cache.answers import BytesCache
from cache.published import Published
from dashboard.asof_marks import mark
from dashboard.markup import Node, el
from dashboard.proofs import money, refusal
from dashboard.publish import serialised, wall
from dashboard.wall_text import wall_text
from datasources.asof import THEN
from datasources.asof_readers import AsOfReaders, Extent, NothingKnown, Past, UnfitMoment, beginning, past_figures

PATH = "/asof/wall"
PARAMETERS = {"at", "known"}
MINUTE = "%Y-%m-%dT%H:%M"
QUIET = "回看时不显示告警"
NO_NEWS = "回看时不显示动态"


def add_asof(server: Flask, published: Published, moments: AsOfReaders, cache: BytesCache) -> None:
    """Add GET /asof/wall?at=2026-03-05T09:00[&known=then|now], JSON, for whoever may see the wall.

    The answer is the part "wall" of a generation (dashboard.publish.wall) with `asof`, see `told`. Errors are
    {"error", "message"}: 400 for a moment that cannot be shown, 503 while nothing is published or files are missing.
    """

    @server.get(PATH, endpoint="asof")
    @allow("view:wall")
    def view() -> AnyResponse | tuple[AnyResponse, int]:
        try:
            with moments.reading():
                body = answered(published, moments, cache)
        except UnfitMoment as error:
            return refusal("bad_request", str(error), 400)
        except NothingKnown as error:
            return refusal("not_ready", str(error), 503)
        return Response(body, mimetype="application/json", headers={"Cache-Control": "private, no-store"})


def answered(published: Published, moments: AsOfReaders, cache: BytesCache) -> bytes:
    """The bytes of the moment that the request asks for; made once for all who ask for it."""
    if unknown := set(request.args) - PARAMETERS:
        raise UnfitMoment(f"不认识的参数：{'、'.join(sorted(unknown))}；可用 at、known")
    at, known = moments.fit(request.args.get("at", ""), request.args.get("known", ""))
    name, demo, extent = moments.name(at).format(known=known), is_demo(published), moments.extent()
    compute: Callable[[], bytes] = lambda: serialised(payload(moments.past(at), known, moments.settings, demo))  # noqa: E731
    made = cache.answer((name, "view:wall", ["asof", demo]), compute)
    # How far one can look moves on each minute while the moment itself stays as it is.
    return made[:-2] + b"," + serialised(extent_words(extent))[1:] + b"}"  # within `asof`, the last key


def is_demo(published: Published) -> bool:
    """Whether the published figures say that they are demo data."""
    found = published.part("wall")
    return bool(found and orjson.loads(found[1]).get("demo"))


def payload(past: Past, known: str, settings: Any, demo: bool) -> dict[str, Any]:
    """Everything the wall needs for a past moment, with the marks on what is known differently now."""
    then, now = (past_figures(past, one, settings, demo) for one in ("then", "now"))
    shown, other = (then, now) if known == THEN else (now, then)
    made = wall(shown)
    marks = mark(made["text"], wall_text(other), past, known) if past.began else 0
    made["text"].update(own_words(known))
    return {**made, "asof": {**told(past, known, then, now), "marks": marks}}


def own_words(known: str) -> dict[str, Any]:
    """The parts that say something else of a past moment than of a generation."""
    return {
        "seal": stamp(known),
        "lanetag": el("span", "tag tk", "回看"),
        "lane": [el("span", "quiet", QUIET)],
        "alerts": el("li", "none", QUIET),
        "ticker": [el("span", "none", NO_NEWS)],
        "operations-news": el("li", "none", NO_NEWS),
        "alertsnote": "",
    }


def stamp(known: str) -> Node:
    """In the seal's place, which knowledge is shown."""
    words = "当时所知" if known == THEN else "现在所知"
    title = "按当时所知：那一刻已经收到的数据" if known == THEN else "按现在所知：计入此后补报、修订与删除的数据"
    letters = (el("span", "", letter) for letter in words)
    return el("span", "seal past", *letters, title=title, role="img", **{"aria-label": words})


def told(past: Past, known: str, then: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """What the time bar says: the moment, and how many declarations of its year to date came to be known otherwise.

    late, revised, removed are declarations; the differences are now minus then, in integer cents and vehicles. All are
    0 where nothing was known yet (`began` is false).
    """
    counts = vars(past.differences) if past.began else {"late": 0, "revised": 0, "removed": 0}
    names = ("cny_cents", "vehicles") if past.began else ()
    gaps = {name: now["year"][name] - then["year"][name] for name in names}
    cents, vehicles = gaps.get("cny_cents", 0), gaps.get("vehicles", 0)
    return {
        "at": f"{past.then.moment.at:{MINUTE}}",
        "known": known,
        "began": past.began,
        **counts,
        "cny_cents_difference": cents,
        "vehicles_difference": vehicles,
        "words": difference_words(past, cents, vehicles) if past.began else "当时平台尚未收数，按现在所知",
    }


def difference_words(past: Past, cents: int, vehicles: int) -> str:
    """当时未知 12 份，其后修订 3 份，相差 1,234.56 元: what the year to date looked like then against now."""
    found = past.differences
    counts = ((found.late, "当时未知"), (found.revised, "其后修订"), (found.removed, "其后撤销"))
    words = [f"{name} {count:,} 份" for count, name in counts if count]
    if cents:
        words.append(f"相差 {'+' if cents > 0 else ''}{money(cents)} 元")
    elif vehicles:
        words.append(f"相差 {vehicles:+,} 台")
    elif words:
        words.append("金额不变")
    return "，".join(words) or "此后没有补报、修订或撤销"


def extent_words(extent: Extent) -> dict[str, str]:
    """How far one can look back, in minutes of Xi'an: earliest with knowledge of then, first_day, latest."""
    return {
        "earliest": f"{beginning(extent):{MINUTE}}",
        "first_day": extent.first_day.isoformat(),
        "latest": f"{extent.latest:{MINUTE}}",
    }

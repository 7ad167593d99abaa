"""How published bytes leave over HTTP: the same few lines behind the WSGI application and the fast byte route."""

from typing import NamedTuple

from cache.published import Published

FOLDER = "/payload/"
PARTS = ("wall", "home", "ribbon", "plain")


Found = tuple[str, bytes] | None


class Delivery(NamedTuple):
    """Status, headers and body of an answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def deliver(published: Published, part: str, known: str) -> Delivery:
    """Answer a request for a part; `known` is the If-None-Match header. The caller has let the visitor in."""
    return delivery(published.part(part) if part in PARTS else None, known)


def delivery(found: Found, known: str) -> Delivery:
    """The answer that hands out a part as (generation, bytes)."""
    if found is None:
        return Delivery(404, [("content-type", "application/json"), ("content-length", "2")], b"{}")
    generation, body = found
    tag = f'"{generation}"'
    headers = [("etag", tag), ("cache-control", "private, no-cache"), ("x-generation", generation)]
    if known == tag:
        return Delivery(304, headers, b"")
    return Delivery(200, [*headers, ("content-type", "application/json"), ("content-length", str(len(body)))], body)

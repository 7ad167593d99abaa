"""The ASGI server: published bytes straight from memory, everything else through Flask in threads.

A request body is read completely before a thread is taken, so clients that send slowly hold no thread.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from a2wsgi import WSGIMiddleware
from flask import Flask

from backend.identity.admission import Admission
from cache.delivery import FOLDER, Delivery, deliver
from cache.published import Published
from dashboard.app import build_app
from dashboard.family import stop_with_parent
from dashboard.settings import Settings, get_settings

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
MOST_BODY = 2**20
BODY_SECONDS = 60


class Front:
    """Answers for published bytes itself and passes all else on."""

    def __init__(self, server: Flask, threads: int) -> None:
        self.published: Published = server.extensions["published"]
        self.admission: Admission = server.extensions["admission"]
        self.wsgi = WSGIMiddleware(server, workers=threads)  # type: ignore[arg-type]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One connection event of the ASGI protocol."""
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        elif scope["type"] == "http":
            await self.http(scope, receive, send)

    async def http(self, scope: Message, receive: Receive, send: Send) -> None:
        """Bytes at once where they lie ready in memory, or the whole body first and then a thread."""
        if scope["path"].startswith(FOLDER) and scope["method"] == "GET":
            ready = self.bytes_for(scope)
            if ready is not None:
                return await answer(send, ready)
        try:
            body = await asyncio.wait_for(whole(receive), BODY_SECONDS)
        except (TimeoutError, ValueError):
            return await answer(send, Delivery(413, [("content-length", "0"), ("connection", "close")], b""))
        await self.wsgi(scope, once(body, receive), send)  # type: ignore[arg-type]

    def bytes_for(self, scope: Message) -> Delivery | None:
        """The delivery for a visitor whose token was checked a moment ago; None leaves the case to Flask."""
        headers = dict(scope["headers"])
        cookies = headers.get(b"cookie", b"").decode("latin-1")
        if self.admission.visitor(scope["path"], cookies, "") is None:
            return None
        return deliver(
            self.published, scope["path"][len(FOLDER) :], headers.get(b"if-none-match", b"").decode("latin-1")
        )


async def whole(receive: Receive) -> bytes:
    """A request's whole body; raises ValueError when it is larger than any of our forms."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > MOST_BODY:
            raise ValueError("body too large")
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return b"".join(parts)


def once(body: bytes, receive: Receive) -> Receive:
    """Hand the body over in one message, then pass on what the connection says."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def answer(send: Send, ready: Delivery) -> None:
    """Send a whole answer."""
    headers = [(name.encode(), value.encode()) for name, value in ready.headers]
    await send({"type": "http.response.start", "status": ready.status, "headers": headers})
    await send({"type": "http.response.body", "body": ready.body})


async def lifespan(receive: Receive, send: Send) -> None:
    """Nothing to do at start and end; the server only wants to hear so."""
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def web() -> Front:
    """Made in each web process."""
    stop_with_parent()
    settings = get_settings()
    return Front(build_app(settings), settings.threads)


def serve(settings: Settings) -> None:
    """Serve until told to stop; a web process that dies is started again."""
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "dashboard.server:web",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.processes,
        factory=True,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        log_access=False,
    ).serve()

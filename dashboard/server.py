"""The ASGI server: published bytes straight from memory, everything else through Flask in threads.

A request body is read completely before a thread is taken, so clients that send slowly hold no thread.
"""

import asyncio
import atexit
import logging
import threading
import time
from collections.abc import Awaitable, Callable

from flask import Flask

from backend.identity.admission import Admission
from backend.identity.guard import CALLBACKS
from cache.delivery import FOLDER, PARTS, Delivery, delivery
from cache.published import Published
from dashboard import ids
from dashboard.app import build_app
from dashboard.bridge import Bridge, Message, Send
from dashboard.family import stop_with_parent
from dashboard.settings import Settings, get_settings

Receive = Callable[[], Awaitable[Message]]
MOST_BODY = 2**20
FLUSH_SECONDS = 10
log = logging.getLogger("panorama.server")
# The start of the body of callbacks that only hand out what lies in memory. A thread costs them more than their work;
# a body that starts otherwise just takes the longer way.
INSTANT = tuple(
    f'{{"output":"{start}'.encode()
    for start in (f"..{ids.GENERATION}.", f"{ids.WALL_PAYLOAD}.", f"{ids.HOME_FIGURES}.", f"{ids.RIBBON}.")
)
BODY_SECONDS = 60
SLOW_DOORS = ("/sign-in", "/account/password", "/first-run")
PASSWORD_THREADS = 2  # as many as cores: more at once only make each one slower
MOST_WAITING = 40  # at about 20 a second this is two seconds of waiting


class Front:
    """Answers for published bytes itself and passes all else on."""

    def __init__(self, server: Flask, threads: int) -> None:
        self.published: Published = server.extensions["published"]
        self.admission: Admission = server.extensions["admission"]
        self.flask = Bridge(server.wsgi_app, threads)
        self.doors = Bridge(server.wsgi_app, PASSWORD_THREADS)
        self.waiting = 0
        self.tls_only = server.extensions["guard"].public.scheme == "https"
        self.admission.watch()
        keep_flushing(server)
        self.published.keep_fresh(PARTS)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One connection event of the ASGI protocol."""
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        elif scope["type"] == "http":
            await self.http(scope, receive, send)

    async def http(self, scope: Message, receive: Receive, send: Send) -> None:
        """Bytes at once where they lie ready in memory, or the whole body first and then Flask."""
        headers = dict(scope["headers"])
        known = self.admission.at_hand(headers.get(b"cookie", b"").decode("latin-1"))
        if known and known.may("view:wall") and is_get_of(scope, FOLDER) and not self.tls_only:
            found = self.published.ready(scope["path"][len(FOLDER) :])
            if found is not None:
                return await answer(send, delivery(found, headers.get(b"if-none-match", b"").decode("latin-1")))
        body = await self.body(receive)
        if body is None:
            return await answer(send, Delivery(413, [("content-length", "0"), ("connection", "close")], b""))
        if known and body.startswith(INSTANT) and scope["path"] == CALLBACKS and scope["method"] == "POST":
            return await self.flask.at_once(scope, body, send)
        if scope["method"] == "POST" and scope["path"] in SLOW_DOORS:
            return await self.queue(scope, body, send)
        await self.flask(scope, body, send)

    async def queue(self, scope: Message, body: bytes, send: Send) -> None:
        """Passwords are slow to compare on purpose: they wait in a line of their own, and the line has an end."""
        if self.waiting >= MOST_WAITING:
            headers = [("content-type", "text/plain; charset=utf-8"), ("retry-after", "5")]
            return await answer(send, Delivery(503, headers, "登录的人太多，请过几秒再试".encode()))
        self.waiting += 1
        try:
            await self.doors(scope, body, send)
        finally:
            self.waiting -= 1

    async def body(self, receive: Receive) -> bytes | None:
        """The whole body; None when it is too large or too slow. Most come in one message and need no clock."""
        first = await receive()
        if not first.get("more_body", False):
            return first.get("body", b"")
        try:
            return await asyncio.wait_for(whole(receive, first.get("body", b"")), BODY_SECONDS)
        except (TimeoutError, ValueError):
            return None


def keep_flushing(server: Flask) -> None:
    """Write down every few seconds what people used, and once more at the end."""
    recorder, engine = server.extensions["recorder"], server.extensions["engine"]

    def flush() -> None:
        try:
            recorder.flush(engine)
        except Exception:
            log.warning("用户行为稍后再记", exc_info=True)

    def keep() -> None:
        while True:
            time.sleep(FLUSH_SECONDS)
            flush()

    atexit.register(flush)
    threading.Thread(target=keep, name="behaviour", daemon=True).start()


def is_get_of(scope: Message, folder: str) -> bool:
    """Whether a request reads something in this folder."""
    return bool(scope["method"] == "GET" and scope["path"].startswith(folder))


async def whole(receive: Receive, begun: bytes) -> bytes:
    """The rest of a request's body; raises ValueError when it is larger than any of our forms."""
    parts = [begun]
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > MOST_BODY:
            raise ValueError("body too large")
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return b"".join(parts)


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

"""From ASGI to the Flask application: a whole request in, a thread, a whole answer out.

Measured on the wall's callback against a2wsgi, whose queues cost more than the callback itself: about twice the answers
a second. Nothing here streams: the largest answer is a vendor file of a megabyte.
"""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Wsgi = Callable[[Message, Callable[..., Any]], Iterable[bytes]]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]

UNPREFIXED = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class Bridge:
    """Runs a WSGI application in a fixed number of threads."""

    def __init__(self, wsgi: Wsgi, threads: int) -> None:
        self.wsgi = wsgi
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="flask")

    async def __call__(self, scope: Message, body: bytes, send: Send) -> None:
        """Answer one request whose body has been read."""
        loop = asyncio.get_running_loop()
        await forward(scope, await loop.run_in_executor(self.threads, self.answer, scope, body), send)

    async def at_once(self, scope: Message, body: bytes, send: Send) -> None:
        """Answer on the spot a request that waits for nothing."""
        await forward(scope, self.answer(scope, body), send)

    def answer(self, scope: Message, body: bytes) -> Answer:
        """Call the application; gives status, headers and the whole body."""
        began: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Callable[[bytes], None]:
            began[:] = [int(status[:3]), headers]
            return lambda data: None

        parts = self.wsgi(environ(scope, body), start)
        try:
            content = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in began[1]]
        return began[0], headers, content


async def forward(scope: Message, ready: Answer, send: Send) -> None:
    """Send a whole answer; HEAD gets its headers alone."""
    status, headers, content = ready
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})


def environ(scope: Message, body: bytes) -> Message:
    """The WSGI environment of an ASGI request (PEP 3333: texts hold bytes as latin-1)."""
    host, port = scope.get("server") or ("127.0.0.1", 80)
    found: Message = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("", 0))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)),
    }
    for raw, value in scope["headers"]:
        put(found, raw.decode("latin-1").lower(), value.decode("latin-1"))
    found["CONTENT_LENGTH"] = str(len(body))  # What was read counts, not what was announced.
    return found


def put(found: Message, name: str, value: str) -> None:
    """Add a header; one with an underscore would pass for another, and several of one name are joined."""
    if "_" in name:
        return
    key = UNPREFIXED.get(name) or "HTTP_" + name.upper().replace("-", "_")
    joint = "; " if key == "HTTP_COOKIE" else ","
    found[key] = f"{found[key]}{joint}{value}" if key in found and key.startswith("HTTP_") else value

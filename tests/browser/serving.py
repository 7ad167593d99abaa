"""What the stands of the browser tests share: a server, the outlines, and the content policy of the real thing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response
from werkzeug.serving import make_server

from geo.shapes import outline_bytes

QUICK = 1000  # milliseconds from tick to tick, where a test looks at what comes and not at when


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address at which the application answers until the end of the block."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def add_outlines(server: Flask) -> None:
    """The map's outlines, as the counter serves them."""

    @server.get("/geo/<name>.json")
    def outline(name: str) -> Response:
        return Response(outline_bytes(name), content_type="application/json")


def add_policy(server: Flask, dash: Any) -> None:
    """No script but our own, and no request to any other host."""

    @server.after_request
    def policy(answer: Response) -> Response:
        scripts = " ".join(dash.csp_hashes())
        answer.headers["Content-Security-Policy"] = (
            f"default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
        )
        return answer

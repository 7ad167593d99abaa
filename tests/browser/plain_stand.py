"""The stand of the wall with the address of the wall without scripts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import make_server

from dashboard.plain_page import add_plain
from tests.browser.wall_stand import Stand, build


@contextmanager
def standing_plain() -> Iterator[Stand]:
    """A stand that answers at `address`, /wall/plain included."""
    stand = Stand()
    app = build(stand)
    add_plain(app, stand)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    stand.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stand
    finally:
        server.shutdown()
        thread.join()

"""The stand of the wall with the address of the wall without scripts."""

from collections.abc import Iterator
from contextlib import contextmanager

from dashboard.plain_page import add_plain
from tests.browser.serving import served
from tests.browser.wall_stand import Stand, build


@contextmanager
def standing_plain() -> Iterator[Stand]:
    """A stand that answers at `address`, /wall/plain included."""
    stand = Stand()
    app = build(stand)
    add_plain(app, stand)
    with served(app) as stand.address:
        yield stand

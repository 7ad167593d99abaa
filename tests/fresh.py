"""A transaction database with the newest schema, made once for all tests that begin with an empty one."""

import tempfile
from functools import cache
from pathlib import Path

from backend.db import make_engine, migrate


@cache
def fresh_ledger() -> bytes:
    """The file of an empty SQLite database, to be written wherever one is needed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        bring_up_to_date(f"sqlite:///{path}")
        return path.read_bytes()


def bring_up_to_date(url: str) -> None:
    """Make the newest schema and close every connection, so that the files are whole."""
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()

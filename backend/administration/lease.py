"""The lease of the one worker that may publish, with a fencing token for a worker that froze and woke too late."""

from datetime import timedelta

from sqlalchemy import Connection, Engine, insert, select, update

from backend.db import now, writing
from backend.models import lease


def take_lease(engine: Engine, name: str, holder: str, seconds: float) -> int | None:
    """Take or renew the lease; gives the fence, or None while another holds it.

    The fence grows by one each time the lease passes to another holder, so a store can refuse who is out of date.
    """
    with writing(engine) as connection:
        row = connection.execute(select(lease).where(lease.c.name == name)).mappings().first()
        if row is None:
            return _first(connection, name, holder, seconds)
        if row["holder"] != holder and row["expires_at"] > now():
            return None
        fence: int = row["fence"] + (row["holder"] != holder)
        values = {"holder": holder, "fence": fence, "expires_at": now() + timedelta(seconds=seconds)}
        connection.execute(update(lease).where(lease.c.name == name).values(values))
        return fence


def _first(connection: Connection, name: str, holder: str, seconds: float) -> int:
    expires_at = now() + timedelta(seconds=seconds)
    connection.execute(insert(lease).values(name=name, holder=holder, fence=1, expires_at=expires_at))
    return 1


def holds_lease(engine: Engine, name: str, holder: str, fence: int) -> bool:
    """Whether this holder's lease is still running under this fence."""
    with engine.connect() as connection:
        row = connection.execute(select(lease).where(lease.c.name == name)).mappings().first()
    return bool(row and row["holder"] == holder and row["fence"] == fence and row["expires_at"] > now())


def give_back(engine: Engine, name: str, holder: str) -> None:
    """End the own lease at once, so that another worker need not wait for it to run out."""
    with writing(engine) as connection:
        mine = (lease.c.name == name) & (lease.c.holder == holder)
        connection.execute(update(lease).where(mine).values(expires_at=now()))

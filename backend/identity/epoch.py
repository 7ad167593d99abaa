"""The count of changes to rights: whoever remembers a visitor asks it before he trusts his memory."""

from sqlalchemy import Connection, Engine, select, update

from backend.models import access_epoch

_here = 0  # Changes made by this process; they are seen at once, without asking the database.


def rights_changed(connection: Connection) -> None:
    """Say within the transaction of a change that remembered visitors must be looked up again."""
    global _here
    connection.execute(update(access_epoch).values(number=access_epoch.c.number + 1))
    _here += 1


def changes_here() -> int:
    """How many changes this process made."""
    return _here


def changes_anywhere(engine: Engine) -> int:
    """How many changes all processes made."""
    with engine.connect() as connection:
        return connection.execute(select(access_epoch.c.number)).scalar_one()

"""A new field key: everything sealed is sealed again under it, in small transactions that may be broken off."""

from pathlib import Path

from sqlalchemy import Connection, Engine, Table, select, update

from backend.audit.service import Line, write_lines
from backend.crypto.fields import resealed
from backend.crypto.keys import Keys, open_keys, rotate_field_key
from backend.db import now, writing
from backend.models import account, account_factor, account_session, sso_binding

# Table, its key column, the sealed column, and the place as it was sealed ("table.column:primary key").
SEALED: tuple[tuple[Table, str, str, str], ...] = (
    (account, "id", "name_sealed", "account.name"),
    (account, "id", "phone_sealed", "account.phone"),
    (account, "id", "id_no_sealed", "account.id_no"),
    (account_factor, "account_id", "secret_sealed", "account_factor.secret"),
    (account_session, "digest", "sso_ref_sealed", "account_session.sso_ref"),
    (sso_binding, "subject", "name_sealed", "sso_binding.name"),
)
PART = 500


def rotate(engine: Engine, folder: Path) -> int:
    """Make a new key current and seal everything again; gives how many fields. The old keys stay readable."""
    rotate_field_key(folder)
    keys = open_keys(folder)
    done = sum(_column(engine, keys, *where) for where in SEALED)
    with writing(engine) as connection:
        write_lines(
            connection, now(), [Line("命令行", "identity:keys:rotate", keys.field.current, detail={"fields": done})]
        )
    return done


def _column(engine: Engine, keys: Keys, table: Table, key: str, column: str, place: str) -> int:
    with engine.connect() as connection:
        rows = connection.execute(select(table.c[key], table.c[column]).where(table.c[column].is_not(None))).all()
    done = 0
    for start in range(0, len(rows), PART):
        with writing(engine) as connection:
            part = rows[start : start + PART]
            done += sum(_field(connection, keys, table, key, column, place, *row) for row in part)
    return done


def _field(
    connection: Connection, keys: Keys, table: Table, key: str, column: str, place: str, number: str, old: str
) -> int:
    """Replace one field unless somebody changed it since it was read; gives 1 when it was replaced."""
    new = resealed(keys, f"{place}:{number}", old)
    if new is None:
        return 0
    same = (table.c[key] == number) & (table.c[column] == old)
    return connection.execute(update(table).where(same).values({column: new})).rowcount

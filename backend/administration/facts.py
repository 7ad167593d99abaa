"""Single facts about this installation, such as whether it holds demo data."""

from sqlalchemy import Engine, select

from backend.db import writing
from backend.models import platform_fact
from backend.models.insertion import insert_new

DEMO = "demo"


def platform_fact_of(engine: Engine, key: str) -> str | None:
    """The value of a fact, None where it was never set."""
    with engine.connect() as connection:
        value: str | None = connection.scalar(select(platform_fact.c.value).where(platform_fact.c.key == key))
    return value


def set_platform_fact(engine: Engine, key: str, value: str) -> None:
    """Set a fact once; a fact that is there already stays as it is."""
    with writing(engine) as connection:
        insert_new(connection, platform_fact, [{"key": key, "value": value}])

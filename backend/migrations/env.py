"""Alembic's entry: runs the migrations on the connection that backend.db hands over."""

from typing import Any, Literal

from alembic import context

from backend.models import metadata
from backend.models.base import UtcTime


def plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration must not change its meaning when our type does: write the database's own type."""
    return "sa.DateTime()" if kind == "type" and isinstance(item, UtcTime) else False


connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("迁移由 backend.db.migrate 执行,不单独运行 alembic")
context.configure(
    connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True, render_item=plain_types
)
with context.begin_transaction():
    context.run_migrations()

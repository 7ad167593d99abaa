"""What is watched: alerts with their transitions, settings changed at run time, and what people use."""

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from backend.models.base import BigId, UtcTime, metadata

alert = Table(
    "alert",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("rule", String(32), nullable=False),
    Column("subject", String(96), nullable=False, comment="哪个账号、地址、屏幕……出了事"),
    Column("severity", String(8), nullable=False),
    Column("state", String(12), nullable=False),
    Column("words", Text, nullable=False),
    Column("detail", JSON),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("times", Integer, nullable=False),
    Column("open_key", String(128), unique=True, comment="规则与对象；恢复后为空，因此同一件事只有一条未了结的告警"),
    CheckConstraint("severity IN ('critical', 'warning')", name="severity"),
    CheckConstraint("state IN ('firing', 'acked', 'resolved')", name="state"),
    CheckConstraint("(state = 'resolved') = (open_key IS NULL)", name="open_until_resolved"),
    Index("ix_alert_state", "state", "last_at"),
)

alert_transition = Table(
    "alert_transition",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("alert_id", BigId, ForeignKey("alert.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("from_state", String(12)),
    Column("to_state", String(12), nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text),
    Index("ix_alert_transition_alert", "alert_id", "id"),
)

configuration = Table(
    "configuration",
    metadata,
    Column("key", String(48), primary_key=True),
    Column("version", Integer, primary_key=True, comment="最大者有效；撤销也是新的一版"),
    Column("value", JSON, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(32), nullable=False, comment="账号编号"),
    Column("reason", Text, nullable=False),
)

activity = Table(
    "activity",
    metadata,
    Column("hour", String(13), primary_key=True, comment="北京时间 YYYY-MM-DDTHH"),
    Column("account_id", String(32), primary_key=True),
    Column("function", String(48), primary_key=True),
    Column("role", String(24), nullable=False),
    Column("organisation_id", String(32), nullable=False),
    Column("visits", Integer, nullable=False),
)

"""The line that each change leaves, chained so that no line can be altered, removed or added unseen."""

from sqlalchemy import JSON, CheckConstraint, Column, Index, Integer, String, Table, Text

from backend.models.base import BigId, UtcTime, metadata

audit_line = Table(
    "audit_line",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False, comment="从 1 起连续，不跳号"),
    Column("at", UtcTime, nullable=False),
    Column("tag", String(64), nullable=False, comment="来源:对象:动作"),
    Column("entity", String(24), nullable=False, comment="对象，即标签的中段"),
    Column("key", Text, nullable=False),
    Column("result", String(8), nullable=False),
    Column("actor", Text, nullable=False),
    Column("account_id", String(32)),
    Column("role", Text),
    Column("address", String(64)),
    Column("session", String(12), comment="会话摘要的前 12 位"),
    Column("request", String(32), comment="请求编号"),
    Column("document_id", BigId),
    Column("detail", JSON),
    Column("hash", String(64), nullable=False, comment="SM3(上一行的值 + 本行内容)"),
    CheckConstraint("result IN ('ok', 'refused', 'failed')", name="result"),
    Index("ix_audit_line_entity", "entity", "key"),
    Index("ix_audit_line_at", "at"),
    Index("ix_audit_line_account", "account_id", "id"),
)

# One row: where the chain stands now, and where what is kept here begins (older lines lie in signed archives).
audit_chain = Table(
    "audit_chain",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("head_id", BigId, nullable=False),
    Column("head_hash", String(64), nullable=False),
    Column("base_id", BigId, nullable=False, comment="最后一条已归档的行"),
    Column("base_hash", String(64), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
    CheckConstraint("base_id <= head_id", name="base_before_head"),
)

"""What came in: each file with its fate."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text

from backend.models.base import BigId, UtcTime, metadata

document = Table(
    "document",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("digest", String(64), nullable=False, unique=True, comment="内容的 SHA-256"),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("size", Integer, nullable=False),
    Column("status", String(12), nullable=False, comment="taken 已收 / held 待处理 / superseded 已被替代"),
    Column("reason_code", String(32)),
    Column("reason", Text),
    Column("seq_no", String(32)),
    Column("received_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Column("data_class", Integer, comment="数据等级：0 公开 1 内部 2 敏感；空按最高等级对待"),
    Column("raw", LargeBinary, comment="zlib 压缩的原文"),
    Index("ix_document_status", "status", "id"),
    Index("ix_document_name", "name"),
    Index("ix_document_seq_no", "seq_no"),
)

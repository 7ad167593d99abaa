"""Who may ask, and which worker may publish."""

from sqlalchemy import Column, Integer, String, Table, Text

from backend.models.base import BigId, UtcTime, metadata

access_token = Table(
    "access_token",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False, comment="api 程序接口 / screen 大屏 / first 首次启动"),
    Column("name", Text, nullable=False),
    Column("role", String(24), nullable=False),
    Column("digest", String(64), nullable=False, unique=True, comment="令牌的 SHA-256；令牌本身不存"),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
    Column("scope_kind", String(12), nullable=False, server_default="all", comment="可见数据范围的种类"),
    Column("scope_value", String(32), nullable=False, server_default=""),
    Column("created_by", String(32), comment="账号编号；空为命令行"),
)

# One row, counted up by every change of rights, so that each process soon forgets what it remembers of visitors.
access_epoch = Table(
    "access_epoch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", BigId, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(24), primary_key=True),
    Column("holder", Text, nullable=False),
    Column("fence", Integer, nullable=False, comment="每次易手加一；只有最大的号可以发布"),
    Column("expires_at", UtcTime, nullable=False),
)

platform_fact = Table(
    "platform_fact",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

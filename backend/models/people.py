"""Who may come in: organisations, accounts and their proofs, roles, sessions and outside identities."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from backend.models.base import BigId, UtcTime, metadata

THREE_ADMINISTRATORS = ("system_admin", "security_admin", "audit_admin")
_THREE = ", ".join(f"'{role}'" for role in THREE_ADMINISTRATORS)
_LIVE_GRANT = "state IN ('asked', 'active')"
_LIVE_ADMINISTRATOR = text(f"{_LIVE_GRANT} AND role IN ({_THREE})")

organisation = Table(
    "organisation",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("uscc", String(18), unique=True, comment="统一社会信用代码"),
    Column("office", String(16), comment="车管所代码"),
    Column("district", String(6), comment="区县行政区划代码；空为全市"),
    Column("created_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("version", Integer, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    CheckConstraint(
        "kind IN ('enterprise', 'vehicle_office', 'commerce', 'appraisal', 'market', 'platform')", name="kind"
    ),
    CheckConstraint("kind <> 'enterprise' OR uscc IS NOT NULL", name="enterprise_has_uscc"),
)

account = Table(
    "account",
    metadata,
    Column("id", String(32), primary_key=True, comment="不可猜测，永不重用"),
    Column("login_name", Text, nullable=False),
    Column("login_key", String(64), nullable=False, unique=True, comment="不分大小写与全半角的登录名；注销后也不放出"),
    Column("organisation_id", String(32), ForeignKey("organisation.id"), nullable=False),
    Column("state", String(12), nullable=False),
    Column("state_why", Text, comment="停用或注销的原因"),
    Column("name_sealed", Text, nullable=False, comment="姓名，SM4 密文"),
    Column("phone_sealed", Text, comment="手机号，SM4 密文"),
    Column("id_no_sealed", Text, comment="证件号，SM4 密文"),
    Column("id_no_index", String(64), unique=True, comment="证件号的 HMAC-SM3，只用于查重与单点登录绑定"),
    Column("clearance", Integer, nullable=False, comment="可读数据等级：0 公开 1 内部 2 敏感"),
    Column("must_change", Boolean, nullable=False, comment="下次登录必须改密码"),
    Column("demo", Boolean, nullable=False, comment="演示账号，没有密码，只能从演示入口进入"),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, comment="最近一次登录"),
    Column("version", Integer, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    CheckConstraint("state IN ('active', 'suspended', 'closed')", name="state"),
    CheckConstraint("clearance BETWEEN 0 AND 2", name="clearance"),
)

account_password = Table(
    "account_password",
    metadata,
    Column("account_id", String(32), ForeignKey("account.id"), primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("hash", Text, nullable=False, comment="argon2id；最新一行有效，其余只用来防止重用"),
    CheckConstraint("hash LIKE '$argon2id$%'", name="argon2id"),
)

account_factor = Table(
    "account_factor",
    metadata,
    Column("account_id", String(32), ForeignKey("account.id"), primary_key=True),
    Column("secret_sealed", Text, nullable=False, comment="动态口令密钥，SM4 密文"),
    Column("confirmed_at", UtcTime, comment="空为尚未完成绑定"),
    Column("last_counter", BigId, nullable=False, comment="最近用过的时间步；不大于它的口令一律拒绝"),
)

role_grant = Table(
    "role_grant",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("account_id", String(32), ForeignKey("account.id"), nullable=False),
    Column("role", String(24), nullable=False),
    Column("state", String(12), nullable=False),
    Column("asked_by", String(32), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("decided_by", String(32)),
    Column("decided_at", UtcTime),
    Column("ended_by", String(32)),
    Column("ended_at", UtcTime),
    Column("reason", Text),
    CheckConstraint("state IN ('asked', 'active', 'refused', 'ended')", name="state"),
    CheckConstraint("decided_by IS NULL OR (decided_by <> asked_by AND decided_by <> account_id)", name="two_people"),
    CheckConstraint("state <> 'active' OR decided_by IS NOT NULL", name="active_is_decided"),
    Index(
        "uq_role_grant_live", "account_id", "role", unique=True,
        sqlite_where=text(_LIVE_GRANT), postgresql_where=text(_LIVE_GRANT),
    ),
    # No account holds or asks for two of the three administrators' roles, whoever writes the row.
    Index(
        "uq_role_grant_one_administrator", "account_id", unique=True,
        sqlite_where=_LIVE_ADMINISTRATOR, postgresql_where=_LIVE_ADMINISTRATOR,
    ),
)  # fmt: skip

account_session = Table(
    "account_session",
    metadata,
    Column("digest", String(64), primary_key=True, comment="会话号的 SHA-256；会话号本身不存"),
    Column("account_id", String(32), ForeignKey("account.id"), nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False, comment="最近一次人的动作；自动刷新不算"),
    Column("ended_at", UtcTime),
    Column("ended_why", String(24)),
    Column("address", String(64), nullable=False),
    Column("agent", Text, nullable=False),
    Column("method", String(16), nullable=False),
    Column("stage", String(12), nullable=False, comment="登录走到哪一步；full 为已完成"),
    Column("sso_ref_sealed", Text, comment="单点登录的票据，退出时用，SM4 密文"),
    Column("sso_index", String(64), comment="票据的 HMAC-SM3，用于对方发起的退出"),
    CheckConstraint("method IN ('password', 'demo', 'qinwuyuan', 'single_window')", name="method"),
    CheckConstraint("stage IN ('factor', 'change', 'enrol', 'full')", name="stage"),
    Index("ix_account_session_account", "account_id", "ended_at"),
    Index("ix_account_session_sso", "sso_index"),
)

sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("login_key", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("outcome", String(12), nullable=False),
    CheckConstraint("outcome IN ('pending', 'failed', 'ok')", name="outcome"),
    Index("ix_sign_in_attempt_login", "login_key", "at"),
    Index("ix_sign_in_attempt_address", "address", "at"),
)

sign_in_lock = Table(
    "sign_in_lock",
    metadata,
    Column("subject", String(96), primary_key=True, comment="account:登录名 或 address:地址"),
    Column("at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
)

sso_binding = Table(
    "sso_binding",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("provider", String(16), nullable=False),
    Column("subject", String(64), nullable=False, comment="对方用户号的 HMAC-SM3"),
    Column("state", String(12), nullable=False),
    Column("account_id", String(32), ForeignKey("account.id")),
    Column("kind", String(8), nullable=False, comment="natural 自然人 / legal 法人"),
    Column("uscc", String(18)),
    Column("name_sealed", Text, nullable=False),
    Column("id_no_index", String(64)),
    Column("asked_at", UtcTime, nullable=False),
    Column("decided_by", String(32)),
    Column("decided_at", UtcTime),
    Column("detail", JSON),
    UniqueConstraint("provider", "subject"),
    CheckConstraint("state IN ('waiting', 'bound', 'refused')", name="state"),
    CheckConstraint("state <> 'bound' OR account_id IS NOT NULL", name="bound_to_somebody"),
)

"""The registers that authorities keep: enterprises, licences, registrations, customs rates and code tables."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from backend.models.base import BigId, UtcTime, metadata

enterprise = Table(
    "enterprise",
    metadata,
    Column("uscc", String(18), primary_key=True),
    Column("name", Text, nullable=False),
    Column("customs_code", Text),
    Column("area", String(6), comment="所在区县，行政区划代码"),
    Column("kind", Text),
    Column("filed_on", String(10)),
    Column("valid_to", String(10)),
    Column("authority", Text),
    Column("filed", Boolean, nullable=False, comment="是否已备案；否则只在报关单上见过"),
    Column("version", Integer, nullable=False),
    Column("document_id", BigId, ForeignKey("document.id")),
    Column("changed_at", UtcTime, nullable=False),
)

licence = Table(
    "licence",
    metadata,
    Column("licence_no", String(20), primary_key=True),
    Column("exporter", Text),
    Column("uscc", String(18)),
    Column("country", String(3)),
    Column("issued_on", String(10)),
    Column("valid_to", String(10)),
    Column("status", Text),
    Column("details", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document_id", BigId, ForeignKey("document.id")),
    Column("changed_at", UtcTime, nullable=False),
)

licence_vehicle = Table(
    "licence_vehicle",
    metadata,
    Column("licence_no", String(20), primary_key=True),
    Column("vin", String(20), primary_key=True),
    Column("issued_on", String(10)),
    Column("changed_at", UtcTime, nullable=False),
    Index("ix_licence_vehicle_vin", "vin"),
    Index("ix_licence_vehicle_changed", "changed_at"),
    Index("ix_licence_vehicle_issued_on", "issued_on"),
)

registration = Table(
    "registration",
    metadata,
    Column("vin", String(20), primary_key=True),
    Column("plate", Text),
    Column("registered_on", String(10), comment="注册登记日期"),
    Column("transfer_on", String(10), comment="转让待出口日期"),
    Column("status", Text, comment="机动车状态"),
    Column("brand", Text),
    Column("model", Text),
    Column("engine_no", Text),
    Column("version", Integer, nullable=False),
    Column("document_id", BigId, ForeignKey("document.id")),
    Column("changed_at", UtcTime, nullable=False),
    Index("ix_registration_changed", "changed_at"),
    Index("ix_registration_transfer_on", "transfer_on"),
)

customs_rate = Table(
    "customs_rate",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("cny_per_unit", Text, nullable=False, comment="一单位外币折人民币，十进制原文"),
    Column("version", Integer, nullable=False),
    Column("document_id", BigId, ForeignKey("document.id")),
    Column("changed_at", UtcTime, nullable=False),
)

code = Table(
    "code",
    metadata,
    Column("table_name", String(24), primary_key=True),
    Column("code", String(32), primary_key=True),
    Column("valid_from", String(10), primary_key=True),
    Column("valid_to", String(10), nullable=False, comment="含当日；9999-12-31 为仍有效"),
    Column("name", Text, nullable=False),
    Column("old_code", Text),
    Column("attrs", JSON, nullable=False),
    Column("document_id", BigId, ForeignKey("document.id")),
    Column("changed_at", UtcTime, nullable=False),
    Index("ix_code_old", "table_name", "old_code"),
)

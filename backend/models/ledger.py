"""The declaration ledger: declarations, goods, the vehicles on them, receipts, and the versions of everything."""

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from backend.clearance.fields import GOODS, GOODS_VIN, HEAD, Field
from backend.models.base import BigId, UtcTime, metadata


def _texts(fields: tuple[Field, ...], *apart: str) -> list[Column]:
    """Columns for the message's own fields; each stays text, as the paper has it."""
    return [Column(f.column, Text, comment=f.label) for f in fields if f.column not in apart]


declaration = Table(
    "declaration",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("seq_no", String(32), nullable=False, unique=True, comment="统一编号"),
    *_texts(HEAD, "seq_no"),
    Column("voyage_no", Text, comment="航次号"),
    Column("client_seq_no", Text, comment="企业自编号"),
    Column("uscc", String(18), nullable=False, comment="境内发货人统一社会信用代码"),
    Column("declared_on", String(10), nullable=False, comment="申报日，决定汇率月份"),
    Column("state", String(12), nullable=False),
    Column("lodged_at", UtcTime, comment="海关收到(通道7)"),
    Column("passed_at", UtcTime, comment="审结"),
    Column("released_at", UtcTime, comment="放行"),
    Column("cleared_at", UtcTime, comment="结关"),
    Column("deleted_at", UtcTime, comment="删单"),
    Column("released_on", String(10), comment="放行日(北京时间)"),
    Column("cleared_on", String(10), comment="结关日(北京时间)"),
    Column("clearance_minutes", Integer, comment="通道7至结关的分钟数"),
    Column("counted", Boolean, nullable=False, comment="是否计入统计：已结关且未删单"),
    Column("vehicles", Integer, nullable=False),
    Column("cny_cents", BigId, nullable=False, comment="离岸价，人民币分"),
    Column("usd_cents", BigId, nullable=False, comment="离岸价，美分"),
    Column("version", Integer, nullable=False, comment="报关单内容的版本"),
    Column("revision", Integer, nullable=False, comment="内容或状态每变一次加一"),
    Column("document_id", BigId, ForeignKey("document.id"), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    CheckConstraint(
        "state IN ('SUBMITTED','LODGED','PASSED','EXAMINED','SUSPENDED','RELEASED','CLEARED','REJECTED','DELETED')",
        name="state",
    ),
    CheckConstraint("NOT counted OR cleared_on IS NOT NULL", name="counted_has_day"),
    Index("ix_declaration_changed", "changed_at"),
    Index("ix_declaration_control", "counted", "cleared_on", "vehicles", "cny_cents", "usd_cents"),
    Index("ix_declaration_uscc", "uscc"),
    Index("ix_declaration_rate_month", "declared_on"),
)

goods_item = Table(
    "goods_item",
    metadata,
    Column("declaration_id", BigId, ForeignKey("declaration.id"), primary_key=True),
    Column("line", Integer, primary_key=True, comment="报关单内的次序，从1起"),
    *_texts(GOODS),
    Column("country", String(3), nullable=False, comment="统计国别，ISO 3166 三位"),
    Column("brand", Text, nullable=False),
    Column("model", Text, nullable=False, comment="品牌 + 空格 + 型号，照原文"),
    Column("fuel", String(8), nullable=False, comment="按商品编号归类的动力类型"),
    Column("vehicles", Integer, nullable=False),
    Column("cny_cents", BigId, nullable=False),
    Column("usd_cents", BigId, nullable=False),
)

goods_vehicle = Table(
    "goods_vehicle",
    metadata,
    Column("declaration_id", BigId, ForeignKey("declaration.id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    *_texts(GOODS_VIN),
    Index("ix_goods_vehicle_vin", "vin"),
)

receipt = Table(
    "receipt",
    metadata,
    Column("seq_no", String(32), primary_key=True),
    Column("channel", String(4), primary_key=True),
    Column("notice_at", UtcTime, primary_key=True),
    Column("entry_id", Text),
    Column("note", Text),
    Column("custom_master", Text),
    Column("i_e_date", Text),
    Column("d_date", Text),
    Column("document_id", BigId, ForeignKey("document.id"), nullable=False),
)

import_response = Table(
    "import_response",
    metadata,
    Column("document_id", BigId, ForeignKey("document.id"), primary_key=True),
    Column("client_seq_no", Text, index=True),
    Column("seq_no", Text),
    Column("response_code", Text, nullable=False),
    Column("message", Text),
)

vehicle = Table(
    "vehicle",
    metadata,
    Column("vin", String(20), primary_key=True),
    Column("brand", Text),
    Column("model", Text),
    Column("changed_at", UtcTime, nullable=False),
)

vehicle_step = Table(
    "vehicle_step",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("vin", String(20), ForeignKey("vehicle.vin"), nullable=False),
    Column("step", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("evidence", Text, nullable=False, comment="凭证名称与编号"),
    CheckConstraint(
        "step IN ('REGISTERED','INSPECTED','TRANSFERRED','LICENSE_APPLIED','LICENSED','VERIFIED','DEREGISTERED',"
        "'REFUNDED','WITHDRAWN')",
        name="step",
    ),
    Index("ix_vehicle_step_vin", "vin", "id"),
)

record_version = Table(
    "record_version",
    metadata,
    Column("entity", String(20), primary_key=True, comment="哪一类记录"),
    Column("key", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("known_from", UtcTime, nullable=False),
    Column("document_id", BigId, ForeignKey("document.id")),
    Column("payload", JSON, nullable=False),
)

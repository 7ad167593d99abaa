"""The screens that hang on walls: where each stands, when it was heard, what it shows, plays and was asked to do."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from backend.models.base import BigId, UtcTime, metadata

screen_playlist = Table(
    "screen_playlist",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("items", JSON, nullable=False, comment="依次显示的画面：face seconds weekdays from to"),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

wall_screen = Table(
    "wall_screen",
    metadata,
    Column("id", BigId, ForeignKey("access_token.id"), primary_key=True, autoincrement=False, comment="屏幕令牌的编号"),
    Column("name", Text, nullable=False),
    Column("place", Text, nullable=False, server_default="", comment="挂在哪里"),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False, comment="最近一次记下的心跳；没有变化时最多每 3 秒记一次"),
    Column("address", String(64)),
    Column("size", String(11), nullable=False, comment="画面的像素，如 1920x1080"),
    Column("text_share", Float, comment="最小的字占画面高度的比例，由屏幕报告"),
    Column("build", String(16), nullable=False, server_default="", comment="屏幕所用程序的版本标记"),
    Column("view", String(120), nullable=False, server_default="", comment="屏幕打开的地址"),
    Column("generation", String(64), comment="屏幕上的数字属于哪一代"),
    Column("as_of", UtcTime, comment="屏幕上写的数据截至时间"),
    Column("frame_hash", String(80), comment="屏幕上全部数字的摘要，前缀是算法"),
    Column("first_hash", String(80), comment="这一代第一次报告的摘要"),
    Column("odd_beats", Integer, nullable=False, server_default="0", comment="连续多少次心跳与第一次报告的不同"),
    Column("face", String(20), nullable=False, server_default="", comment="正在显示哪个画面，由屏幕报告"),
    Column("scale_shown", String(8), nullable=False, server_default="fit", comment="实际的缩放方式，由屏幕报告"),
    Column("wanted", JSON(none_as_null=True), comment="最近一次要它做的事：kind number text seconds asked_by asked_at"),
    Column("done_number", Integer, nullable=False, server_default="0", comment="它已领走的最大的编号"),
    Column("height_m", Float, comment="画面高度，米"),
    Column("distance_m", Float, comment="最远的观众离屏多远，米"),
    Column("enabled", Boolean, nullable=False, comment="失联是否告警"),
    Column("playlist_id", BigId, ForeignKey("screen_playlist.id"), comment="空为不轮播"),
    Column("scale", String(8), nullable=False, server_default="fit", comment="缩放方式：fit width stretch none"),
    Index("ix_wall_screen_seen_at", "seen_at"),
)

"""What may be changed while the platform runs: each option declared once, each change a new version with its reason."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from backend.audit.service import Line, write_lines
from backend.db import now
from backend.identity.epoch import rights_changed
from backend.models import configuration


class BadValue(ValueError):
    """The value does not fit the option; the text says what does."""


@dataclass(frozen=True)
class Option:
    """One whole number that can be changed. `permission` names who may; bounds are inclusive."""

    key: str
    label: str
    unit: str
    default: int
    least: int
    most: int
    help: str
    permission: str = "change:policy"

    def checked(self, text: str) -> int:
        """The number that a person typed; raises BadValue."""
        digits = text.strip()
        if not digits.isascii() or not digits.isdigit() or not self.least <= int(digits) <= self.most:
            raise BadValue(f"{self.label}应为 {self.least} 到 {self.most} 之间的整数")
        return int(digits)


OPTIONS: dict[str, Option] = {
    option.key: option
    for option in (
        Option(
            "idle_minutes", "无操作退出", "分钟", 30, 5, 120, "超过这段时间没有操作，会话自动结束；自动刷新不算操作"
        ),
        Option("session_hours", "会话最长时间", "小时", 8, 1, 12, "到时必须重新登录"),
        Option("failures", "账号锁定前的失败次数", "次", 5, 3, 10, "同一账号在统计时段内登录失败达到此数即锁定"),
        Option(
            "address_failures",
            "地址锁定前的失败次数",
            "次",
            20,
            5,
            200,
            "同一网络地址；一个办公室常共用一个地址，故较宽",
        ),
        Option("failure_minutes", "失败次数统计时段", "分钟", 15, 5, 60, "只数这段时间内的失败"),
        Option("lock_minutes", "锁定时长", "分钟", 30, 5, 1440, "到时自动解锁"),
        Option("password_length", "密码最短长度", "位", 10, 8, 64, "另须含大写、小写、数字、符号中的三类"),
        Option("password_days", "密码有效期", "天", 90, 30, 365, "到期必须修改"),
        Option("password_history", "不得重复的历史密码", "个", 5, 1, 24, "新密码不能与最近几个相同"),
        Option("dormant_days", "账号闲置停用", "天", 90, 30, 365, "超过这段时间没有登录的账号自动停用"),
        Option("refusals", "越权告警阈值", "次/分钟", 20, 5, 500, "同一账号一分钟内被拒绝达到此数即告警"),
        Option(
            "export_rows", "单次导出上限", "行", 100000, 1000, 1000000, "超过此数请缩小范围", "change:configuration"
        ),
        Option("page_rows", "列表每页行数", "行", 50, 10, 200, "管理页面列表每页显示多少行", "change:configuration"),
    )
}


def options_of(connection: Connection) -> dict[str, int]:
    """The value of every option now in force."""
    c = configuration.c
    newest = select(c.key, func.max(c.version).label("version")).group_by(c.key).subquery()
    query = select(c.key, c.value).join(newest, (newest.c.key == c.key) & (newest.c.version == c.version))
    changed = {key: value for key, value in connection.execute(query) if key in OPTIONS}
    return {key: changed.get(key, option.default) for key, option in OPTIONS.items()}


def change_option(connection: Connection, by: str, name: str, key: str, value: int, reason: str) -> None:
    """Put a new version of an option in force; `by` is the account, `name` how the audit calls it."""
    c = configuration.c
    before = options_of(connection)[key]
    version = connection.scalar(select(func.max(c.version)).where(c.key == key)) or 0
    row: dict[str, Any] = {"key": key, "version": version + 1, "value": value, "by": by, "reason": reason, "at": now()}
    connection.execute(insert(configuration).values(row))
    detail = {"before": before, "after": value, "reason": reason}
    write_lines(connection, row["at"], [Line(name, "administration:configuration:change", key, detail=detail)])
    rights_changed(connection)

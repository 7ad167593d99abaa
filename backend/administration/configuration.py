"""Changing what the platform runs by: who may, the version that was seen, the reason, and the way back."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, func, select

from backend.administration.duty import need, reason_of
from backend.administration.options import OPTIONS, BadValue, Option, change_option, options_of
from backend.db import writing
from backend.identity.principal import Principal
from backend.identity.refusal import Unfit
from backend.models import account, configuration

DEFAULT = 0  # The version before anybody changed anything.


class Setting(NamedTuple):
    """An option, the value in force, and its versions (version, value, at, by, reason), the newest first."""

    option: Option
    value: int
    versions: list[dict[str, Any]]

    @property
    def version(self) -> int:
        """The version in force."""
        return int(self.versions[0]["version"]) if self.versions else DEFAULT


def option_of(actor: Principal, key: str) -> Option:
    """The option of that key, if the actor may change it; raises Unfit or Refused."""
    if key not in OPTIONS:
        raise Unfit("没有这项设置")
    need(actor, OPTIONS[key].permission)
    return OPTIONS[key]


def settings_for(connection: Connection, permission: str) -> Iterator[Setting]:
    """The settings that need this permission."""
    values = options_of(connection)
    for option in OPTIONS.values():
        if option.permission == permission:
            yield Setting(option, values[option.key], versions_of(connection, option.key))


def setting_of(connection: Connection, option: Option) -> Setting:
    """One setting."""
    return Setting(option, options_of(connection)[option.key], versions_of(connection, option.key))


def versions_of(connection: Connection, key: str) -> list[dict[str, Any]]:
    """Every change of an option, the newest first, with the login name of who made it."""
    c = configuration.c
    query = select(c.version, c.value, c.at, c.reason, func.coalesce(account.c.login_name, c.by).label("by"))
    query = query.join(account, account.c.id == c.by, isouter=True).where(c.key == key).order_by(c.version.desc())
    return [dict(row) for row in connection.execute(query).mappings()]


def change(engine: Engine, actor: Principal, key: str, text: str, reason: str, seen: int) -> None:
    """Put another value in force. `seen` is the version that the actor had before him; raises Refused or Unfit."""
    option = option_of(actor, key)
    try:
        value = option.checked(text)
    except BadValue as bad:
        raise Unfit(str(bad), "value") from bad
    why = reason_of(reason)
    with writing(engine) as connection:
        _put(connection, actor, setting_of(connection, option), value, why, seen)


def undo(engine: Engine, actor: Principal, key: str, version: int, reason: str, seen: int) -> None:
    """Put the value of an earlier version (0: the default) in force again; raises Refused or Unfit."""
    option = option_of(actor, key)
    why = reason_of(reason)
    with writing(engine) as connection:
        setting = setting_of(connection, option)
        values = {row["version"]: row["value"] for row in setting.versions} | {DEFAULT: option.default}
        if version not in values:
            raise Unfit("请选择要恢复到哪一版", "version")
        if not option.least <= values[version] <= option.most:
            raise Unfit(f"那一版的值已不在允许的范围 {option.least} 到 {option.most} 之内", "version")
        _put(connection, actor, setting, values[version], f"恢复到{_called(version)}：{why}", seen)


def _called(version: int) -> str:
    return f"第 {version} 版" if version else "默认值"


def _put(connection: Connection, actor: Principal, setting: Setting, value: int, why: str, seen: int) -> None:
    if setting.version != seen:
        last = setting.versions[0]
        raise Unfit(f"{last['by']} 刚把它改为 {last['value']}，请核对后再改")
    if value == setting.value:
        raise Unfit("与现在的值相同，不需要修改", "value")
    change_option(connection, actor.id, actor.name, setting.option.key, value, why)

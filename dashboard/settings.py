"""Every switch of the platform, declared once with its help; an unknown or misspelt one stops the start."""

import difflib
import os
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "PANORAMA_"


class Settings(BaseSettings):
    """Environment variables with the prefix PANORAMA_, e.g. PANORAMA_PORT=8080."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    var: Path = Field(Path("var"), description="嵌入式状态（数据库、事实、快照、文件）所在目录")
    host: str = Field("127.0.0.1", description="监听地址；对外服务时由 nginx 转发")
    port: int = Field(8050, ge=0, le=65535, description="监听端口")
    processes: int = Field(1, ge=1, le=32, description="网页服务进程数")
    threads: int = Field(8, ge=1, le=128, description="每个网页进程的工作线程数")
    database_url: str = Field("", description="事务数据库；空为 var 下的 SQLite，生产用 postgresql+psycopg://…")
    redis_url: str = Field("", description="多台主机共用的 Redis；空为 var 下的文件")
    demo: Literal["on", "off"] = Field("on", description="没有任何数据库时是否写入演示数据；off 为从空库开始")
    demo_declarations: int = Field(900, ge=1, le=50000, description="演示数据的报关单份数")
    demo_every: float = Field(60, gt=0, description="演示数据每隔多少秒来一件新事")
    minute: float = Field(45, gt=0, le=60, description="没有变化时最长隔多少秒发布一代快照")
    poll: float = Field(1, gt=0, le=5, description="每隔多少秒看一次事务数据库有没有变化")
    lease: float = Field(6, ge=1, le=10, description="分钟工人的租约秒数；到期未续由另一个接手")
    reconcile_rows: int = Field(300_000, ge=0, description="商品项不超过此数时每次逐项对账，超过时按月轮流逐项对账")
    max_upload_mb: int = Field(64, ge=1, le=1024, description="单个导入文件的大小上限（MB）")
    map_approval: str = Field("", description="地图审图号；空则墙上写明未设置")
    goal_cny_yi: str = Field("", description="年度出口额目标（亿元）；空则墙上不显示目标")

    keys: Path | None = Field(None, description="密钥文件所在目录；空为 var 下的 keys，备份时须与数据库分开保管")
    public_url: str = Field("", description="对外地址；填 https://… 后强制加密访问，空为按来访地址")
    proxies: int = Field(0, ge=0, le=5, description="前面有几层反向代理；0 为不相信任何转发头")
    admin_networks: str = Field(
        "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16",
        description="允许打开管理页面的网段，逗号分隔",
    )
    sso_qinwuyuan_url: str = Field("", description="秦务员统一认证地址，如 https://…/sysauthserver；空为不用")
    sso_qinwuyuan_client: str = Field("", description="秦务员分配的应用编号")
    sso_qinwuyuan_secret: str = Field("", description="秦务员分配的应用密钥")
    sso_qinwuyuan_fields: str = Field("", description="秦务员用户字段对应，如 name=userName,id_no=idCard；空为默认")
    sso_single_window_url: str = Field("", description="车辆出口通关统一认证地址，如 https://…/cas；空为不用")
    sso_single_window_protocol: Literal["cas3", "oauth2"] = Field("cas3", description="车辆出口通关的登录协议")
    sso_single_window_client: str = Field("", description="车辆出口通关分配的应用编号（oauth2 时）")
    sso_single_window_secret: str = Field("", description="车辆出口通关分配的应用密钥（oauth2 时）")
    sso_single_window_fields: str = Field("", description="车辆出口通关用户字段对应；空为默认")

    syslog: str = Field(
        "", description="把审计日志同时发往日志服务器，如 udp://10.0.0.5:514 或 tcp://10.0.0.5:601；空为不发"
    )

    @field_validator("syslog")
    @classmethod
    def _log_server(cls, value: str) -> str:
        """Refuse what is no address of a log server; the words are for who starts the platform."""
        try:
            url = urlsplit(value)
            whole = url.scheme in ("udp", "tcp") and bool(url.hostname) and bool(url.port) and "@" not in url.netloc
            fits = whole and value.lower() == f"{url.scheme}://{url.netloc}".lower()
        except ValueError:
            fits = False
        if value and not fits:
            raise ValueError("日志服务器应写作 udp://主机:端口 或 tcp://主机:端口，如 udp://10.0.0.5:514；不发则留空")
        return value

    @property
    def key_folder(self) -> Path:
        """Where the key files lie."""
        return self.keys or self.var / "keys"

    @property
    def secure(self) -> bool:
        """Whether people reach the platform over TLS only."""
        return self.public_url.lower().startswith("https://")

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the transaction database."""
        return self.database_url or f"sqlite:///{(self.var / 'ledger.sqlite').absolute()}"


class UnknownSetting(SystemExit):
    """Raised when the environment holds a PANORAMA_ variable that no setting declares, or a value that does not fit."""


def unknown_settings(environ: dict[str, str]) -> list[str]:
    """Name each undeclared PANORAMA_ variable, with the declared one that looks most like it."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    lines = []
    for name in sorted(n for n in environ if n.upper().startswith(PREFIX) and n.upper() not in known):
        close = difflib.get_close_matches(name.upper(), known, 1)
        lines.append(f"{name} 不是本平台的设置" + (f"，是否想写 {close[0]}？" if close else ""))
    return lines


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Read the settings once for this process.

    Raises UnknownSetting (exit status 78) for a variable that is not declared or a value that does not fit.
    """
    if lines := unknown_settings(dict(os.environ)):
        print("\n".join(lines))
        raise UnknownSetting(78)
    try:
        return Settings()
    except ValidationError as wrong:
        for fault in wrong.errors():
            print(f"{PREFIX}{'_'.join(str(part) for part in fault['loc']).upper()}：{fault['msg']}")
        raise UnknownSetting(78) from None

"""The platform's commands: run, worker, web, seed, check."""

import argparse
import logging
import signal
import socket
import sys
import threading
import time

from sqlalchemy import Engine

from backend.crypto.errors import CryptoFault
from backend.crypto.keys import Keys
from backend.db import make_engine, migrate
from backend.identity.demo import install_demo_accounts
from backend.identity.first_run import LIFE, first_run_token
from backend.identity.key_room import open_key_room
from cache.store import open_store
from dashboard.demo import is_demo, seed_if_new
from dashboard.family import Child, stop_with_parent
from dashboard.settings import Settings, get_settings

HELP = "run 启动平台；worker 只启动分钟工人；web 只启动网页服务；seed 写入演示数据；check 检查设置"
FIRST_PICTURE = 60  # Seconds the start waits for the first generation before it serves without one.
log = logging.getLogger("panorama")


def main() -> int:
    """Run one command; gives the exit status."""
    commands = {"run": run, "worker": worker, "web": web, "seed": seed, "check": check}
    options = argparse.ArgumentParser(prog="python -m dashboard", description="西安市二手车信息共享服务平台")
    options.add_argument("command", choices=sorted(commands), help=HELP)
    chosen = options.parse_args().command
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    return commands[chosen](get_settings())


def run(settings: Settings) -> int:
    """Bring the database up to date, then keep a worker and a web server alive until told to stop."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not port_is_free(settings):
        print(f"端口 {settings.port} 已被别的程序占用，请先停掉它，或用 PANORAMA_PORT 换一个端口", flush=True)
        return 69
    if settings.secure and not settings.proxies:
        print("PANORAMA_PUBLIC_URL 是 https 地址，请同时用 PANORAMA_PROXIES 说明前面有几层反向代理", flush=True)
        return 78
    if status := seed(settings):
        return status
    children = [Child("dashboard", "worker"), Child("dashboard", "web")]
    try:
        children[0].start()
        await_first(settings)
        children[1].start()
        print(f"平台已就绪：http://{settings.host}:{settings.port}/ （Ctrl+C 结束）", flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        print("正在结束……", flush=True)
    finally:
        for child in reversed(children):
            child.stop()
    return 0


def port_is_free(settings: Settings) -> bool:
    """Whether the address can be listened on; otherwise the web server would be started again and again in vain."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return False
    return True


def web(settings: Settings) -> int:
    """Only the web server."""
    from dashboard.server import serve

    stop_with_parent()
    serve(settings)
    return 0


def await_first(settings: Settings) -> None:
    """Wait for a generation, so that the first visitor sees figures."""
    store, deadline = open_store(settings), time.monotonic() + FIRST_PICTURE
    while store.pointer() is None and time.monotonic() < deadline:
        time.sleep(0.2)


def worker(settings: Settings) -> int:
    """Only the minute worker."""
    from dashboard.worker import run_worker

    run_worker(settings)
    return 0


def seed(settings: Settings) -> int:
    """Bring the schema up to date, and fill an empty database with demo data if the settings allow it."""
    engine = make_engine(settings.database)
    migrate(engine)
    started = time.monotonic()
    if seed_if_new(settings, engine, lambda done, total: print(f"写入演示数据 {done:,} / {total:,}", flush=True)):
        print(f"演示数据已写入，用时 {time.monotonic() - started:.1f} 秒", flush=True)
    try:
        keys = open_key_room(engine, settings.key_folder)
    except CryptoFault as fault:
        print(f"平台没有启动：{fault}", flush=True)
        return 78
    let_in(settings, engine, keys)
    return 0


def let_in(settings: Settings, engine: Engine, keys: Keys) -> None:
    """Make sure that somebody can come in: the demo's accounts, or the way to the first administrators."""
    if is_demo(engine):
        install_demo_accounts(engine, keys)
    elif token := first_run_token(engine):
        base = settings.public_url or f"http://{settings.host}:{settings.port}"
        hours = int(LIFE.total_seconds() // 3600)
        print(f"还没有管理员。请在 {hours} 小时内打开 {base}/first-run ，一次性令牌：{token}", flush=True)


def check(settings: Settings) -> int:
    """Print every setting with its value and help; secrets are not shown."""
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        hidden = name.endswith(("database_url", "redis_url", "_secret")) and value
        print(f"PANORAMA_{name.upper()}={'（已设置）' if hidden else value}  {field.description}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

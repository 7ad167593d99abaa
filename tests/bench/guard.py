"""What the gate costs: the wall's callback on two servers that differ in nothing else, asked in turn in one run."""

import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from backend.db import make_engine
from backend.demo.world import World
from backend.identity.tokens import create_token
from tests.bench.payload import lua, wrk
from tests.bench.report import Result
from tests.running import ROOT, Platform
from tests.servers import free_port

SERVER = (
    "from granian import Granian; from granian.constants import Interfaces; "
    "Granian('tests.bench.unguarded:{name}', address='127.0.0.1', port={port}, interface=Interfaces.ASGI, workers=1, "
    "factory=True, websockets=False, log_access=False).serve()"
)
KINDS = {"web": "没有守卫", "guarded": "有守卫"}


def bench_guard(folder: Path, quick: bool) -> Result:
    """Rounds of a few seconds each, both servers in turn, so that both meet the same neighbours."""
    rounds, seconds = (1, 2) if quick else (6, 4)
    World(3, date.today()).write(folder / "world", 300)
    fixed = f"大屏的普通 Dash 回调，50 个长连接，一个进程，轮流各 {rounds} 轮，每轮 {seconds} 秒。"
    result = Result("guard", "守卫的代价", fixed)
    with Platform(folder / "var", demo="off", threads=8) as platform:
        platform.command("import", str(folder / "world"))
        time.sleep(4)
        engine = make_engine(f"sqlite:///{platform.var / 'ledger.sqlite'}")
        cookie = f"panorama_screen={create_token(engine, 'screen', '压测', 'wall')}"
        engine.dispose()
        with served(platform, "web") as bare, served(platform, "guarded") as guarded:
            servers = {"web": bare, "guarded": guarded}
            scripts = {name: script(folder, name, url, cookie) for name, url in servers.items()}
            rates: dict[str, list[float]] = {name: [] for name in servers}
            for _ in range(rounds):
                for name, url in servers.items():
                    rates[name].append(wrk(f"{url}/_dash-update-component", 1000, seconds, "-s", str(scripts[name])))
    for name, label in KINDS.items():
        result.add(label, "", f"{statistics.median(rates[name]):,.0f} 次/秒")
    cost = 1 - statistics.median(b / a for a, b in zip(rates["web"], rates["guarded"], strict=True))
    result.add("守卫使吞吐减少", "≤ 5 %", f"{cost:.1%}")
    return result


def script(folder: Path, name: str, url: str, cookie: str) -> Path:
    """The script that makes wrk ask this server for the wall's callback."""
    path = folder / f"{name}.lua"
    path.write_text(lua(url, cookie, least=1000), encoding="utf-8")
    return path


@contextmanager
def served(platform: Platform, name: str) -> Iterator[str]:
    """One of the two servers on the platform's state, ended at the end; gives its address."""
    port = free_port()
    command = [sys.executable, "-c", SERVER.format(name=name, port=port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=ROOT, env=platform.env, stdout=quiet, stderr=quiet)
    try:
        await_answer(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def await_answer(url: str) -> None:
    """Wait until the server says that it is well."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(url)

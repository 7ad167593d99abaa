"""Five hundred screens at once: each asks for the tick, beats, and fetches every new generation, as its scripts do."""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import psutil

from backend.db import make_engine
from backend.demo.world import World
from backend.identity.sessions import csrf_of
from backend.identity.tokens import create_token
from tests.bench.browser import Browser, Clock, part
from tests.bench.latency import commit
from tests.bench.payload import nginx
from tests.bench.report import Result
from tests.running import Platform

TICK, BEAT, FIRST_BEAT = 5.0, 15.0, 3.0  # Seconds, 10 % more or less, as assets/js has them.
NEWS = 40.0  # Seconds between two new generations.
GOALS = {**dict.fromkeys(("节拍", "心跳", "取大屏字节"), "p95 < 1 秒"), "打开大屏的每个请求": ""}


Pace = tuple[float, ...]  # requests, and seconds of processor
Measure = Callable[[], Pace]


class Wall:
    """One screen: its browser, the generation that it shows, and when it will tick and beat next."""

    def __init__(self, port: int, clock: Clock, token: str) -> None:
        self.browser = Browser(port, clock)
        self.browser.cookies = {"panorama_screen": token, "panorama_csrf": csrf_of(token)}
        self.generation: str | None = None
        self.size = random.choice(("1920x1080", "3840x2160", "7680x2160"))

    async def hang(self, wait: float, end: float) -> None:
        """Switch it on after a while; it stays on to the end."""
        await asyncio.sleep(wait)
        await self.open()
        next_tick, next_beat = (time.monotonic() + pause for pause in (jitter(TICK), jitter(FIRST_BEAT)))
        while (due := min(next_tick, next_beat)) < end:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if next_tick <= next_beat:
                await self.tick()
                next_tick = time.monotonic() + jitter(TICK)  # The timer stands still while a tick is under way.
            else:
                await self.beat()
                next_beat = time.monotonic() + jitter(BEAT)

    async def open(self) -> None:
        """The page with what it asks for by itself; a screen's vendor files lie in its cache."""
        for path in ("/wall", "/_dash-layout", "/_dash-dependencies"):
            await self.browser.ask("打开大屏的每个请求", "GET", path)
        await self.browser.callback("content.children", [part("place.pathname", "/wall")], kind="打开大屏的每个请求")
        await self.tick()

    async def tick(self) -> None:
        """Ask what is new, and fetch it."""
        answer = await self.browser.tick(self.generation, "节拍")
        news = json.loads(answer or b"{}").get("response", {}).get("generation", {}).get("data")
        if news:
            self.generation = news
            await self.browser.ask("取大屏字节", "GET", f"/payload/wall?g={news}")

    async def beat(self) -> None:
        """Tell what it shows: of one generation all screens show the same."""
        seen = hashlib.sha256(str(self.generation).encode()).hexdigest()
        told = {"size": self.size, "text_share": 0.0167, "build": "", "view": "/wall", "generation": self.generation}
        told |= {"as_of": None, "hash": f"sha256:{seen}", "done": 0}
        await self.browser.post("心跳", "/screen/beat", told)


def jitter(seconds: float) -> float:
    """10 % more or less, so that screens do not come in step."""
    return seconds * random.uniform(0.9, 1.1)


def bench_screens(folder: Path, quick: bool) -> Result:
    """A closed loop of screens while new generations come; then nginx gives the same bytes in the same rhythm."""
    screens, ramp, steady = (40, 4, 12) if quick else (500, 30, 90)
    World(3, date.today()).write(folder / "world", 300 if quick else 3_000)
    fixed = f"{screens} 块屏，{ramp} 秒内陆续打开，其后 {steady} 秒；每 5 秒一次节拍，每 15 秒一次心跳（各 ±10%），"
    fixed += f"每 {NEWS:.0f} 秒一代新数据；granian 2 进程各 8 线程，SQLite，无 TLS，压测程序在同一台机器上。"
    result = Result("screens", "五百块大屏同时轮询", fixed)
    with Platform(folder / "var", demo="off", threads=8, processes=2) as platform:
        platform.command("import", str(folder / "world"))
        time.sleep(4)
        engine = make_engine(f"sqlite:///{platform.var / 'ledger.sqlite'}")
        tokens = [create_token(engine, "screen", f"压测屏 {number}", "wall") for number in range(screens)]
        clock = Clock()

        def measure() -> Pace:
            return sum(map(len, clock.seconds.values())), processor(platform)

        walls = [Wall(platform.port, clock, token) for token in tokens]
        rate, cores = asyncio.run(day(walls, lambda n: commit(engine, n), measure, ramp, steady))
        engine.dispose()
        body = platform.get("/payload/wall", {"Cookie": f"panorama_screen={tokens[0]}"})[1]
    for kind, goal in GOALS.items():
        result.add(f"{kind}：p50 / p95 / p99（秒），共 {len(clock.seconds[kind]):,} 次", goal, clock.shown(kind))
    result.add("全部打开之后：每秒请求，平台全部进程占用的处理器", "", f"{rate:,.0f} 次，{cores:.2f} 核")
    result.add("出错的请求", "0", f"{len(clock.errors):,}" + (f"，如 {clock.errors[0]}" if clock.errors else ""))
    with nginx(folder, body) as port:
        plain = asyncio.run(fetched(port, screens, 5 if quick else 20))
    result.add(f"nginx 以节拍的节奏给出同样的 {len(body):,} 字节：p50 / p95 / p99（秒）", "", plain.shown("nginx"))
    return result


async def day(walls: list[Wall], news: Callable[[int], None], measure: Measure, ramp: float, steady: float) -> Pace:
    """All screens to the end, with news meanwhile; gives what the platform did a second after the ramp."""
    end = time.monotonic() + ramp + steady

    async def tell() -> None:
        for number in range(int((ramp + steady) / NEWS)):
            await asyncio.sleep(NEWS)
            await asyncio.to_thread(news, number)

    async def count() -> Pace:
        await asyncio.sleep(ramp)
        before = measure()
        await asyncio.sleep(steady)
        return tuple((after - first) / steady for after, first in zip(measure(), before, strict=True))

    hanging = [wall.hang(n * ramp / len(walls), end) for n, wall in enumerate(walls)]
    return (await asyncio.gather(count(), tell(), *hanging))[0]


def processor(platform: Platform) -> float:
    """Seconds of processor that all processes of the platform have taken so far."""
    assert platform.process is not None
    family = psutil.Process(platform.process.pid).children(recursive=True)
    return sum(sum(process.cpu_times()[:2]) for process in family)


async def fetched(port: int, clients: int, seconds: float) -> Clock:
    """As many clients, each fetching once in five seconds."""
    clock, end = Clock(), time.monotonic() + seconds

    async def fetch() -> None:
        browser = Browser(port, clock)
        await asyncio.sleep(random.uniform(0, TICK))
        while time.monotonic() < end:
            await browser.ask("nginx", "GET", "/wall")
            await asyncio.sleep(jitter(TICK))

    await asyncio.gather(*(fetch() for _ in range(clients)))
    return clock

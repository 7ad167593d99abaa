"""Five hundred people at once: they sign in, open pages, think, and go on, on the machine that serves them."""

import asyncio
import random
import time
from datetime import date
from pathlib import Path

from backend.crypto.keys import open_keys
from backend.db import make_engine
from backend.demo.world import World
from tests.bench.browser import Browser, Clock
from tests.bench.report import Result
from tests.cast import PASSWORD, Cast
from tests.running import Platform

THINK = 10.0  # mean seconds between two steps
PER_SECOND = 10  # sign-ins at most
PAGES = ("打开登录页", "打开首页（全部请求）", "打开我的账号")
GOALS = {"登录": "p95 < 3 秒", **dict.fromkeys(PAGES, "p95 ≤ 3 秒")}


def bench_people(folder: Path, quick: bool) -> Result:
    """A closed loop of people with exponential thinking time; the ramp takes a minute."""
    people, ramp, steady = (40, 6, 6) if quick else (500, 60, 90)
    World(3, date.today()).write(folder / "world", 300)
    fixed = f"{people} 人同时在线，{ramp} 秒内陆续登录，其后 {steady} 秒；每步平均想 {THINK:.0f} 秒；"
    fixed += "granian 2 进程各 8 线程，SQLite，无 TLS，压测程序在同一台机器上。"
    result = Result("people", "五百人同时在线", fixed)
    with Platform(folder / "var", demo="off", threads=8, processes=2) as platform:
        platform.command("import", str(folder / "world"))
        logins = make_people(folder / "var", people)
        clock = Clock()
        asyncio.run(day(platform.port, logins, clock, ramp, steady))
    for kind in ("登录", *PAGES, "回调"):
        if clock.seconds[kind]:
            what = f"{kind}：p50 / p95 / p99（秒），共 {len(clock.seconds[kind]):,} 次"
            result.add(what, GOALS.get(kind, ""), clock.shown(kind))
    result.add("出错的请求", "0", f"{len(clock.errors):,}" + (f"，如 {clock.errors[0]}" if clock.errors else ""))
    return result


def make_people(var: Path, people: int) -> list[str]:
    """Accounts for everybody, with one password."""
    engine = make_engine(f"sqlite:///{var / 'ledger.sqlite'}")
    cast = Cast(engine, open_keys(var / "keys"))
    place = cast.place("platform", "监测中心")
    logins = [f"person{number}" for number in range(people)]
    for login in logins:
        cast.person(login, place, "monitor")
    engine.dispose()
    return logins


async def day(port: int, logins: list[str], clock: Clock, ramp: float, steady: float) -> None:
    """Everybody comes within the ramp and stays to the end."""
    end = time.monotonic() + ramp + steady
    pause = max(ramp / len(logins), 1 / PER_SECOND)
    await asyncio.gather(*(person(port, login, clock, n * pause, end) for n, login in enumerate(logins)))


async def person(port: int, login: str, clock: Clock, wait: float, end: float) -> None:
    """One person: signs in, opens the front page, and from time to time something else; the page polls meanwhile."""
    await asyncio.sleep(wait)
    browser = Browser(port, clock)
    if not await browser.sign_in(login, PASSWORD):
        return
    await browser.open_home()
    while time.monotonic() < end:
        await asyncio.sleep(random.expovariate(1 / THINK))
        if random.random() < 0.2:
            await browser.open_home()
        elif random.random() < 0.3:
            await browser.ask("打开我的账号", "GET", "/account")
        else:
            await browser.tick()

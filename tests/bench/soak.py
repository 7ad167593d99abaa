"""A week of minutes on one wall: thousands of ticks through the page's own path, after which nothing may have grown."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from cache.store import Pointer
from tests.bench.report import Result
from tests.browser.serving import served
from tests.browser.wall_stand import SHANGHAI, Stand, build
from tests.conftest import BROWSER_ARGUMENTS

WEEK = 10_080
WARM, QUICK = 40, 200
PACE = 10  # milliseconds between an answer and the next tick
MOST_GROWTH = 1.3
VARIANTS = 6
CHARTS_EVERY = 20  # A map takes the browser longer than all texts; on a real wall most minutes leave it as it is.
TICKS_EACH = 3  # A generation lives for a few ticks; on a real wall for nine or more.
MOVING = 10  # ticks with all motion; after that the dots stand still, which cost most of the time and hold nothing
FAULTY = 37  # every so many generations a fault of figures comes, and goes again
DRAWN = "[...document.querySelectorAll('.plot')].every(e => !e.clientWidth || e.dataset.drawn === 'data')"
COUNTS = ("vehicles", "cny_cents", "in_hand")
PATIENCE = 60
FAULT = {
    "code": "reconcile",
    "message": "对账不符：2026-11 人民币金额相差 0.01 元",
    "since": "2026-11-23T16:36:00+08:00",
}


class Carousel(Stand):
    """A stand that tells of a new generation every few ticks, once the screen has fetched the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.ticks, self.turning, self.fetched = 0, False, True
        sample, self.kept = self.figures, list[dict[str, Any]]()
        for step in range(VARIANTS):
            self.publish(**varied(sample, step))
            self.kept.append(orjson.loads(self.parts["wall"]))
        self.number = 0
        self.turn()

    def turn(self, number: int | None = None) -> None:
        """The next generation, or one of a number; at multiples of VARIANTS * CHARTS_EVERY all shows the same again."""
        self.number = self.number + 1 if number is None else number
        self.figures["generation"] = f"g{self.number}"
        self.fetched = False

    def current(self) -> Pointer:
        """One tick of the page asks this once."""
        self.ticks += 1
        if self.turning and self.fetched and self.ticks % TICKS_EACH == 0:
            self.turn()
        month = datetime.now(SHANGHAI).isoformat()[:7]
        wrong = [{"period": month, "metric": "cny_cents", "dimension": key, "keys": ["KAZ"] if key else []}
                 for key in (None, "country")]  # fmt: skip
        self.broken = {**FAULT, "figures": wrong} if self.turning and self.number % FAULTY < 3 else None
        self.figures["as_of"] = datetime.now(SHANGHAI).isoformat(timespec="seconds")
        return super().current()

    def part(self, name: str) -> tuple[str, bytes]:
        """The bytes of the generation."""
        if name != "wall":
            return super().part(name)
        self.fetched = True
        generation, charts = self.figures["generation"], self.kept[self.number // CHARTS_EVERY % VARIANTS]["charts"]
        text = self.kept[self.number % VARIANTS]
        return generation, orjson.dumps({**text, "charts": charts, "generation": generation})


def varied(given: Any, step: int) -> Any:
    """The same figures with other counts, and lists in another order: rows, routes and news change places."""
    if isinstance(given, dict):
        return {
            name: round(value * (1 + step / 50)) if name in COUNTS and value else varied(value, step)
            for name, value in given.items()
            if name not in ("generation", "as_of")
        }
    if isinstance(given, list):
        turned = step % len(given) if given and isinstance(given[0], dict) and "key" in given[0] else 0
        return [varied(one, step) for one in given[turned:] + given[:turned]]
    return given


@dataclass(frozen=True)
class Grown:
    """What a page holds after a forced collection: bytes of the heap, DOM nodes, listeners."""

    heap: int
    elements: int
    nodes: int
    listeners: int


@dataclass(frozen=True)
class Endured:
    """A soak: ticks answered, generations told, what the page held after warming up and at the end, its troubles."""

    ticks: int
    generations: int
    seconds: float
    before: Grown
    after: Grown
    same_charts: bool
    same_document: bool
    troubles: list[str]

    @property
    def growth(self) -> float:
        """The heap at the end as a multiple of that after warming up."""
        return self.after.heap / self.before.heap


def endure(browser: Browser, ticks: int, first: int = WARM) -> Endured:
    """Run so many ticks after a warm-up; the page's timer is set to almost nothing, all else is as it always is."""
    with carousel() as stand, opened(browser, stand) as (page, troubles):
        warm(page, stand, first)
        before = measured(page, stand)
        page.evaluate("window.kept = Object.assign({}, panorama.charts)")
        began, start, told = time.monotonic(), stand.ticks, stand.number
        page.emulate_media(reduced_motion="no-preference")
        run(page, stand, MOVING)
        page.emulate_media(reduced_motion="reduce")
        run(page, stand, ticks - MOVING)
        seconds, answered, shown = time.monotonic() - began, stand.ticks - start, stand.number - told
        same = "Object.keys(panorama.charts).every(id => kept[id] && kept[id] === panorama.charts[id])"
        charts, document = page.evaluate(f"[{same}, Boolean(window.sameDocument)]")
        return Endured(answered, shown, seconds, before, measured(page, stand), charts, document, troubles)


@contextmanager
def carousel() -> Iterator[Carousel]:
    """A carousel that answers at `address`."""
    stand = Carousel()
    with served(build(stand)) as stand.address:
        yield stand


@contextmanager
def opened(browser: Browser, stand: Carousel) -> Iterator[tuple[Page, list[str]]]:
    """The wall in a browser with the list of what it complained of."""
    context = browser.new_context(viewport={"width": 640, "height": 360}, reduced_motion="reduce")
    page, troubles = context.new_page(), list[str]()
    page.on("console", lambda line: troubles.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{stand.address}/wall")
    page.wait_for_selector("body[data-generation]", timeout=PATIENCE * 1000)
    page.evaluate("window.sameDocument = true")
    yield page, troubles
    context.close()


def warm(page: Page, stand: Carousel, ticks: int) -> None:
    """Tick for a while and look at every face until all its charts are made: a chart begins when it is first seen."""
    run(page, stand, ticks)
    for face in ("2", "3", "4", "1"):
        page.keyboard.press(face)
        deadline = time.monotonic() + PATIENCE
        while not page.evaluate(DRAWN):
            assert time.monotonic() < deadline, f"第 {face} 面的图没有画成"
            page.wait_for_timeout(100)


def run(page: Page, stand: Carousel, ticks: int) -> None:
    """Let the page tick so often; every few seconds another face of the wall is looked at."""
    goal, face, deadline = stand.ticks + ticks, 0, time.monotonic() + PATIENCE + 3 * ticks
    stand.turning = True
    pace(page, PACE)
    while stand.ticks < goal:
        assert time.monotonic() < deadline, f"只走了 {stand.ticks} 拍"
        face = face % 4 + 1
        page.keyboard.press(str(face))
        page.wait_for_timeout(1000)
    stand.turning = False
    page.keyboard.press("1")


def pace(page: Page, milliseconds: int) -> None:
    """Set the pause of the page's own timer."""
    page.evaluate(f"dash_clientside.set_props('tick', {{ interval: {milliseconds}, disabled: false }})")


def measured(page: Page, stand: Carousel) -> Grown:
    """Come to rest on the first variant without a fault, collect, and count."""
    around = VARIANTS * CHARTS_EVERY
    stand.turn((stand.number // around + 1) * around)
    page.wait_for_selector(f"body[data-generation=g{stand.number}]", timeout=PATIENCE * 1000)
    pace(page, 600_000)
    page.wait_for_timeout(2500)
    session = page.context.new_cdp_session(page)
    try:
        return counted(session, page)
    finally:
        session.detach()


def counted(session: CDPSession, page: Page) -> Grown:
    """The counters of the browser itself, after garbage was collected."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    counters = session.send("Memory.getDOMCounters")
    elements = page.evaluate("document.querySelectorAll('*').length")
    return Grown(int(heap), int(elements), counters["nodes"], counters["jsEventListeners"])


def bench_soak(_folder: Path, quick: bool) -> Result:
    """A week of ticks in a real browser."""
    result = Result(
        "soak",
        "大屏连续运行",
        f"无头 Chromium，640×360；每 {TICKS_EACH} 拍一代新数据（{VARIANTS} 种文字轮换，每 {CHARTS_EVERY} 代换一次图，"
        f"隔 {FAULTY} 代出一次对账故障），四面轮流显示；预热 {WARM} 拍之后起算，内存在强制回收之后量。",
    )
    with sync_playwright() as playwright:
        path = {"executable_path": found} if (found := chromium()) else {}
        browser = playwright.chromium.launch(args=BROWSER_ARGUMENTS, **path)  # type: ignore[arg-type]
        said(result, endure(browser, QUICK if quick else WEEK))
        browser.close()
    return result


def chromium() -> str | None:
    """The installed Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def said(result: Result, endured: Endured) -> None:
    """The rows of the report."""
    before, after = endured.before, endured.after
    size = f"{before.heap / 2**20:.1f} → {after.heap / 2**20:.1f} MiB，{endured.growth:.2f} 倍"
    result.add(
        "节拍", f"{WEEK:,}", f"{endured.ticks:,}，其中新数据 {endured.generations:,} 代，{endured.seconds:.0f} 秒"
    )
    result.add("JavaScript 堆", f"≤ {MOST_GROWTH} 倍", size)
    result.add("页面元素", "不变", f"{before.elements} → {after.elements}")
    result.add("DOM 节点（含未回收）", "不增", f"{before.nodes} → {after.nodes}")
    result.add("事件监听", "不增", f"{before.listeners} → {after.listeners}")
    result.add("图表重建、页面重载、控制台报错", "0", str(troubles_of(endured)))


def troubles_of(endured: Endured) -> int:
    """How much went wrong that must not."""
    return len(endured.troubles) + (not endured.same_charts) + (not endured.same_document)

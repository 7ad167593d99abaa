"""A wall that runs for months: long outages of every kind, midnight and new year, new versions, thousands of ticks."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from playwright.sync_api import Browser, Error, Page, expect

from backend.demo.world import World
from dashboard.shell import TICK_MS
from tests.bench.soak import MOST_GROWTH, endure
from tests.browser.line import Line, line_to
from tests.browser.wall_stand import SHANGHAI, Stand, standing
from tests.ledger_rows import Desk
from tests.running import Platform
from tests.servers import PostgresServer
from tests.test_rollover import FILINGS, figures_at

pytestmark = pytest.mark.browser
MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")
PROMISED = 15  # seconds within which a wall is itself again after its server is
BREATH = 50  # milliseconds of real time after each jump of the clock: requests are real, only the clock is not


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with standing(TICK_MS) as made:
        yield made


@pytest.fixture
def line(stand: Stand) -> Iterator[Line]:
    stand.away = False
    port = urlsplit(stand.address).port
    assert port is not None
    with line_to(port) as made:
        yield made


@pytest.fixture
def wall(browser: Browser, stand: Stand, line: Line) -> Iterator[Page]:
    """A wall whose clock the test moves, at the other end of the line."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    page = context.new_page()
    page.clock.install(time=datetime.now(SHANGHAI))
    stand.publish()
    page.goto(f"{line.address}/wall")
    shows(page, stand, 60)
    page.evaluate("window.sameDocument = true")
    yield page
    context.close()


def shows(page: Page, stand: Stand, most: int) -> int:
    """Let time pass until the wall shows the stand's generation under a fresh age; gives the simulated seconds."""
    for second in range(most + 1):
        shown = told(page, "document.body.dataset.generation")
        if shown == stand.figures["generation"] and page.locator(".fresh.fresh").count():
            return second
        jump(page, 1)
    pytest.fail(f"{most} 秒后仍未显示 {stand.figures['generation']}：{page.locator('.head').inner_text()}")


def told(page: Page, words: str) -> Any:
    """What the page says; nothing while it is being loaded anew."""
    with suppress(Error):
        return page.evaluate(f"{words} || null")
    return None


def jump(page: Page, seconds: int, times: int = 1) -> None:
    """Let simulated seconds pass at once, with time for real requests and answers after each jump."""
    for _ in range(times):
        page.clock.fast_forward(seconds * 1000)
        page.wait_for_timeout(BREATH)


def until(page: Page, words: str, most: int) -> None:
    """Let time pass until the page says so."""
    for _ in range(most):
        if told(page, words):
            return
        jump(page, 1)
    pytest.fail(f"{most} 秒后仍不成立：{words}")


def begin(trouble: str, stand: Stand, line: Line) -> None:
    """The outage begins."""
    if trouble == "refused":
        line.cut()
    elif trouble == "silent":
        line.swallow()
    else:
        stand.away = True


def test_after_ten_minutes_without_a_server_the_wall_is_itself_within_fifteen_seconds(
    stand: Stand, line: Line, wall: Page
) -> None:
    for trouble in ("refused", "unavailable", "silent"):
        outage(trouble, stand, line, wall)
    assert wall.evaluate("window.sameDocument") is True


def outage(trouble: str, stand: Stand, line: Line, wall: Page) -> None:
    """Ten minutes of it, with the last good picture and its age in words; then the server is back."""
    vehicles = f"{stand.figures['year']['vehicles']:,}"
    begin(trouble, stand, line)
    states = []
    for _ in range(10):
        jump(wall, 30, 2)
        states.append(re.sub(r".*\b(fresh|late|stale)$", r"\1", wall.locator(".fresh").get_attribute("class") or ""))
        assert wall.locator(".kpi .n").first.inner_text() == vehicles
    assert states == sorted(states, key=["fresh", "late", "stale"].index) and {"late", "stale"} <= set(states)
    assert re.search(r"分钟前，已陈旧", wall.locator(".fresh").inner_text())
    assert "连接中断" in wall.locator(".fresh").inner_text()
    stand.publish(year={**stand.figures["year"], "vehicles": stand.figures["year"]["vehicles"] + 1})
    stand.away = False
    line.mend()
    shows(wall, stand, PROMISED)


def test_a_new_version_is_loaded_once_the_server_gives_it(
    stand: Stand, line: Line, wall: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.shell.build_mark", lambda: "a newer one")
    with standing(TICK_MS) as newer:
        line.cut()
        line.server = int(newer.address.rsplit(":", 1)[1])
        newer.away = "/wall"  # it answers the tick, and is not yet able to give the page
        line.mend()
        until(wall, "panorama.said.build === 'a newer one'", 60)
        jump(wall, 6, 8)
        assert wall.evaluate("window.sameDocument") is True, "no reload into an outage"
        assert wall.locator(".kpi .n").first.inner_text()
        newer.away = False
        until(wall, "!window.sameDocument", 15)
        wall.wait_for_selector("body[data-generation]", timeout=30_000)
        assert wall.evaluate("[window.panorama.said.build, window.sameDocument || null]") == ["a newer one", None]


def test_a_page_opened_into_an_outage_gets_its_figures_all_the_same(browser: Browser, stand: Stand, line: Line) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    page = context.new_page()
    page.clock.install(time=datetime.now(SHANGHAI))
    page.route("**/_dash-layout", lambda route: route.abort())
    page.goto(f"{line.address}/wall")
    jump(page, 2, 8)
    page.unroute("**/_dash-layout")
    shows(page, stand, 40)
    context.close()


def test_the_year_begins_on_the_screen_without_a_reload(browser: Browser, stand: Stand, tmp_path: Path) -> None:
    desk = Desk(f"sqlite:///{tmp_path / 'ledger.sqlite'}", tmp_path, goal_cny_yi="8")
    desk.ledger.put(FILINGS)
    eve = datetime(2026, 12, 31, 23, 59, 20, tzinfo=SHANGHAI)
    old, new = figures_at(desk, eve), figures_at(desk, eve.replace(year=2027, month=1, day=1, hour=0, minute=0))
    desk.close()
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
    page = context.new_page()
    with time_machine.travel(eve) as time:
        stand.publish(**old)
        page.goto(f"{stand.address}/wall")
        expect(page.locator(".clock")).to_have_text("2026年12月31日 星期四23:59", timeout=20_000)
        expect(page.locator("#wall-title-hero")).to_contain_text("2026年1—12月累计")
        page.evaluate("window.sameDocument = true")
        time.shift(60)
        expect(page.locator(".clock")).to_have_text("2027年1月1日 星期五00:00", timeout=20_000)
        expect(page.locator(".fresh .n")).to_contain_text("12-31 23:59")
        stand.publish(**new)
        expect(page.locator("#wall-title-hero")).to_contain_text("2027年1月累计", timeout=20_000)
        expect(page.locator("#wall-countries tbody tr").first).to_contain_text("本年暂无结关")
        expect(page.locator(".kpi .n").first).to_have_text("0")
        page.wait_for_timeout(700)
        assert page.evaluate(MEASURE)["faults"] == []
        assert page.evaluate("window.sameDocument") is True
    context.close()


def test_without_its_database_a_wall_keeps_its_picture_and_comes_back(
    browser: Browser, postgres: PostgresServer, tmp_path: Path
) -> None:
    name = postgres.create_database()
    with Platform(tmp_path / "var", minute=3, database_url=postgres.url(name)) as platform:
        World(8, datetime.now(SHANGHAI).date() - timedelta(days=1)).write(tmp_path / "world", 20)
        platform.command("import", str(tmp_path / "world"))
        token = platform.command("token", "create", "--name", "一号屏", "--role", "wall").splitlines()[-1]
        context = browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
        page = context.new_page()
        page.goto(f"{platform.url}/enter?token={token}")
        page.wait_for_selector("body[data-generation] .wall [data-proof]", timeout=60_000)
        page.evaluate("window.sameDocument = true")
        postgres.stop()
        try:
            with page.expect_response(lambda answer: answer.status >= 500, timeout=30_000):
                pass
            kept = page.locator("#wall-kpi").inner_text()
            page.wait_for_timeout(1000)
            assert any(letter.isdigit() for letter in kept) and page.locator("#wall-kpi").inner_text() == kept
            assert page.locator("form, [type=password]").count() == 0 and page.url.endswith("/wall")
        finally:
            postgres.start()
        before = told(page, "document.body.dataset.generation")
        expect(page.locator("body")).not_to_have_attribute("data-generation", before, timeout=PROMISED * 1000)
        assert told(page, "window.sameDocument") is True
        context.close()
    postgres.drop_database(name)


def test_ticks_leave_nothing_behind(browser: Browser) -> None:
    endured = endure(browser, 50, 20)
    assert endured.ticks >= 50 and endured.generations > 12
    assert endured.troubles == [] and endured.same_charts and endured.same_document
    before, after = endured.before, endured.after
    assert (after.elements, after.nodes, after.listeners) == (before.elements, before.nodes, before.listeners)
    assert endured.growth <= MOST_GROWTH

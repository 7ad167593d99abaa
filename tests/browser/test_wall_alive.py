"""The wall as people see it: the interface's own figures on it, nobody else asked, and news without a reload."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from backend.administration.facts import DEMO, set_platform_fact
from backend.clearance.states import SHANGHAI
from backend.db import make_engine
from backend.demo.world import World
from backend.exchange.batch import take_batch
from backend.exchange.documents import Incoming
from tests.running import Platform

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A running platform with half a thousand demo declarations until yesterday."""
    folder = tmp_path_factory.mktemp("world")
    with Platform(tmp_path_factory.mktemp("var")) as running:
        World(8, datetime.now(SHANGHAI).date() - timedelta(days=1)).write(folder, 500)
        set_platform_fact(make_engine(f"sqlite:///{running.var / 'ledger.sqlite'}"), DEMO, "1")
        running.command("import", str(folder))
        yield running


@pytest.fixture
def wall(browser: Browser, platform: Platform) -> Iterator[tuple[Page, list[str]]]:
    """The wall in a browser, with everything that must not happen: errors, and requests to others."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
    page, troubles = context.new_page(), []
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith(own(platform)) else troubles.append(sent.url))
    page.goto(f"{platform.url}/")
    page.get_by_text("打开演示大屏").click()
    page.wait_for_selector("body[data-generation]", timeout=30_000)
    yield page, troubles
    context.close()


def own(platform: Platform) -> tuple[str, ...]:
    return (platform.url, "data:", "blob:")


def this_year(platform: Platform) -> dict[str, int]:
    """The year to date as the interface tells it."""
    today = datetime.now(SHANGHAI).date()
    total: dict[str, int] = platform.statistics("month", from_=f"{today.year}-01-01", to=today.isoformat())["total"]
    return total


def shown(page: Page, text: str, timeout: float = 20_000) -> None:
    """Wait until the wall shows a text somewhere."""
    expect(page.locator(".wall")).to_contain_text(text, timeout=timeout)


def test_the_wall_shows_the_interfaces_own_figures(wall: tuple[Page, list[str]], platform: Platform) -> None:
    page, troubles = wall
    total = this_year(platform)
    shown(page, f"{total['vehicles']:,}")
    shown(
        page, f"{total['cny_cents'] / 1e10:.2f}" if total["cny_cents"] >= 10**10 else f"{total['cny_cents'] // 10**6:,}"
    )
    shown(page, "演示数据")
    assert troubles == []


def test_a_declaration_arrives_without_a_reload(wall: tuple[Page, list[str]], platform: Platform) -> None:
    page, troubles = wall
    before = this_year(platform)["vehicles"]
    shown(page, f"{before:,}")
    page.evaluate("window.sameDocument = true")
    engine = make_engine(f"sqlite:///{platform.var / 'ledger.sqlite'}")
    take_batch(engine, "测试", [Incoming("new.xml", declaration()), Incoming("new-receipt.xml", receipt())])
    shown(page, f"{before + 3:,}", timeout=15_000)
    assert page.evaluate("window.sameDocument") is True
    assert this_year(platform)["vehicles"] == before + 3
    assert troubles == []


def declaration() -> bytes:
    """Three electric cars for Kazakhstan, declared today."""
    head = (
        f"<SeqNo>E20269999999999999</SeqNo><DDate>{datetime.now(SHANGHAI):%Y%m%d}</DDate><TransMode>3</TransMode>"
        "<TradeCoScc>91610131MA6TEST01X</TradeCoScc><TradeName>演示企业</TradeName><TradeCountry>KAZ</TradeCountry>"
        "<TrafMode>3</TrafMode><IEPort>9402</IEPort>"
    )
    goods = (
        "<CodeTS>8703800010</CodeTS><DeclTotal>30000.00</DeclTotal><TradeCurr>USD</TradeCurr><FirstQty>3</FirstQty>"
        "<FirstUnit>003</FirstUnit><GoodsBrand>BYD</GoodsBrand><GoodsModel>Han</GoodsModel>"
    )
    return (
        f"<DecMessage><DecHead>{head}</DecHead><DecLists><DecList>{goods}</DecList></DecLists></DecMessage>"
    ).encode()


def receipt() -> bytes:
    """Its clearance, now."""
    now = f"{datetime.now(SHANGHAI):%Y-%m-%dT%H:%M:%S}"
    return (
        "<DEC_RESULT><CUS_CIQ_NO>E20269999999999999</CUS_CIQ_NO>"
        f"<NOTICE_DATE>{now}</NOTICE_DATE><CHANNEL>R</CHANNEL></DEC_RESULT>"
    ).encode()

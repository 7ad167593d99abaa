"""The wall without scripts in a real browser: whole at every size, by itself where scripts are off or too new."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.plain_stand import standing_plain
from tests.browser.wall_stand import Stand

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

MEASURE = (Path(__file__).parent / "measure_plain.js").read_text(encoding="utf-8")
SIZES = {"hd": (1366, 768), "fhd": (1920, 1080), "4k": (3840, 2160), "4:3": (1280, 960)}


APPROVAL = "GS（2026）1234号"  # as long as the numbers that the ministry gives


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing_plain() as made:
        yield made


@pytest.fixture
def opened(browser: "Browser") -> Iterator[Callable[..., "Page"]]:
    contexts = []

    def opening(address: str, width: int = 1920, height: int = 1080, before: str = "", **how: Any) -> "Page":
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **how))
        page: Page = contexts[-1].new_page()
        if before:
            page.add_init_script(before)
        page.foreign = []  # type: ignore[attr-defined]
        page.on("request", lambda r: page.foreign.append(r.url) if "//127.0.0.1:" not in r.url else None)  # type: ignore[attr-defined]
        page.goto(address)
        return page

    yield opening
    for context in contexts:
        context.close()


def faults(page: "Page") -> list[str]:
    """What is wrong with its texts; fails when hardly any were there to measure."""
    page.evaluate("() => document.fonts.ready.then(() => true)")
    found: dict[str, Any] = page.evaluate(MEASURE)
    assert found["texts"] > 120
    return list(found["faults"])


@pytest.mark.parametrize("size", SIZES)
def test_no_text_is_cut_small_or_overprinted(stand: Stand, opened: Any, size: str) -> None:
    page = opened(f"{stand.address}/wall/plain?theme=light", *SIZES[size])
    assert faults(page) == [] and page.foreign == []


def test_the_same_holds_in_a_fault_with_long_names_and_without_goal(stand: Stand, opened: Any) -> None:
    stand.broken = {"code": "reconcile", "message": "出口额与事务库相差 0.01 元", "since": stand.figures["as_of"]}
    long = [{**row, "name": "一个非常非常长的车型名称甲乙丙丁戊己"} for row in stand.figures["models"]]
    stand.publish(age=4000, goal=None, models=long, map_approval=APPROVAL)
    page = opened(f"{stand.address}/wall/plain", 1366, 768)
    assert faults(page) == []
    assert page.inner_text(".seal.bad").replace("\n", "") == "账实不符"
    assert "1 小时前，已陈旧" in page.inner_text(".fresh.stale") and "0.01 元" in page.inner_text(".lane")


def test_the_measure_finds_what_it_is_for(stand: Stand, opened: Any) -> None:
    page = opened(f"{stand.address}/wall/plain")
    page.evaluate("""() => {
      document.querySelector('.kpi .label').style.fontSize = '0.9rem';
      document.querySelector('.ctry td:nth-child(3)').textContent = '一个非常非常非常非常长的国家名称';
      const names = document.querySelectorAll('text.name');
      for (const side of ['x', 'y']) names[1].setAttribute(side, names[0].getAttribute(side));
      names[2].setAttribute('x', -60);
    }""")
    found = " ".join(faults(page))
    for sign in ("small: ", "beyond its cell: 一个", "overlap: ", "beyond its panel: "):
        assert sign in found


def test_a_browser_without_scripts_comes_from_the_wall_to_it_by_itself(stand: Stand, opened: Any) -> None:
    page = opened(f"{stand.address}/wall?theme=print", java_script_enabled=False)
    page.wait_for_url("**/wall/plain?theme=print", timeout=5_000)
    assert page.inner_text(".kpi .n") == "5,301" and page.locator("form, input, script").count() == 0


def test_a_browser_below_the_floor_comes_to_it_too_and_keeps_its_theme(stand: Stand, opened: Any) -> None:
    page = opened(f"{stand.address}/wall?theme=light", before="delete window.WeakRef")
    page.wait_for_url("**/wall/plain?theme=light", timeout=5_000)
    assert page.locator("html[data-theme=light]").count() == 1


def test_a_script_that_can_not_be_read_leads_to_it(stand: Stand, opened: Any, browser: "Browser") -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route("**/20-live.js*", lambda route: route.fulfill(content_type="text/javascript", body="var = 1;"))
    page.goto(f"{stand.address}/wall")
    page.wait_for_url("**/wall/plain", timeout=5_000)
    context.close()


def test_a_browser_at_the_floor_stays_and_so_does_every_other_page(stand: Stand, opened: Any) -> None:
    page = opened(f"{stand.address}/wall")
    page.wait_for_selector("body[data-generation=g1]", timeout=30_000)
    assert page.url.endswith("/wall")
    front = opened(f"{stand.address}/", before="delete window.WeakRef")
    front.wait_for_timeout(500)
    assert front.url == f"{stand.address}/"


def test_it_asks_again_by_itself(stand: Stand, opened: Any) -> None:
    page = opened(f"{stand.address}/wall/plain", java_script_enabled=False)
    assert page.get_attribute("meta[http-equiv=refresh]", "content") == "60"
    stand.publish(year={**stand.figures["year"], "vehicles": 6789})
    page.reload()
    assert page.inner_text(".kpi .n") == "6,789"


@pytest.mark.parametrize("path", ["/wall", "/wall/plain"])
def test_the_approval_number_of_the_map_has_room_beside_the_key(stand: Stand, opened: Any, path: str) -> None:
    stand.publish(map_approval=APPROVAL)
    page = opened(stand.address + path, 1366, 768)
    page.wait_for_selector(f".appr:visible >> text={APPROVAL}", timeout=30_000)
    key, number = (page.locator(one).bounding_box() for one in (".legend:visible > span:last-child", ".appr:visible"))
    assert key["x"] + key["width"] + 4 < number["x"]

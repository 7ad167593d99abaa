"""The wall in a real browser: nothing cut, small or overprinted at four sizes; what change and failure do."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.serving import QUICK
from tests.browser.wall_stand import Stand, sample_figures, standing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")
SIZES = {"hd": (1366, 768), "fhd": (1920, 1080), "4k": (3840, 2160), "ultra": (7680, 2160)}
# Names that nobody has placed on the map by hand, of countries all round the picture.
UNPLACED = {
    "GBR": "英国",
    "MEX": "墨西哥",
    "THA": "泰国",
    "NPL": "尼泊尔",
    "PER": "秘鲁",
    "SAU": "沙特阿拉伯",
    "VNM": "越南",
}


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing() as made:
        yield made


class Screen:
    """One page of the browser with the list of everything that went wrong on it."""

    def __init__(self, page: "Page") -> None:
        self.page, self.troubles, self.foreign = page, list[str](), list[str]()
        page.on("console", lambda m: self.troubles.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", lambda r: self.foreign.append(r.url) if "//127.0.0.1:" not in r.url else None)

    def show(self, address: str) -> "Screen":
        """Open a wall and wait until all of its visible charts hold figures."""
        self.page.goto(address)
        self.drawn("g1")
        return self

    def drawn(self, generation: str) -> None:
        """Wait until this generation is on the screen and its charts are drawn."""
        self.page.wait_for_selector(f"body[data-generation={generation}]", timeout=30_000)
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.plot')].every(e => !e.clientWidth || e.dataset.drawn === 'data')",
            timeout=30_000,
        )
        self.page.wait_for_timeout(700)

    def text(self, selector: str) -> str:
        """Visible text of the first element."""
        return self.page.locator(selector).first.inner_text()

    def measured(self) -> list[str]:
        """What is wrong with the texts; fails when hardly any text was there to measure."""
        found: dict[str, Any] = self.page.evaluate(MEASURE)
        assert found["texts"] > 35
        return list(found["faults"])


@pytest.fixture
def screen(browser: "Browser") -> Iterator[Any]:
    contexts = []

    def opened(width: int, height: int, **how: Any) -> Screen:
        how = {"reduced_motion": "reduce", **how}  # The dots take most of a core.
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **how))
        return Screen(contexts[-1].new_page())

    yield opened
    for context in contexts:
        context.close()


def test_a_broken_panel_keeps_its_old_figures_says_so_and_hurts_no_other(stand: Stand, screen: Any) -> None:
    shown = screen(1920, 1080).show(f"{stand.address}/wall")
    fuel, months = shown.text("#wall-fuel"), stand.figures["trend"]
    stand.publish(fuel=[{"key": "BEV"}], trend=[{}], models=stand.figures["models"][1:])  # both can not be made
    parts = json.loads(stand.parts["wall"])
    assert set(parts["failed"]) == {"wall-fuel", "wall-chart-trend"}
    parts["text"]["ports"] = 5  # no tree: can be sent, but not be drawn
    stand.parts["wall"] = json.dumps(parts).encode()
    shown.drawn("g2")
    assert shown.text("#wall-fuel") == fuel
    assert stand.figures["models"][0]["name"][:4] in shown.text("#wall-models")
    heads = shown.page.locator("h2[data-failed]").evaluate_all("found => found.map(h => h.dataset.failed)")
    assert len(heads) == 3 and all(re.fullmatch(r"本栏更新失败 \d\d:\d\d", words) for words in heads)
    assert shown.measured() == []
    stand.publish(fuel=sample_figures()["fuel"], trend=months)
    shown.drawn("g3")
    assert shown.page.locator("[data-failed]").count() == 0
    assert shown.troubles == []


@pytest.mark.parametrize("size", ["fhd", "ultra"])
def test_the_same_holds_for_a_crowded_world_without_goal_and_with_a_fault(stand: Stand, screen: Any, size: str) -> None:
    more = [
        {**stand.figures["countries"][-1], "key": key, "name": name, "vehicles": 9} for key, name in UNPLACED.items()
    ]
    fault = {"code": "reconcile", "message": "出口额与事务库相差 0.01 元", "since": stand.figures["as_of"]}
    stand.number = 0
    stand.publish(countries=stand.figures["countries"] + more, goal=None, fault=fault, reconciled=False)
    shown = screen(*SIZES[size]).show(f"{stand.address}/wall?theme=light")
    assert shown.measured() == []
    assert shown.text(".seal.bad").replace("\n", "") == "账实不符"
    assert "underline" in shown.page.evaluate(
        "getComputedStyle(document.querySelector('.figure .big > .n')).textDecorationLine"
    )
    assert shown.page.locator("text=未设年度目标").count() == 1


def test_a_panel_without_data_says_so_and_breaks_nothing(stand: Stand, screen: Any) -> None:
    stand.number = 0
    lists = ("countries", "models", "enterprises", "fuel", "modes", "flows", "districts", "zones", "trend", "ticker")
    stand.publish(**{name: [] for name in lists})
    shown = screen(*SIZES["fhd"])
    shown.page.goto(f"{stand.address}/wall")
    shown.drawn("g1")
    assert "暂无车辆离境" in shown.text(".port") and shown.troubles == []


def test_every_chart_has_words_and_every_ranking_is_a_table(stand: Stand, screen: Any) -> None:
    shown = screen(*SIZES["ultra"]).show(f"{stand.address}/wall")
    labels = [plot.get_attribute("aria-label") or "" for plot in shown.page.locator(".of-overview .plot").all()]
    assert len(labels) == 4 and all(len(label) > 10 for label in labels)
    assert shown.page.locator(".of-overview table th[scope=col]").count() == 18


# A figure fades out in less time than a busy machine takes to look twice, so the page itself takes down what does.
FADED = """() => {
  window.faded = [];
  new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(node => {
    if (node.querySelectorAll) node.querySelectorAll('.leaf-was').forEach(was => window.faded.push(was.textContent));
  }))).observe(document.body, { childList: true, subtree: true });
}"""


def test_a_new_generation_changes_the_figure_in_place(stand: Stand, screen: Any) -> None:
    shown = screen(800, 450, reduced_motion="no-preference").show(f"{stand.address}/wall")
    shown.page.evaluate(
        "window.kept = [window.panorama.charts['wall-chart-map'], document.querySelector('.figure .big > .n')]"
    )
    shown.page.evaluate(FADED)
    stand.publish(year={**stand.figures["year"], "vehicles": 6789})
    shown.page.wait_for_function("() => window.faded.includes('5,301')", timeout=30_000)  # the old figure fades out
    shown.drawn("g2")
    assert shown.text(".kpi .n") == "6,789"
    assert shown.page.evaluate(
        "window.kept[0] === window.panorama.charts['wall-chart-map'] && window.kept[1].isConnected"
    )
    assert shown.page.locator(".leaf-was").count() == 0 and shown.troubles == []


def test_an_unchanged_generation_fetches_nothing_but_moves_the_age_on(stand: Stand, screen: Any) -> None:
    stand.number = 0
    stand.publish(age=200)
    shown = screen(*SIZES["fhd"]).show(f"{stand.address}/wall")
    assert "迟到" in shown.text(".fresh")
    stand.figures["as_of"] = stand.figures["now"] = Stand().figures["as_of"]  # looked at again, and nothing had changed
    shown.page.wait_for_selector(".fresh.fresh >> text=正常", timeout=15_000)
    assert stand.payloads == 1


def test_a_fault_within_a_generation_shows_and_goes_again(stand: Stand, screen: Any) -> None:
    shown = screen(*SIZES["fhd"]).show(f"{stand.address}/wall")
    stand.broken = {"code": "reconcile", "message": "出口额与事务库相差 0.01 元", "since": stand.figures["as_of"]}
    shown.page.wait_for_selector(".seal.bad", timeout=15_000)
    assert "出口额与事务库相差 0.01 元" in shown.text(".lane")
    stand.broken = None
    shown.page.wait_for_selector(".seal:not(.bad)", timeout=15_000)
    assert "无未关闭告警" in shown.text(".lane") and stand.payloads == 1


@pytest.mark.parametrize("trouble", ["away", "signed_out"])
def test_old_figures_stay_while_the_server_is_away_and_new_ones_come_by_themselves(
    stand: Stand, screen: Any, trouble: str
) -> None:
    shown = screen(*SIZES["fhd"]).show(f"{stand.address}/wall")
    setattr(stand, trouble, True)
    stand.publish(year={**stand.figures["year"], "vehicles": 6789})
    shown.page.wait_for_timeout(3 * QUICK)
    assert shown.text(".kpi .n") == "5,301" and shown.page.locator("form, [type=password]").count() == 0
    setattr(stand, trouble, False)
    shown.drawn("g2")
    assert shown.text(".kpi .n") == "6,789"


def test_the_wall_can_also_be_served_by_a_plain_callback(stand: Stand, screen: Any) -> None:
    shown = screen(*SIZES["fhd"]).show(f"{stand.address}/wall?delivery=callback")
    assert shown.text(".kpi .n") == "5,301" and stand.payloads == 0 and shown.troubles == []


def test_nothing_moves_for_who_asked_for_no_motion(stand: Stand, screen: Any) -> None:
    shown = screen(*SIZES["fhd"]).show(f"{stand.address}/wall")
    before = shown.page.locator(".map canvas").last.screenshot()
    shown.page.wait_for_timeout(2500)
    assert shown.page.locator(".map canvas").last.screenshot() == before
    stand.publish(year={**stand.figures["year"], "vehicles": 6789})
    shown.page.wait_for_selector("text=6,789", timeout=15_000)
    assert shown.page.locator(".leaf-was").count() == 0


def test_a_click_on_a_country_is_told_to_the_page(stand: Stand, screen: Any) -> None:
    shown = screen(*SIZES["fhd"]).show(f"{stand.address}/wall")
    at = shown.page.evaluate("window.panorama.charts['wall-chart-map'].convertToPixel({geoIndex: 0}, [-1000, 1800])")
    shown.page.locator(".map.of-overview .plot").click(position={"x": at[0], "y": at[1]})
    read = "document.querySelector('.map .plot').dataset.clicked"
    shown.page.wait_for_function(f"() => {read}", timeout=5_000)
    assert shown.page.evaluate(read) == "KAZ"


def test_a_theme_can_change_under_a_drawn_chart(stand: Stand, screen: Any) -> None:
    shown = screen(*SIZES["fhd"]).show(f"{stand.address}/wall?theme=dark")
    colour = "window.panorama.charts['wall-chart-trend'].getOption().series[1].itemStyle.color"
    dark = shown.page.evaluate(colour)
    shown.page.evaluate("document.documentElement.dataset.theme = 'light'")
    shown.page.wait_for_function(f"() => {colour} !== '{dark}'", timeout=5_000)


def test_the_front_page_has_figures_ways_in_and_the_demo_tag(stand: Stand, screen: Any) -> None:
    shown = screen(1366, 768)
    shown.page.goto(f"{stand.address}/")
    shown.page.wait_for_selector("text=5,301", timeout=15_000)
    assert shown.text(".topbar .demo") == "演示数据" and "正常" in shown.text(".fresh")
    ways = [a.get_attribute("href") for a in shown.page.locator(".ways a").all()]
    assert ways == ["/wall", "/account"] and shown.text(".who a") == "张三"
    shown.page.click(".ways a[href='/wall']")
    shown.drawn("g1")
    assert shown.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert shown.troubles == [] and shown.foreign == []

"""The wall of a past moment in a real browser: what it shows, and the bar that plays and scrubs through time."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.asof_marks import letters
from tests.browser.asof_stand import FIRST, LATE, REMOVED, REVISED, SECOND, PastStand, standing_past

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")
SIZES = ((1366, 768), (1920, 1080), (3840, 2160), (7680, 2160))
GOLD = "rgb(230, 188, 106)"
PATIENCE = 30_000
# What is wrong with the bar: texts that are cut, small, outside of it or over each other, and panels that it covers.
BAR = """() => {
  const faults = [], bar = document.querySelector('.asof-bar').getBoundingClientRect();
  const least = 1.12 * parseFloat(getComputedStyle(document.documentElement).fontSize);
  const own = (e) => e.type === 'text' || [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  const texts = [...document.querySelectorAll('.asof-bar *')].filter((e) => own(e) && e.getClientRects().length);
  texts.forEach((e, i) => {
    const box = e.getBoundingClientRect(), name = e.textContent || e.type;
    if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline') faults.push('cut: ' + name);
    if (parseFloat(getComputedStyle(e).fontSize) < least) faults.push('small: ' + name);
    if (box.top < bar.top - 1 || box.bottom > bar.bottom + 1 || box.right > bar.right) faults.push('outside: ' + name);
    texts.slice(i + 1).forEach((f) => {
      const other = f.getBoundingClientRect(), gap = 1.5;
      if (e.contains(f)) return;
      if (Math.min(box.right, other.right) - Math.max(box.left, other.left) > gap &&
          Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > gap) {
        faults.push('overlap: ' + name + ' × ' + (f.textContent || f.type));
      }
    });
  });
  [...document.querySelectorAll('.wall > :not(.foot)')].forEach((panel) => {
    if (panel.getBoundingClientRect().bottom > bar.top + 1) faults.push('covered: ' + panel.className);
  });
  return faults;
}"""


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastStand]:
    with standing_past(tmp_path_factory.mktemp("past"), 300) as made:
        yield made


class Wall:
    """One page on the wall, and everything that went wrong on it."""

    def __init__(self, page: Page, stand: PastStand) -> None:
        self.page, self.stand, self.troubles = page, stand, list[str]()
        page.on("console", lambda m: self.troubles.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def open(self, query: str, generation: str = r"asof-\d.*") -> "Wall":
        """Open the wall with a query, and wait for its figures."""
        self.page.goto(f"{self.stand.address}/wall?{query}")
        self.shows(generation)
        return self

    def shows(self, generation: str) -> None:
        """Wait until a generation of this pattern is on the wall and its changed texts are at rest."""
        expect(self.page.locator("body")).to_have_attribute("data-generation", re.compile(generation), timeout=PATIENCE)
        expect(self.page.locator(".leaf-was")).to_have_count(0)

    def at(self, moment: str, known: str = "then") -> None:
        """Wait until a moment is shown."""
        self.shows(f"asof-{re.sub('[-:]', '', moment)}-{known}")

    def figure(self) -> Locator:
        """The vehicles of the year to date."""
        return self.page.locator(".kpi.of-overview .n, .kpi:not([class*=of-]) .n").first

    def button(self, name: str) -> Locator:
        """A button of the bar."""
        return self.page.locator(".asof-bar").get_by_role("button", name=name, exact=True)

    def words(self) -> Locator:
        """What the bar says."""
        return self.page.locator(".asof-words")


@pytest.fixture
def wall(browser: "Browser", stand: PastStand) -> Iterator[Wall]:
    stand.broken = False
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN", reduced_motion="reduce")
    yield Wall(context.new_page(), stand)
    context.close()


def vehicles(payload: dict[str, Any]) -> str:
    """The vehicles of the year to date as a published payload writes them."""
    found = next(node for node in flat(payload["text"]["kpi"]) if node[1].get("data-proof") == "year/vehicles")
    return letters(found)


def flat(tree: Any) -> Iterator[Any]:
    """Every element of a tree that has attributes."""
    if isinstance(tree, list):
        if len(tree) > 1 and isinstance(tree[1], dict):
            yield tree
        for child in tree:
            yield from flat(child)


def text_of(moment: Any, mark: str = "T") -> str:
    return f"{moment:%Y-%m-%d}{mark}{moment:%H:%M}"


def test_the_address_shows_the_moment_as_known_then_and_as_known_now(wall: Wall, stand: PastStand) -> None:
    wall.open(f"asof={text_of(FIRST)}")
    page, then = wall.page, vehicles(stand.walls[0])
    expect(wall.figure()).to_have_text(then)
    expect(page.locator(".head .fresh")).to_have_text(f"回看 {text_of(FIRST, ' ')} · 按当时所知")
    expect(page.locator(".head .clock")).to_contain_text(f"{FIRST.month}月{FIRST.day}日 星期")
    expect(page.locator(".head .clock")).to_contain_text("10:00")
    expect(page.locator(".wall > .head")).to_have_css("border-bottom-color", GOLD)
    cents = f"{stand.difference // 100:+,}.{stand.difference % 100:02d}"
    expect(wall.words()).to_have_text(
        f"当时未知 {LATE} 份，其后修订 {REVISED} 份，其后撤销 {REMOVED} 份，相差 {cents} 元"
    )
    hero = page.locator(".hero .big > [data-proof='year/cny_cents']")
    expect(hero).to_have_attribute("data-revised", re.compile("^▲ "))
    wall.button("按现在所知").click()
    wall.at(text_of(FIRST), "now")
    assert f"asof={text_of(FIRST)}&known=now" in page.url and wall.figure().inner_text() != then
    expect(wall.figure()).to_have_attribute("data-revised", re.compile(f"^[▲▼] {then}$"))
    hero.click()
    expect(page.locator(".proof-past")).to_contain_text(f"回看 {text_of(FIRST, ' ')} · 按现在所知修当时所知 ")
    expect(page.locator(".proof[data-verdict]")).to_have_attribute("data-verdict", "same")
    expect(page.locator(".proof-verdict")).to_contain_text("与屏上数字相符")
    page.keyboard.press("Escape")
    expect(page.locator(".proof")).to_have_count(0)
    assert page.locator("html.lookback").count() == 1 and wall.troubles == []


def test_the_bar_steps_scrubs_and_plays_and_leads_back_to_today(wall: Wall, stand: PastStand) -> None:
    wall.open(f"asof={text_of(FIRST)}&theme=dark")
    page = wall.page
    page.keyboard.press("ArrowRight")
    wall.at(text_of(FIRST + timedelta(days=1)))
    field = page.get_by_label("回看的时刻")
    field.fill(text_of(SECOND, " "))
    field.press("Enter")
    wall.at(text_of(SECOND))
    expect(wall.figure()).to_have_text(vehicles(stand.walls[1]))
    expect(wall.words()).to_have_text("此后没有补报、修订或撤销")
    assert "theme=dark" in page.url and f"asof={text_of(SECOND)}&known=then" in page.url
    slider = page.get_by_label("时间轴")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    wall.shows("asof-.*-now-")  # the middle of two years: before the platform knew anything
    expect(wall.words()).to_have_text("当时平台尚未收数，按现在所知")
    expect(wall.button("按当时所知")).to_have_attribute("aria-disabled", "true")
    slider.press("End")
    wall.shows("asof-.*-then-")
    wall.button("上一天").click()
    wall.button("上一小时").click()
    page.locator(".asof-words").click()
    page.keyboard.press("Space")
    expect(wall.button("暂停")).to_be_visible()
    expect(wall.button("播放")).to_be_visible(timeout=PATIENCE)  # it stopped by itself at the newest minute
    expect(wall.figure()).to_have_text(vehicles(stand.walls[2]))
    page.keyboard.press("Escape")
    wall.shows(stand.walls[2]["generation"])
    assert page.locator(".asof-bar, html.lookback").count() == 0 and "asof" not in page.url and "theme=dark" in page.url
    assert wall.troubles == []


def test_from_a_live_wall_a_word_below_the_clock_leads_into_the_past(wall: Wall, stand: PastStand) -> None:
    wall.open("theme=dark", stand.walls[2]["generation"])
    page, door = wall.page, wall.page.locator(".asof-door")
    expect(door).to_have_css("opacity", "0")
    page.mouse.move(400, 900)
    expect(door).to_have_css("opacity", "0")
    clock = page.locator(".head .clock").bounding_box()
    assert clock is not None
    page.mouse.move(clock["x"] + 10, clock["y"] + clock["height"] + 8)
    expect(door).to_have_css("opacity", "1")
    door.click()
    wall.shows("asof-.*-then-")
    expect(wall.words()).to_have_text("此后没有补报、修订或撤销")
    wall.button("返回实时").click()
    wall.shows(stand.walls[2]["generation"])
    assert wall.troubles == []


def test_nothing_is_cut_covered_or_overprinted_at_four_sizes(wall: Wall) -> None:
    wall.open(f"asof={text_of(FIRST)}&theme=dark")
    for width, height in SIZES:
        wall.page.set_viewport_size({"width": width, "height": height})
        wall.page.wait_for_timeout(1_500)
        assert wall.page.evaluate(MEASURE)["faults"] == [], (width, height)
        assert wall.page.evaluate(BAR) == [], (width, height)


def test_what_fails_is_said_and_the_last_picture_stays(wall: Wall, stand: PastStand) -> None:
    wall.open(f"asof={text_of(FIRST)}")
    stand.broken = True
    wall.button("下一天").click()
    expect(wall.words()).to_contain_text("没有取到这一刻：服务器暂时不能回看（502）")
    expect(wall.figure()).to_have_text(vehicles(stand.walls[0]))
    stand.broken = False
    wall.button("重试").click()
    expect(wall.words()).to_contain_text("当时未知")
    wall.open("asof=1999-01-01T00:00", stand.walls[2]["generation"])
    expect(wall.words()).to_contain_text("最早可以回看")
    expect(wall.words()).to_contain_text("屏上是实时数据")
    wall.button("返回实时").click()
    expect(wall.page.locator(".asof-bar")).to_have_count(0)

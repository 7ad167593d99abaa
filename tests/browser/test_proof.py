"""The proof of a figure as people open it: by mouse and by remote, equal to the screen, and gone again by itself."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from backend.clearance.states import SHANGHAI
from backend.db import writing
from backend.models import declaration
from datasources.scope import ALL, Scope
from tests.browser.proof_stand import ProofStand, standing
from tests.browser.test_wall_look import SIZES, Screen

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
SHEET = ".proof"
READY = ".proof[data-verdict]:not(.waiting):not(.failed)"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProofStand]:
    with standing(tmp_path_factory.mktemp("proofs"), 400) as made:
        yield made


@pytest.fixture
def screen(browser: "Browser", stand: ProofStand) -> Iterator[Any]:
    stand.role, stand.scope, stand.away = "leader", ALL, False
    stand.hold.set()
    contexts = []

    def opened(size: str = "fhd", theme: str = "dark", **how: Any) -> Screen:
        width, height = SIZES[size]
        contexts.append(
            browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **how)
        )
        shown = Screen(contexts[-1].new_page())
        shown.page.clock.install()
        shown.page.goto(f"{stand.address}/wall?theme={theme}")
        shown.page.wait_for_selector("body[data-generation] .wall [data-proof]", timeout=30_000)
        shown.page.wait_for_function("() => !document.querySelector('.leaf-was')")
        shown.page.wait_for_timeout(500)
        return shown

    yield opened
    for context in contexts:
        context.close()


def press(shown: Screen, *keys: str) -> None:
    for key in keys:
        shown.page.keyboard.press(key)


def focused(shown: Screen) -> str:
    """The key of the figure that has the focus."""
    return str(shown.page.evaluate("document.activeElement.dataset.proof || document.activeElement.className"))


def sum_of_all_pages(shown: Screen) -> tuple[int, int]:
    """Declarations and cents that the sheet lists, page by page."""
    count = cents = 0
    while True:
        rows = shown.page.locator(".proof-list tbody tr:not(.proof-more)").all_inner_texts()
        count += len(rows)
        cents += sum(int(row.split("\t")[-1].replace(",", "").replace(".", "")) for row in rows)
        onward = shown.page.get_by_role("button", name="下一页")
        if not onward.count() or onward.is_disabled():
            return count, cents
        before = shown.text(".proof-pager .n")
        onward.click()
        shown.page.wait_for_function(f"() => document.querySelector('.proof-pager .n').textContent !== '{before}'")


def test_a_click_opens_the_proof_and_its_rows_add_up_to_the_figure_on_the_screen(screen: Any) -> None:
    shown = screen()
    figure = shown.text(".figure .big > .n")
    shown.page.click(".figure .big > .n")
    shown.page.wait_for_selector(READY)
    assert shown.text(".proof-figure .n") == figure and shown.text(".proof-title") == "出口额"
    verdict = shown.text(".proof-verdict")
    count, cents = sum_of_all_pages(shown)
    assert verdict == f"{count:,} 份，合计 {cents // 100:,}.{cents % 100:02d} 元，与屏上数字相符"
    unit = 10**10 if "亿元" in shown.text(".proof-figure") else 10**6
    assert abs(cents / unit - float(figure.replace(",", ""))) <= (0.005 if unit == 10**10 else 0.5)
    assert shown.page.evaluate("document.querySelector('.proof').dataset.verdict") == "same"
    assert shown.troubles == [] and shown.foreign == []


EVERY = """async () => {
  const seen = (e) => e.getClientRects().length, faults = [], pause = () => new Promise((done) => setTimeout(done, 20));
  const figures = [...document.querySelectorAll('.wall [data-proof]')].filter(seen);
  for (const figure of figures) {
    figure.click();
    while (!document.querySelector('.proof[data-verdict]:not(.waiting)')) await pause();
    const sheet = document.querySelector('.proof');
    if (sheet.dataset.verdict !== 'same') faults.push(figure.dataset.proof + ': ' + sheet.textContent);
    window.panorama.proof.close();
  }
  return [figures.length, faults];
}"""


def test_every_figure_of_the_wall_opens_and_agrees_with_the_screen(screen: Any) -> None:
    shown = screen()
    count, faults = shown.page.evaluate(EVERY)
    assert count > 45 and faults == []
    assert shown.troubles == []


def test_a_remote_goes_from_figure_to_figure_opens_one_and_comes_back_to_it(screen: Any) -> None:
    shown = screen()
    press(shown, "ArrowRight")
    assert focused(shown) == "year/cny_cents"
    press(shown, "ArrowDown", "ArrowDown")
    assert focused(shown) == "year/vehicles"
    press(shown, "ArrowRight")
    assert focused(shown) == "year/countries"
    press(shown, "Enter")
    shown.page.wait_for_selector(READY)
    assert "涉及" in shown.text(".proof-verdict") and "与屏上数字相符" in shown.text(".proof-verdict")
    assert focused(shown) == "proof-close"
    press(shown, "ArrowRight")
    shown.page.wait_for_selector(".proof-pager .n >> text=/^2 \\//")
    press(shown, "Escape")
    assert shown.page.locator(SHEET).count() == 0 and focused(shown) == "year/countries"
    assert shown.troubles == []


@pytest.mark.parametrize("size", ["hd", "fhd", "4k", "ultra"])
def test_the_sheet_covers_the_right_third_and_nothing_in_it_is_cut(screen: Any, size: str) -> None:
    shown = screen(size)
    shown.page.click(".ctry tbody tr:first-child td:nth-child(5) [data-proof]")
    shown.page.wait_for_selector(READY)
    shown.page.wait_for_timeout(300)
    box = shown.page.locator(SHEET).bounding_box()
    width, height = SIZES[size]
    assert box["width"] <= width * (1 / 3 + 0.02) and box["x"] + box["width"] == pytest.approx(width, abs=1)
    assert box["height"] == pytest.approx(height, abs=1)
    assert shown.page.evaluate(CUT) == []
    assert shown.measured() == []


CUT = """() => {
  const size = (e) => parseFloat(getComputedStyle(e).fontSize), least = 1.12 * size(document.documentElement);
  const cut = (e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline';
  const seen = [...document.querySelectorAll('.proof, .proof *')].filter((e) => e.clientWidth);
  return seen.filter((e) => cut(e) || size(e) < least).map((e) => e.className || e.tagName);
}"""


def test_the_wall_goes_on_while_the_sheet_is_open(screen: Any, stand: ProofStand) -> None:
    shown = screen()
    shown.page.click(".kpi .n")
    shown.page.wait_for_selector(READY)
    before = int(shown.text(".kpi .n").replace(",", ""))
    generation = shown.page.evaluate("document.body.dataset.generation")
    late = datetime.now(SHANGHAI).date() - timedelta(days=2)
    with writing(stand.engine) as connection:
        c = declaration.c
        old = select(c.id, c.revision, c.vehicles).where(c.counted, c.cleared_on < late.isoformat())
        gone = max(connection.execute(old).all(), key=lambda row: row.id)
        connection.execute(
            update(declaration)
            .where(c.id == gone.id)
            .values(counted=False, state="DELETED", revision=gone.revision + 1, changed_at=datetime.now(SHANGHAI))
        )
    stand.publish()
    shown.page.clock.run_for(12_000)
    shown.page.wait_for_function(f"() => document.body.dataset.generation !== '{generation}'", timeout=20_000)
    shown.page.wait_for_timeout(800)
    assert int(shown.text(".kpi .n .leaf-now, .kpi .n").replace(",", "")) == before - gone.vehicles
    assert generation in shown.text(".proof-facts")  # the sheet still speaks of what was asked
    shown.page.get_by_role("button", name="重新取证").click()
    shown.page.wait_for_function(f"() => !document.querySelector('.proof-facts').textContent.includes('{generation}')")
    assert f"合计 {before - gone.vehicles:,} 台，与屏上数字相符" in shown.text(".proof-verdict")
    press(shown, "Escape")
    assert focused(shown) == "year/vehicles" and shown.troubles == []


def test_a_sheet_that_nobody_touches_closes_after_a_minute(screen: Any) -> None:
    shown = screen()
    shown.page.click(".kpi .n")
    shown.page.wait_for_selector(READY)
    shown.page.clock.run_for(50_000)
    assert shown.page.locator(SHEET).count() == 1
    press(shown, "ArrowDown")
    shown.page.clock.run_for(50_000)
    assert shown.page.locator(SHEET).count() == 1
    shown.page.clock.run_for(11_000)
    assert shown.page.locator(SHEET).count() == 0 and focused(shown) == ""


def test_who_may_not_see_declarations_sees_counts_and_sums(screen: Any, stand: ProofStand) -> None:
    stand.role = "wall"
    shown = screen()
    shown.page.click(".figure .big > .n")
    shown.page.wait_for_selector(READY)
    assert shown.text(".proof-reserved") == "逐笔清单只对有权的账号显示"
    assert shown.page.locator(".proof-list").count() == 0 and "与屏上数字相符" in shown.text(".proof-verdict")


def test_a_viewer_of_a_part_is_told_that_the_screen_shows_the_city(screen: Any, stand: ProofStand) -> None:
    stand.scope = Scope("exit_office", "9402")
    shown = screen()
    shown.page.click(".figure .big > .n")
    shown.page.wait_for_selector(READY)
    assert (
        "您有权查看的部分" in shown.text(".proof-verdict")
        and shown.page.locator(".proof-verdict.proof-bad").count() == 0
    )


def test_a_figure_that_does_not_agree_is_said_in_cinnabar(screen: Any) -> None:
    shown = screen()
    shown.page.evaluate("document.querySelector('.kpi .n').textContent = '1'")
    shown.page.click(".kpi .n")
    shown.page.wait_for_selector(READY)
    assert "与屏上数字 1 不符" in shown.text(".proof-verdict.proof-bad")


def test_while_it_waits_and_when_it_fails_the_sheet_says_so_and_tries_again(screen: Any, stand: ProofStand) -> None:
    shown = screen()
    stand.hold.clear()
    shown.page.click(".kpi .n")
    assert shown.text(".proof-say") == "正在取证"
    stand.away = True
    stand.hold.set()
    shown.page.wait_for_selector(".proof.failed")
    assert "没有取到证据" in shown.text(".proof-say")
    stand.away = False
    shown.page.get_by_role("button", name="重试").click()
    shown.page.wait_for_selector(READY)
    assert shown.text(".proof-say") == ""


def test_a_column_of_the_chart_opens_the_proof_of_its_month(screen: Any) -> None:
    shown = screen()
    place = "window.panorama.charts['wall-chart-trend'].convertToPixel({seriesIndex: 0}, [10, 1])"
    at = shown.page.evaluate(place)
    shown.page.locator(".trend.of-overview .plot").click(position={"x": at[0], "y": at[1] - 3})
    shown.page.wait_for_selector(READY)
    assert "与本代数字相符" in shown.text(".proof-verdict")


def test_names_out_of_declarations_are_never_markup(screen: Any, stand: ProofStand) -> None:
    shown = screen()
    shown.page.evaluate("window.panorama.proof.open('year/vehicles/model=' + encodeURIComponent('<img src=x>'), null)")
    shown.page.wait_for_selector(READY)
    assert shown.text(".proof-title") == "出口车辆 · <img src=x>" and shown.page.locator(".proof img").count() == 0
    assert shown.text(".proof-reserved") == "没有符合条件的报关单"

"""A wall that plays its programme, and the four ways to scale it, in a real browser with a moved clock."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.wall_stand import Stand, standing

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent
MEASURE = (HERE / "measure.js").read_text(encoding="utf-8")
CASES = json.loads((HERE.parent / "samples" / "playlist_cases.json").read_text(encoding="utf-8"))
WEDNESDAY_NOON = "2026-11-25T12:00:00+08:00"
FACE = "panorama.faces.current()"
COUNT_TURNS = """panorama.turned = 0;
  new MutationObserver(() => panorama.turned++).observe(document.documentElement, { attributeFilter: ['data-face'] })"""
BOX = """(() => {
  const box = document.getElementById('wall').getBoundingClientRect();
  return [box.x, box.y, box.width, box.height].map(Math.round);
})()"""
LEFT = "[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with standing() as made:
        yield made


@pytest.fixture(scope="module")
def faults() -> list[str]:
    """What the browser complained of."""
    return []


@pytest.fixture(scope="module")
def page(browser: Browser, stand: Stand, faults: list[str]) -> Iterator[Page]:
    """A wall with its figures whose clock can be moved."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", reduced_motion="reduce")
    page = context.new_page()
    # The stand knows no heartbeat: a wall's browser that hears nothing from the server goes on all the same.
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.clock.install()
    stopped(page, f"{stand.address}/wall")
    yield page
    context.close()


@pytest.fixture(scope="module")
def sized(browser: Browser, stand: Stand) -> Iterator[Page]:
    """A wall whose time goes as it does, for what must be drawn."""
    context = browser.new_context(locale="zh-CN", reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture
def wall(page: Page, stand: Stand, faults: list[str]) -> Iterator[Page]:
    """The same wall for each test, without a programme, its clock and its faces as they were."""
    if page.evaluate("location.search"):
        stopped(page, f"{stand.address}/wall")
    yield page
    play(page)
    page.evaluate("void (panorama.now = kept.now, panorama.faces.show = kept.show)")
    assert faults == []


def opened(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("body[data-generation]", timeout=60_000)


def stopped(page: Page, address: str) -> None:
    """Open a wall and stop its clock: from now on time moves only where the test says so."""
    page.clock.resume()
    opened(page, address)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 5)
    page.evaluate("window.kept = { now: panorama.now, show: panorama.faces.show }")


def item(face: str, seconds: int = 20, start: str = "00:00", end: str = "24:00", *weekdays: int) -> dict[str, Any]:
    return {"face": face, "seconds": seconds, "weekdays": list(weekdays), "from": start, "to": end}


def play(page: Page, *items: dict[str, Any], scale: str = "fit") -> str:
    """Give the wall a programme as a heartbeat's answer does; gives the face in front."""
    programme = {"name": "大厅", "items": list(items), "scale": scale}
    page.evaluate("p => dispatchEvent(new CustomEvent('panorama:programme', { detail: p }))", programme)
    return str(page.evaluate(FACE))


def after(page: Page, seconds: int) -> str:
    """Let seconds go by; gives the face in front then."""
    page.clock.fast_forward(seconds * 1000)
    return str(page.evaluate(FACE))


def at(page: Page, moment: str) -> str:
    """Set the server's time; gives the face a second later."""
    page.evaluate("m => { panorama.now = () => m; }", page.evaluate("m => Date.parse(m)", moment))
    return after(page, 1)


def test_the_browser_decides_as_the_server_does(wall: Page) -> None:
    decided = wall.evaluate("cases => cases.map(c => panorama.itemsNow(c.items, Date.parse(c.moment)))", CASES)
    assert decided == [case["now"] for case in CASES]


def test_faces_take_turns_and_a_changed_programme_is_taken_up_without_a_reload(wall: Page) -> None:
    wall.evaluate("window.same = true")
    assert play(wall, item("overview"), item("asia", 30)) == "overview"
    turns = [after(wall, seconds) for seconds in (18, 3, 28, 3)]
    assert turns == ["overview", "asia", "asia", "overview"]
    # The same programme with every heartbeat must neither begin anew nor add a timer: the round keeps its pace.
    for _ in range(9):
        play(wall, item("overview"), item("asia", 30))
    turns = [after(wall, seconds) for seconds in (18, 3, 28, 3)]
    assert turns == ["overview", "asia", "asia", "overview"]
    # What is in both programmes goes on; what is not makes room at once.
    assert after(wall, 21) == "asia" and play(wall, item("enterprises"), item("asia", 30)) == "asia"
    assert after(wall, 32) == "enterprises"
    assert play(wall, item("operations"), item("asia", 30)) == "operations"
    assert play(wall) == "overview", "no programme any more"
    assert after(wall, 60) == "overview" and wall.evaluate("window.same")


def test_one_item_stays_and_its_figures_go_on(wall: Page, stand: Stand) -> None:
    assert play(wall, item("asia", 5)) == "asia"
    wall.evaluate(COUNT_TURNS)
    assert after(wall, 21) == "asia" and wall.evaluate("panorama.turned") == 0
    stand.publish(year={**stand.figures["year"], "vehicles": 6789})
    for _ in range(20):
        if wall.evaluate("document.body.dataset.generation") == stand.figures["generation"]:
            break
        after(wall, 5)
        wall.wait_for_timeout(100)
    assert wall.evaluate("document.body.dataset.generation") == stand.figures["generation"]
    assert wall.evaluate(FACE) == "asia"


def test_a_face_that_fails_is_skipped_and_tried_again_and_where_all_fail_the_overview_shows(wall: Page) -> None:
    assert play(wall, item("moon"), item("asia"), item("overview")) == "asia"
    assert [after(wall, 21), after(wall, 20)] == ["overview", "asia"]
    play(wall, item("moon"), item("moon", 30))
    assert wall.evaluate(FACE) == "overview" and after(wall, 60) == "overview"
    wall.evaluate("void (panorama.faces.show = () => { throw new Error('broken'); })")
    play(wall, item("asia"))
    assert after(wall, 30) == "overview"
    assert wall.locator("#wall").inner_text().count("broken") == 0


def test_hours_and_weekdays_go_by_the_time_of_the_server(wall: Page) -> None:
    at(wall, WEDNESDAY_NOON)
    assert play(wall, item("asia", 3600, "08:00", "18:00"), item("operations", 3600, "22:00", "06:00", 3)) == "asia"
    assert at(wall, "2026-11-25T17:59:58+08:00") == "asia"
    assert at(wall, "2026-11-25T18:00:00+08:00") == "overview", "no item applies, in the middle of an item's hour"
    assert at(wall, "2026-11-25T22:00:01+08:00") == "operations"
    assert at(wall, "2026-11-26T05:59:00+08:00") == "operations"
    assert at(wall, "2026-11-26T06:00:00+08:00") == "overview"
    assert at(wall, "2026-11-26T23:00:00+08:00") == "overview", "Thursday"


def test_a_pinned_face_a_past_moment_and_an_open_proof_are_left_alone(wall: Page, stand: Stand) -> None:
    assert play(wall, item("overview"), item("asia")) == "overview"
    for address in ("/wall?asof=2026-03-05T09:00", "/wall?show=overview"):
        wall.evaluate("a => history.replaceState(history.state, '', a)", address)
        assert after(wall, 60) == "overview"
    wall.evaluate("history.replaceState(history.state, '', '/wall')")
    wall.evaluate("document.body.insertAdjacentHTML('beforeend', '<section class=proof></section>')")
    assert after(wall, 60) == "overview"
    wall.evaluate("document.querySelector('.proof').remove()")
    assert after(wall, 2) == "asia"
    # What the browser remembers plays before any heartbeat, but not over a face that the address names.
    play(wall, item("enterprises"))
    stopped(wall, f"{stand.address}/wall")
    assert after(wall, 2) == "enterprises"
    stopped(wall, f"{stand.address}/wall?show=asia")
    assert after(wall, 60) == "asia"


def test_scaled_to_fit_or_stretched_nothing_is_cut_and_without_scaling_it_scrolls(sized: Page, stand: Stand) -> None:
    opened(sized, f"{stand.address}/wall?scale=stretch")
    play(sized, scale="none")  # The address has the last word.
    whole(sized, (1366, 768), "stretch")
    whole(sized, (1024, 768), "stretch")
    opened(sized, f"{stand.address}/wall")  # As the browser remembers.
    settle(sized)
    assert sized.evaluate(MEASURE)["faults"] == []
    assert sized.evaluate("panorama.rootSize()") == 16 and sized.evaluate(LEFT) == [1920 - 1024, 1080 - 768]
    play(sized, scale="fit")
    whole(sized, (1024, 768), "fit")
    whole(sized, (1366, 768), "fit")
    play(sized, scale="width")
    sized.set_viewport_size({"width": 1366, "height": 600})
    assert sized.evaluate(LEFT)[0] == 0 and 165 <= sized.evaluate(LEFT)[1] <= 169


def whole(page: Page, size: tuple[int, int], scale: str) -> None:
    """The wall is as large as this screen, and no text on it is cut or overprinted."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    settle(page)
    assert page.evaluate("document.documentElement.dataset.scale") == scale
    assert page.evaluate(LEFT) == [0, 0] and page.evaluate(BOX) == [0, 0, *size]
    assert page.evaluate(MEASURE)["faults"] == [], (scale, size)


def test_on_a_wide_screen_two_modes_show_the_page_of_sixteen_to_nine(sized: Page, stand: Stand) -> None:
    sized.set_viewport_size({"width": 3840, "height": 1080})
    opened(sized, f"{stand.address}/wall")
    settle(sized)
    shapes = {}
    for scale in ("fit", "width", "stretch", "none"):
        play(sized, scale=scale)
        settle(sized)
        assert sized.evaluate(MEASURE)["faults"] == [], scale
        lens = sized.locator(".lens").is_visible()
        assert lens == sized.evaluate("panorama.isWide()")
        shapes[scale] = (lens, sized.evaluate("panorama.rootSize()"), *sized.evaluate(LEFT))
    assert shapes["fit"] == shapes["none"] == (True, 16, 0, 0)
    assert shapes["stretch"] == (False, 16, 0, 0)
    assert shapes["width"][:3] == (False, 32, 0) and 1070 < shapes["width"][3] <= 1080


def settle(page: Page) -> None:
    """Wait until every visible chart is drawn at the size that its panel has, and labels have found their places."""
    drawn = """() => [...document.querySelectorAll('.plot')].every((plot) => {
      const chart = panorama.charts && panorama.charts[plot.id];
      return !plot.clientWidth || plot.dataset.drawn === 'data' && chart.getWidth() === plot.clientWidth;
    })"""
    for _ in range(100):
        if page.evaluate(drawn):
            break
        page.wait_for_timeout(200)
    page.wait_for_timeout(500)
    assert page.evaluate(drawn)

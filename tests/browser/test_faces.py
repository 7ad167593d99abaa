"""The faces of the wall in a real browser: whole at every size, changed at once, charts kept, hidden ones at rest."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from dashboard.face_names import FACES
from tests.browser.test_wall_look import MEASURE, SIZES, Screen
from tests.browser.wall_stand import Stand, standing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

DRAWN = "[...document.querySelectorAll('.plot')].every(e => !e.clientWidth || e.dataset.drawn === 'data')"
# How often each chart draws a frame in a while: a chart at rest draws none.
FRAMES = """() => {
  const counted = {}, charts = Object.entries(panorama.charts);
  charts.forEach(([id, chart]) => {
    counted[id] = 0;
    chart.getZr().animation.on('frame', () => { counted[id] += 1; });
  });
  return new Promise(done => setTimeout(() => {
    charts.forEach(([, chart]) => chart.getZr().animation.off('frame'));
    done(counted);
  }, 600));
}"""


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing() as made:
        yield made


@pytest.fixture
def screen(browser: "Browser") -> Iterator[Any]:
    contexts = []

    def opened(size: str, address: str, motion: str = "reduce") -> Screen:
        width, height = SIZES[size]
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, reduced_motion=motion))
        shown = Screen(contexts[-1].new_page())
        shown.page.goto(address)
        shown.page.wait_for_selector("body[data-generation]", timeout=30_000)
        return shown

    yield opened
    for context in contexts:
        context.close()


def drawn(shown: Screen) -> None:
    """Wait until all charts that can be seen hold figures, and stand still."""
    deadline = time.monotonic() + 30
    while not shown.page.evaluate(DRAWN):
        assert time.monotonic() < deadline, "a chart was not drawn"
        shown.page.wait_for_timeout(100)
    shown.page.wait_for_timeout(600)


def current(shown: Screen) -> str:
    return str(shown.page.evaluate("panorama.faces.current()"))


@pytest.mark.parametrize("size", SIZES)
def test_no_text_of_any_face_is_cut_small_or_overprinted(stand: Stand, screen: Any, size: str) -> None:
    shown = screen(size, f"{stand.address}/wall?theme=dark")
    for number, (face, name) in enumerate(FACES.items(), 1):
        shown.page.keyboard.press(str(number))
        drawn(shown)
        found = shown.page.evaluate(MEASURE)
        assert found["faults"] == [], face
        assert found["texts"] > (35 if face == "overview" else 20), face
        heading = shown.text(".head h1").replace("\n", "")
        assert heading == ("西安市二手车出口全景" if face == "overview" else f"西安市二手车出口全景· {name}")
        expect(shown.page.locator(f"#wall > .of-{face}").first).to_be_visible()
    assert shown.page.locator("#wall > section:visible.of-overview:not(.of-operations)").count() == 0
    assert shown.troubles == [] and shown.foreign == []


def test_a_face_is_changed_at_once_and_nothing_is_made_anew(stand: Stand, screen: Any) -> None:
    shown = screen("hd", f"{stand.address}/wall")
    for key in ("2", "3", "4", "1"):
        shown.page.keyboard.press(key)
        drawn(shown)
    shown.page.evaluate("window.kept = Object.assign({}, panorama.charts)")
    nodes = shown.page.evaluate("document.querySelectorAll('*').length")
    stand.away = True  # the server is not needed
    for _ in range(2):
        for face in FACES:
            assert shown.page.evaluate(f"panorama.faces.show('{face}')") is True and current(shown) == face
    shown.page.set_viewport_size({"width": 800, "height": 450})  # A frame of a larger map takes a second here.
    shown.page.emulate_media(reduced_motion="no-preference")
    assert shown.page.evaluate("panorama.faces.show('asia')") is True
    frames = shown.page.evaluate(FRAMES)
    assert frames["wall-chart-asia-map"] > 0, "the dots of the map that is shown move on"
    assert frames["wall-chart-map"] == 0 and frames["wall-chart-xian"] == 0, "nobody sees these"
    assert shown.page.evaluate("panorama.faces.show('overview')") is True
    frames = shown.page.evaluate(FRAMES)
    assert frames["wall-chart-map"] > 0 and frames["wall-chart-asia-map"] == 0
    assert shown.page.evaluate(
        "Object.keys(kept).length === Object.keys(panorama.charts).length"
        " && Object.keys(kept).every(id => kept[id] === panorama.charts[id])"
    )
    assert shown.page.evaluate("document.querySelectorAll('*').length") == nodes


def test_the_row_of_names_is_there_for_mouse_and_keyboard_only(stand: Stand, screen: Any) -> None:
    shown = screen("fhd", f"{stand.address}/wall?show=operations")
    row = shown.page.locator(".faces")
    assert current(shown) == "operations"
    expect(row).to_have_css("opacity", "0")
    shown.page.mouse.move(300, 300)
    expect(row).to_have_css("opacity", "1")
    expect(row.locator("[aria-current]")).to_have_text("运行")
    row.get_by_text("企业").click()
    assert current(shown) == "enterprises"
    expect(row.locator("[aria-current]")).to_have_text("企业")
    shown.page.evaluate("document.activeElement.blur(); document.documentElement.classList.add('idle')")
    expect(row).to_have_css("opacity", "0")
    row.locator("button").first.focus()
    expect(row).to_have_css("opacity", "1")
    shown.page.keyboard.press("Enter")
    assert current(shown) == "overview" and shown.troubles == []


def test_news_of_a_hidden_face_are_there_when_it_is_shown(stand: Stand, screen: Any) -> None:
    shown = screen("fhd", f"{stand.address}/wall")
    shown.page.keyboard.press("2")
    drawn(shown)
    shown.page.keyboard.press("1")
    asia = stand.figures["asia"]
    trend = [*asia["trend"][:-1], {**asia["trend"][-1], "cny_cents": 77_770_000_00}]
    stand.publish(asia={**asia, "total": {**asia["total"], "vehicles": 4321}, "trend": trend})
    shown.page.wait_for_selector("body[data-generation=g2]", timeout=15_000)
    shown.page.keyboard.press("2")
    drawn(shown)
    assert "4,321" in shown.text(".kpi.of-asia")
    read = "panorama.charts['wall-chart-asia-trend'].getOption().series[0].data.slice(-1)[0].value"
    assert shown.page.evaluate(read) == 7777 and shown.troubles == []


def test_a_face_without_figures_does_not_come_on_by_itself(stand: Stand, screen: Any) -> None:
    stand.number = 0
    stand.publish(asia={}, operations={**stand.figures["operations"], "bands": None})
    shown = screen("fhd", f"{stand.address}/wall")
    drawn(shown)
    answers = {face: shown.page.evaluate(f"panorama.faces.show('{face}')") for face in (*FACES, "nothing")}
    assert answers == {
        "overview": True, "asia": False, "enterprises": True, "operations": False, "nothing": False,
    }  # fmt: skip
    assert current(shown) == "enterprises"
    shown.page.keyboard.press("2")  # a person may look, and reads what is the matter
    assert current(shown) == "asia"
    assert "本栏更新失败" in str(shown.page.locator(".of-asia h2[data-failed]").first.get_attribute("data-failed"))
    stand.publish(**{name: Stand().figures[name] for name in ("asia", "operations")})
    shown.page.wait_for_selector("body[data-generation=g2]", timeout=15_000)
    drawn(shown)
    assert all(shown.page.evaluate(f"panorama.faces.show('{face}')") for face in FACES)

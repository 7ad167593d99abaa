"""A wall's heartbeat in a real browser: what arrives, what a screen is asked to do, and what is never sent."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, select, update

from backend.crypto.keys import open_keys
from backend.db import make_engine, writing
from backend.demo.world import World
from backend.identity.sessions import csrf_of
from backend.identity.sign_in import Origin, open_session
from backend.identity.tokens import create_token
from backend.models import alert, wall_screen
from dashboard.settings import Settings
from tests.cast import Cast
from tests.running import Platform

pytestmark = pytest.mark.browser
FAULTS = (Path(__file__).parent / "page_faults.js").read_text(encoding="utf-8")
# The same rhythm, faster; tests/test_screens.py knows the real one and what follows from it.
QUICK = "window.panorama = { rhythm: { first: 300, every: 1500, again: 500, settled: 700 } }"
HALL = "大厅屏"


class Stand:
    """A running platform with figures, an administrator and a leader, and what its table says of the screens."""

    def __init__(self, platform: Platform) -> None:
        self.platform, self.url = platform, platform.url
        self.engine: Engine = make_engine(f"sqlite:///{platform.var / 'ledger.sqlite'}")
        cast = Cast(self.engine, open_keys(Settings(var=platform.var).key_folder))
        cast.person("系统管理", cast.place("platform", "平台"), "system_admin")
        cast.person("lingdao", cast.place("commerce", "商务局"), "leader")
        self.people = cast.people

    def screens(self) -> dict[str, dict[str, Any]]:
        with self.engine.connect() as connection:
            return {row["name"]: dict(row) for row in connection.execute(select(wall_screen)).mappings()}

    def cookies(self, login: str) -> list[Any]:
        """The browser of somebody who has signed in."""
        with writing(self.engine) as connection:
            token = open_session(connection, self.people[login], "demo", Origin("127.0.0.1", "Test"))
        pairs = {"panorama_session": token, "panorama_csrf": csrf_of(token)}
        return [{"name": name, "value": value, "url": self.url} for name, value in pairs.items()]


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("world")
    with Platform(tmp_path_factory.mktemp("var"), demo="off") as platform:
        World(8, date.today() - timedelta(days=1)).write(folder, 150)
        platform.command("import", str(folder))
        yield Stand(platform)


class Browsers:
    """Pages in contexts of their own, a wall by its screen's name or as somebody; kept for all tests that ask again."""

    def __init__(self, browser: Browser, stand: Stand) -> None:
        self.browser, self.stand = browser, stand
        self.pages: dict[str, Page] = {}

    def wall(self, screen: str, size: tuple[int, int] = (1920, 1080)) -> Page:
        """A wall with its figures, opened with a new screen's token the first time."""
        if screen not in self.pages:
            page = self._begin(screen, size)
            token = create_token(self.stand.engine, "screen", screen, "wall", timedelta(days=1))
            page.goto(f"{self.stand.url}/enter?token={token}")
            page.wait_for_selector("body[data-generation]", timeout=60_000)
        return self.pages[screen]

    def person(self, login: str, size: tuple[int, int] = (1366, 768)) -> Page:
        """Somebody's page."""
        if login not in self.pages:
            self._begin(login, size).context.add_cookies(self.stand.cookies(login))
        self.pages[login].set_viewport_size({"width": size[0], "height": size[1]})
        return self.pages[login]

    def _begin(self, name: str, size: tuple[int, int]) -> Page:
        shape = {"width": size[0], "height": size[1]}
        context = self.browser.new_context(viewport=shape, locale="zh-CN", reduced_motion="reduce")
        context.add_init_script(QUICK)
        self.pages[name] = context.new_page()
        return self.pages[name]


@pytest.fixture(scope="module")
def open_(browser: Browser, stand: Stand) -> Iterator[Browsers]:
    """The browsers of this module."""
    browsers = Browsers(browser, stand)
    yield browsers
    for page in browsers.pages.values():
        page.context.close()


def heard(stand: Stand, page: Page, name: str, seconds: int = 30) -> dict[str, Any]:
    """Wait until a screen is in the inventory with its figures."""
    for _ in range(seconds * 4):
        if (found := stand.screens().get(name)) and found["frame_hash"] and found["as_of"]:
            return found
        page.wait_for_timeout(250)
    raise AssertionError(stand.screens())


def act(admin: Page, stand: Stand, name: str, deed: str) -> None:
    """Press a button in the screen's line."""
    admin.goto(f"{stand.url}/administration/screens")
    line = admin.locator("tr", has_text=name)
    line.locator("button, a.button", has_text=deed).click()


def test_a_heartbeat_arrives_by_itself_and_tells_what_the_wall_shows(open_: Browsers, stand: Stand) -> None:
    wall = open_.wall(HALL)
    sent: list[str] = []
    wall.on("request", lambda r: sent.append(r.url) if r.method == "POST" and r.url.endswith("/screen/beat") else None)
    told = heard(stand, wall, HALL)
    assert (told["size"], told["view"], told["address"]) == ("1920x1080", "/wall", "127.0.0.1")
    assert (told["face"], told["scale_shown"]) == ("overview", "fit")
    assert told["text_share"] == pytest.approx(18 / 1080, rel=0.001)
    assert told["build"] and abs(datetime.now(UTC) - told["as_of"]) < timedelta(minutes=5)
    for _ in range(80):
        if len(sent) >= 2:
            break
        wall.wait_for_timeout(250)
    assert len(sent) >= 2, "the rhythm goes on"


def test_two_walls_that_show_the_same_tell_the_same_hash_and_a_changed_figure_is_an_alert(
    open_: Browsers, stand: Stand
) -> None:
    one, two = open_.wall("甲屏", size=(2560, 1440)), open_.wall(HALL)
    for _ in range(5):  # A generation may end between the two.
        for page in (one, two):
            page.evaluate("panorama.beat()")
        first, second = heard(stand, one, "甲屏"), heard(stand, two, HALL)
        if first["generation"] == second["generation"]:
            break
    assert (first["generation"], first["frame_hash"]) == (second["generation"], second["frame_hash"])
    number = f"第 {first['id']} 号屏"
    for figure in range(5):  # A generation that ends just then covers the traces; the next one does not.
        one.evaluate("n => { document.querySelector('#wall .figure .n').textContent = n; }", f"99.{figure}")
        for _ in range(2):
            one.evaluate("panorama.beat()")
        if number in differences(stand):
            break
    assert differences(stand) == [number]


def differences(stand: Stand) -> list[str]:
    with stand.engine.connect() as connection:
        return list(connection.scalars(select(alert.c.subject).where(alert.c.rule == "screen_differs")))


def test_a_message_typed_by_the_administrator_appears_on_the_wall_and_goes(open_: Browsers, stand: Stand) -> None:
    wall, admin = open_.wall(HALL), open_.person("系统管理")
    heard(stand, wall, HALL)
    act(admin, stand, HALL, "发消息")
    admin.fill("input[name=text]", "十点<b>开会</b>，请到二楼会议室")
    admin.fill("input[name=seconds]", "5")
    admin.get_by_role("button", name="发送").click()
    expect(admin.locator(".notice")).to_contain_text(f"已交给“{HALL}”")
    band = wall.locator(".screen-message")
    expect(band).to_contain_text("十点<b>开会</b>，请到二楼会议室", timeout=25_000)  # by its own rhythm
    assert wall.evaluate("""() => {
      const box = (name) => document.querySelector(name).getBoundingClientRect(), band = box('.screen-message');
      return Math.abs(band.top - box('.wall > .head').bottom) < 2 && band.width === innerWidth;
    }""")
    assert wall.locator("form, input").count() == 0
    expect(band).to_have_count(0, timeout=10_000)
    wall.evaluate("panorama.beat()")
    expect(band).to_have_count(0)
    admin.goto(f"{stand.url}/administration/screens")
    expect(admin.locator("tr", has_text=HALL)).to_contain_text("屏幕已领取")


def test_identify_shows_number_name_and_whether_it_can_be_read_for_ten_seconds(open_: Browsers, stand: Stand) -> None:
    wall, admin = open_.wall(HALL), open_.person("系统管理")
    found = heard(stand, wall, HALL)
    placed = {"place": "政务大厅二楼东侧", "height_m": 1.2, "distance_m": 8.0}
    with stand.engine.begin() as connection:
        connection.execute(update(wall_screen).where(wall_screen.c.id == found["id"]).values(placed))
    act(admin, stand, HALL, "标识")
    wall.evaluate("panorama.beat()")
    mark = wall.locator(".screen-mark")
    lines = mark.inner_text().split("\n")
    assert lines[:3] == [str(found["id"]), HALL, "政务大厅二楼东侧"] and "画面须高 2.4 米" in lines[3]
    box = mark.bounding_box()
    assert box and box["x"] >= 0 and box["width"] <= 1920 and box["height"] > 300
    assert box["y"] >= 0 and box["y"] + box["height"] <= 1080
    wall.wait_for_timeout(7_000)
    assert mark.count() == 1
    expect(mark).to_have_count(0, timeout=6_000)


def test_a_playlist_and_a_scale_given_to_a_screen_hold_without_a_reload_and_after_one(
    open_: Browsers, stand: Stand
) -> None:
    wall, admin = open_.wall(HALL), open_.person("系统管理")
    number = heard(stand, wall, HALL)["id"]
    wall.evaluate("window.sameDocument = true")
    admin.goto(f"{stand.url}/administration/screens/playlists/new")
    admin.fill("input[name=name]", "走廊")
    admin.select_option("select[name=items-0-face]", "asia")
    admin.press("input[name=items-0-seconds]", "Enter")  # saves, and presses no button of a row
    admin.goto(f"{stand.url}/administration/screens/{number}/change")
    admin.select_option("select[name=playlist_id]", label="走廊")
    admin.select_option("select[name=scale]", "stretch")
    admin.get_by_role("button", name="保存").click()
    face = wall.locator("html[data-face=asia][data-scale=stretch]")
    expect(face).to_have_count(1, timeout=60_000)
    assert wall.evaluate("window.sameDocument") is True
    line = admin.locator("tr", has_text=HALL)
    for _ in range(120):
        admin.goto(f"{stand.url}/administration/screens")
        if "中亚走廊" in line.inner_text():
            break
        admin.wait_for_timeout(250)
    assert "播放单 走廊" in line.inner_text() and "拉伸" in line.inner_text()
    told = stand.screens()[HALL]
    assert (told["face"], told["scale_shown"]) == ("asia", "stretch")
    wall.route("**/screen/beat", lambda route: route.abort())
    wall.reload()
    expect(face).to_have_count(1, timeout=60_000)  # before any heartbeat
    wall.unroute("**/screen/beat")
    with stand.engine.begin() as connection:
        connection.execute(update(wall_screen).values(playlist_id=None, scale="fit"))
    expect(wall.locator("html[data-face=overview][data-scale=fit]")).to_have_count(1, timeout=60_000)


def test_reload_reloads_once(open_: Browsers, stand: Stand) -> None:
    wall, admin = open_.wall(HALL), open_.person("系统管理")
    heard(stand, wall, HALL)
    wall.evaluate("window.sameDocument = true")
    with wall.expect_navigation():  # by its own rhythm
        act(admin, stand, HALL, "重新载入")
    wall.wait_for_selector("body[data-generation]", timeout=60_000)
    assert wall.evaluate("window.sameDocument") is None
    wall.evaluate("window.sameDocument = true")
    for _ in range(2):
        wall.evaluate("panorama.beat()")
    assert wall.evaluate("window.sameDocument") is True


def test_a_person_at_the_wall_asks_once_and_posts_nothing_and_his_browser_keeps_no_programme(
    open_: Browsers, stand: Stand
) -> None:
    page, asked = open_.person("lingdao"), list[str]()
    page.on("request", lambda r: asked.append(r.method) if "/screen/beat" in r.url else None)
    page.goto(f"{stand.url}/")
    page.evaluate("localStorage.setItem('panorama-scale', 'none')")
    asked.clear()
    page.goto(f"{stand.url}/wall")
    page.wait_for_selector("body[data-generation]", timeout=60_000)
    expect(page.locator("html[data-scale=fit]")).to_have_count(1)
    page.wait_for_timeout(4_000)
    assert asked == ["GET"] and page.evaluate("localStorage.length") == 0


def test_a_page_that_is_no_wall_asks_nothing(open_: Browsers, stand: Stand) -> None:
    page, asked = open_.person("lingdao"), list[str]()
    page.on("request", lambda r: asked.append(r.url) if "/screen/beat" in r.url else None)
    page.goto(f"{stand.url}/")
    page.wait_for_timeout(2_500)
    assert asked == []


def test_both_hashes_are_those_of_the_books(open_: Browsers, stand: Stand) -> None:
    page = open_.person("lingdao")
    page.goto(f"{stand.url}/")
    page.wait_for_function("window.panorama && panorama.hashed")
    assert page.evaluate("panorama.hashed('abc')") == (
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert page.evaluate("panorama.hashed('foobar', true)").startswith("fnv1a:bf9cf968")


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_the_pages_about_screens_are_whole(open_: Browsers, stand: Stand, size: tuple[int, int]) -> None:
    heard(stand, open_.wall(HALL), HALL)
    admin = open_.person("系统管理", size)
    number = stand.screens()[HALL]["id"]
    for path in ("", f"/{number}", f"/{number}/message", f"/{number}/change", "/playlists", "/playlists/1"):
        admin.goto(f"{stand.url}/administration/screens{path}")
        assert admin.evaluate(FAULTS) == [], path


def test_a_wall_whose_token_was_revoked_or_whose_server_fails_posts_nothing_and_stays_as_it_is(
    open_: Browsers, stand: Stand
) -> None:
    wall = open_.wall("甲屏")  # the last that needs it
    wall.reload()
    expect(wall.locator(".figure .n").first).not_to_have_text("―", timeout=60_000)
    expect(wall.locator(".figure .leaf-was")).to_have_count(0)  # The dash has faded out.
    figure = wall.inner_text(".figure .n")
    asked: list[str] = []
    wall.on("request", lambda r: asked.append(r.method) if "/screen/beat" in r.url else None)
    wall.route("**/screen/beat", lambda route: route.fulfill(status=500, body="<h1>500</h1>"))
    assert re.search("beat 500", wall.evaluate("panorama.beat().catch(String)"))
    wall.unroute("**/screen/beat")
    wall.context.clear_cookies()
    assert re.search("beat 401", wall.evaluate("panorama.beat().catch(String)"))
    wall.wait_for_timeout(1_500)  # A beat of its own rhythm may have been under way.
    asked.clear()
    wall.wait_for_timeout(4_000)
    assert "POST" not in asked
    assert wall.inner_text(".figure .n") == figure and wall.locator(".screen-note, form").count() == 0

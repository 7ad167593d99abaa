"""A wall's heartbeat in a real browser: what arrives, what a screen is asked to do, and what is never sent."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
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
Open = Callable[..., Page]


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


@pytest.fixture
def browse(browser: Browser, stand: Stand) -> Iterator[Open]:
    """Opens pages in contexts of their own: a wall by its screen's name, or as somebody."""
    contexts: list[BrowserContext] = []

    def begin(screen: str = "", login: str = "", size: tuple[int, int] = (1366, 768)) -> Page:
        contexts.append(browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN"))
        page = contexts[-1].new_page()
        if login:
            contexts[-1].add_cookies(stand.cookies(login))
        if screen:
            token = create_token(stand.engine, "screen", screen, "wall", timedelta(days=1))
            page.goto(f"{stand.url}/enter?token={token}")
            page.wait_for_selector("body[data-generation]", timeout=30_000)
        return page

    yield begin
    for context in contexts:
        context.close()


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


def test_a_heartbeat_arrives_by_itself_and_tells_what_the_wall_shows(browse: Open, stand: Stand) -> None:
    wall = browse("大厅屏", size=(1920, 1080))
    sent: list[str] = []
    wall.on("request", lambda r: sent.append(r.url) if r.method == "POST" and r.url.endswith("/screen/beat") else None)
    told = heard(stand, wall, "大厅屏")
    assert (told["size"], told["view"], told["address"]) == ("1920x1080", "/wall", "127.0.0.1")
    assert told["text_share"] == pytest.approx(18 / 1080, rel=0.001)
    assert told["build"] and abs(datetime.now(UTC) - told["as_of"]) < timedelta(minutes=5)
    wall.wait_for_timeout(20_000)
    assert len(sent) >= 2, "the rhythm goes on"


def test_two_walls_that_show_the_same_tell_the_same_hash_and_a_changed_figure_is_an_alert(
    browse: Open, stand: Stand
) -> None:
    one, two = browse("甲屏", size=(1920, 1080)), browse("乙屏", size=(3840, 2160))
    for _ in range(5):  # A generation may end between the two.
        for page in (one, two):
            page.evaluate("panorama.beat()")
        first, second = heard(stand, one, "甲屏"), heard(stand, two, "乙屏")
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


def test_a_message_typed_by_the_administrator_appears_on_the_wall_and_goes(browse: Open, stand: Stand) -> None:
    wall, admin = browse("消息屏", size=(1920, 1080)), browse(login="系统管理")
    heard(stand, wall, "消息屏")
    act(admin, stand, "消息屏", "发消息")
    admin.fill("input[name=text]", "十点<b>开会</b>，请到二楼会议室")
    admin.fill("input[name=seconds]", "5")
    admin.get_by_role("button", name="发送").click()
    expect(admin.locator(".notice")).to_contain_text("已交给“消息屏”")
    band = wall.locator(".screen-message")
    expect(band).to_contain_text("十点<b>开会</b>，请到二楼会议室", timeout=25_000)  # by its own rhythm
    assert wall.evaluate("""() => {
      const box = (name) => document.querySelector(name).getBoundingClientRect(), band = box('.screen-message');
      return Math.abs(band.top - box('.wall > .head').bottom) < 2 && band.width === innerWidth;
    }""")
    assert wall.locator("form, input, button").count() == 0
    expect(band).to_have_count(0, timeout=10_000)
    wall.evaluate("panorama.beat()")
    expect(band).to_have_count(0)
    admin.goto(f"{stand.url}/administration/screens")
    expect(admin.locator("tr", has_text="消息屏")).to_contain_text("屏幕已领取")


def test_identify_shows_the_number_and_the_name_for_ten_seconds(browse: Open, stand: Stand) -> None:
    wall, admin = browse("标识屏", size=(1920, 1080)), browse(login="系统管理")
    found = heard(stand, wall, "标识屏")
    with stand.engine.begin() as connection:
        connection.execute(update(wall_screen).where(wall_screen.c.id == found["id"]).values(place="政务大厅二楼东侧"))
    act(admin, stand, "标识屏", "标识")
    wall.evaluate("panorama.beat()")
    mark = wall.locator(".screen-mark")
    assert mark.inner_text().split("\n") == [str(found["id"]), "标识屏", "政务大厅二楼东侧"]
    box = mark.bounding_box()
    assert box and box["x"] >= 0 and box["width"] <= 1920 and box["height"] > 300
    wall.wait_for_timeout(8_000)
    assert mark.count() == 1
    expect(mark).to_have_count(0, timeout=4_000)


def test_reload_reloads_once(browse: Open, stand: Stand) -> None:
    wall, admin = browse("重载屏", size=(1920, 1080)), browse(login="系统管理")
    heard(stand, wall, "重载屏")
    wall.evaluate("window.sameDocument = true")
    act(admin, stand, "重载屏", "重新载入")
    with wall.expect_navigation():
        wall.evaluate("void panorama.beat()")
    wall.wait_for_selector("body[data-generation]", timeout=30_000)
    assert wall.evaluate("window.sameDocument") is None
    wall.evaluate("window.sameDocument = true")
    for _ in range(2):
        wall.evaluate("panorama.beat()")
    assert wall.evaluate("window.sameDocument") is True


def test_a_person_at_the_wall_asks_once_and_posts_nothing(browse: Open, stand: Stand) -> None:
    page, asked = browse(login="lingdao"), list[str]()
    page.on("request", lambda r: asked.append(r.method) if "/screen/beat" in r.url else None)
    page.goto(f"{stand.url}/wall")
    page.wait_for_selector("body[data-generation]", timeout=30_000)
    page.wait_for_timeout(22_000)
    assert asked == ["GET"]


def test_a_wall_whose_token_was_revoked_or_whose_server_fails_posts_nothing_and_stays_as_it_is(
    browse: Open, stand: Stand
) -> None:
    wall = browse("吊销屏", size=(1920, 1080))
    heard(stand, wall, "吊销屏")
    figure = wall.inner_text(".figure .n")
    asked: list[str] = []
    wall.on("request", lambda r: asked.append(r.method) if "/screen/beat" in r.url else None)
    wall.route("**/screen/beat", lambda route: route.fulfill(status=500, body="<h1>500</h1>"))
    assert re.search("beat 500", wall.evaluate("panorama.beat().catch(String)"))
    wall.unroute("**/screen/beat")
    wall.context.clear_cookies()
    assert re.search("beat 401", wall.evaluate("panorama.beat().catch(String)"))
    asked.clear()
    wall.wait_for_timeout(20_000)
    assert "POST" not in asked
    assert wall.inner_text(".figure .n") == figure and wall.locator(".screen-note, form").count() == 0


def test_a_page_that_is_no_wall_asks_nothing(browse: Open, stand: Stand) -> None:
    page, asked = browse(login="lingdao"), list[str]()
    page.on("request", lambda r: asked.append(r.url) if "/screen/beat" in r.url else None)
    page.goto(f"{stand.url}/")
    page.wait_for_timeout(6_000)
    assert asked == []


def test_both_hashes_are_those_of_the_books(browse: Open, stand: Stand) -> None:
    page = browse(login="lingdao")
    page.goto(f"{stand.url}/")
    page.wait_for_function("window.panorama && panorama.hashed")
    assert page.evaluate("panorama.hashed('abc')") == (
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert page.evaluate("panorama.hashed('foobar', true)").startswith("fnv1a:bf9cf968")


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_the_pages_about_screens_are_whole(browse: Open, stand: Stand, size: tuple[int, int]) -> None:
    heard(stand, browse("整页屏"), "整页屏")
    admin = browse(login="系统管理", size=size)
    number = stand.screens()["整页屏"]["id"]
    for path in ("", f"/{number}", f"/{number}/message", f"/{number}/change"):
        admin.goto(f"{stand.url}/administration/screens{path}")
        assert admin.evaluate(FAULTS) == [], path

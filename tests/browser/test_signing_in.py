"""Signing in as people do it: the first day of a new platform, what it leaves behind, walls, and hostile texts."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, expect
from python_calamine import CalamineWorkbook

from backend.clearance.states import SHANGHAI
from backend.demo.world import World
from backend.exchange.batch import take_batch
from backend.exchange.documents import Incoming
from tests.browser.first_day import OWN_PASSWORD, PERSON, Clerk, Day, Town, files
from tests.browser.hostile import HOSTILE, behaviour, hostile_wall, in_full, shows, write_down
from tests.browser.test_wall_alive import declaration, receipt
from tests.cast import PASSWORD
from tests.running import Platform
from tests.truths import figures_of

pytestmark = pytest.mark.browser

Begin = Callable[[], Clerk]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    world = tmp_path_factory.mktemp("world")
    truth = figures_of(World(8, datetime.now(SHANGHAI).date() - timedelta(days=1)).write(world, 150))
    platform = Platform(tmp_path_factory.mktemp("var"))
    platform.env["TMPDIR"] = str(tmp_path_factory.mktemp("temporary"))
    with platform:
        platform.command("import", str(world))
        platform.await_figures(truth)
        yield Town(platform, truth)


@pytest.fixture(scope="module")
def day(browser: Browser, town: Town) -> Iterator[Day]:
    lived = Day(browser, town.platform, town.firms[0][0]).live()
    yield lived
    for clerk in lived.clerks():
        clerk.context.close()


@pytest.fixture
def clerk(browser: Browser, town: Town) -> Iterator[Begin]:
    clerks: list[Clerk] = []

    def begin() -> Clerk:
        clerks.append(Clerk(browser, town.platform))
        return clerks[-1]

    yield begin
    for one in clerks:
        one.context.close()


def test_the_first_day_leads_from_the_consoles_token_to_a_person_with_his_own_figures(day: Day, town: Town) -> None:
    expect(day.person.page.locator(".facts .jade")).to_have_text(town.vehicles(0), timeout=15_000)
    assert "密码已修改" not in day.person.page.url and "申报员" in day.person.says()


def test_a_suspended_persons_open_page_leads_to_sign_in_by_itself_and_shows_no_figure(day: Day, town: Town) -> None:
    page, figure = day.person.page, town.vehicles(0)
    expect(page.locator(".facts .jade")).to_have_text(figure, timeout=15_000)
    day.system.open(f"/administration/accounts/{day.account}/suspend")
    day.system.send("确认停用", reason="演示：离职或调岗")
    page.wait_for_url("**/sign-in?next=%2F", timeout=10_000)
    assert page.inner_text("h1") == "登录" and not re.search(rf"(?<!\d){figure}(?!\d)", day.person.says())
    assert page.locator(".facts, .n").count() == 0
    day.person.sign_in(PERSON, OWN_PASSWORD)
    assert "登录名或密码不正确" in day.person.says()
    day.person.open("/account").wait_for_url("**/sign-in?next=/account")


FOUND = (
    ("首次启动", "首次设置 · 完成"),
    ("xitong.jia", "动态口令 · 确认绑定"),
    ("xitong.jia", "单位 · 登记"),
    ("xitong.jia", "账号 · 建立"),
    ("xitong.jia", "角色 · 申请"),
    ("anquan.yi", "角色 · 审批"),
    (PERSON, "登录 · 密码验证"),
    (PERSON, "会话 · 开始"),
    (PERSON, "密码 · 修改"),
    ("xitong.jia", "账号 · 停用"),
)


def test_the_audit_administrator_finds_all_of_it_with_names_and_takes_it_out(day: Day, tmp_path: Path) -> None:
    page = day.audit.open("/administration/audit")
    people, matters = (page.locator(f"td:nth-child({place})").all_inner_texts() for place in (3, 4))
    rows = set(zip(people, matters, strict=True))
    assert [line for line in FOUND if line not in rows] == []
    with page.expect_download() as coming:
        page.get_by_role("button", name="导出表格").click()
    coming.value.save_as(tmp_path / "audit.xlsx")
    taken = "\n".join(
        map(str, CalamineWorkbook.from_path(str(tmp_path / "audit.xlsx")).get_sheet_by_index(0).to_python())
    )
    assert all(actor in taken for actor, _ in FOUND) and "shenji.bing" in taken
    assert not [canary for canary in day.canaries() if canary in taken or canary in page.content()]


def test_row_34_nothing_personal_stays_behind(day: Day, town: Town) -> None:
    canaries = day.canaries()
    assert len(canaries) == 12
    left = [*files(town.platform.var), *files(town.temporary)]
    assert {"platform.log", "ledger.sqlite"} <= {path.name for path in left} and files(town.temporary) == []
    for path in left:
        content = path.read_bytes()
        assert [canary for canary in canaries if canary.encode() in content] == [], path
    for clerk in day.clerks():
        told = clerk.keeps() + "".join(map(unquote, clerk.asked))
        assert [canary for canary in canaries if canary in told] == []


def test_row_34_after_signing_out_the_back_button_leads_to_sign_in(day: Day) -> None:
    clerk = day.security
    opened = clerk.page.goto(f"{clerk.url}/administration/roles/holders")
    assert opened is not None and opened.headers["cache-control"] == "no-store" and PERSON in clerk.says()
    clerk.page.get_by_role("button", name="退出").click()
    clerk.page.wait_for_url(f"{clerk.url}/")
    answer = clerk.page.go_back()
    assert answer is not None and answer.status == 401
    clerk.page.wait_for_url("**/sign-in?next=**")
    expect(clerk.page.locator("h1")).to_have_text("登录")
    assert PERSON not in clerk.page.content() and "panorama_session" not in clerk.keeps()
    refused = clerk.context.request.get(f"{clerk.url}/administration/roles/holders", headers={"Accept": "text/html"})
    assert refused.status == 401 and "请先登录" in refused.text() and PERSON not in refused.text()


def test_no_page_of_the_day_asked_another_host_or_complained(day: Day) -> None:
    for clerk in day.clerks():
        assert clerk.foreign() == [] and clerk.troubles == [] and clerk.dialogs == []


def test_two_browsers_at_once_see_their_own_firms_figures_and_not_the_others(clerk: Begin, town: Town) -> None:
    for number in (1, 2):
        town.cast.person(
            f"qiye{number}", town.cast.place("enterprise", f"演示{number}号", uscc=town.firms[number][0]), "declarant"
        )
    both, figures = [clerk(), clerk()], [town.vehicles(1), town.vehicles(2)]
    assert figures[0] != figures[1]
    for number, one in enumerate(both, 1):
        one.sign_in(f"qiye{number}", PASSWORD)
    for _ in range(2):
        for one, own in zip(both, figures, strict=True):
            expect(one.page.locator(".facts .jade")).to_have_text(own, timeout=15_000)
            one.page.reload()
    assert [one.troubles + one.foreign() for one in both] == [[], []]


def open_wall(day: Day, clerk: Clerk) -> None:
    """A screen of its own, by a token that the system administrator gives out."""
    day.system.open("/administration/tokens/new")
    day.system.send("建立令牌", name="演示一号屏", role="wall")
    clerk.page.goto(day.system.page.inner_text("p.secret"))
    clerk.page.wait_for_selector("body[data-generation]", timeout=30_000)


def test_a_revoked_wall_keeps_its_figures_says_so_and_gets_no_new_ones(day: Day, clerk: Begin, town: Town) -> None:
    wall, bytes_after = clerk(), list[str]()
    open_wall(day, wall)
    day.system.open("/administration/tokens").locator("tr", has_text="演示一号屏").get_by_role("link").click()
    day.system.send("确认吊销")
    expect(wall.page.locator(".fresh em")).to_have_text("本屏授权已失效，数字不再更新", timeout=15_000)
    figures, generation = standing_figures(wall)
    assert re.search(r"\d", figures)
    wall.page.on("response", lambda answer: bytes_after.append(answer.url) if answer.ok else None)
    take_batch(town.engine, "测试", [Incoming("new.xml", declaration()), Incoming("new-receipt.xml", receipt())])
    wall.page.wait_for_timeout(5_600)  # longer than from one tick to the next
    assert bytes_after == [] and standing_figures(wall) == (figures, generation)
    assert wall.page.locator("form, input").count() == 0 and wall.page.url.endswith("/wall")
    assert refused_wall(wall) == []


def standing_figures(wall: Clerk) -> tuple[str, str | None]:
    """The figures that the wall shows, and the generation that it says they are of."""
    return wall.page.locator(".kpi").first.inner_text(), wall.page.get_attribute("body", "data-generation")


def refused_wall(clerk: Clerk) -> list[str]:
    """What a wall without a token shows that it must not."""
    answer = clerk.page.goto(f"{clerk.url}/wall")
    assert answer is not None and answer.status == 401
    clerk.page.wait_for_timeout(500)
    words = [] if clerk.page.inner_text("h1") == "本屏未获授权" and clerk.page.url.endswith("/wall") else [clerk.says()]
    return words + clerk.page.locator("form, input, button").all_inner_texts() + clerk.troubles + clerk.foreign()


def test_a_wall_without_a_token_shows_no_form_and_stays_where_it_is(clerk: Begin) -> None:
    assert refused_wall(clerk()) == []


def test_hostile_texts_are_shown_as_texts_everywhere(day: Day, clerk: Begin, town: Town) -> None:
    system, guest, short = day.system, clerk(), [text[:40] for text in HOSTILE]
    person = town.cast.person("youke", town.cast.place("enterprise", HOSTILE[6], uscc=town.firms[3][0]), "declarant")
    guest.sign_in("youke", PASSWORD)
    shows(guest, "/account", [HOSTILE[6]])
    write_down(system, person)
    stranger = clerk()
    for text in HOSTILE[:4]:
        stranger.sign_in(text, "Xa#7-nothing")
        assert stranger.page.input_value("[name=login]") == text
    shows(system, "/administration/organisations", HOSTILE)
    shows(system, "/administration/accounts/new", HOSTILE)
    shows(system, "/administration/dictionaries/own_return_reason", short)
    shows(system, "/administration/tokens", short)
    shows(system, f"/administration/accounts/{person}", [HOSTILE[0], HOSTILE[6]])
    shows(system, "/administration/roles/requests", [HOSTILE[0], HOSTILE[6]])
    in_full(day.audit, "administration:organisation:open", HOSTILE)
    tried = day.audit.open("/administration/audit?tag=identity:sign-in").content()  # may be a password in the wrong box
    assert "登录 · 密码验证" in tried and [text for text in HOSTILE[:4] if escape(text) in tried] == []
    hostile_wall(clerk(), town)
    behaviour(day.audit, town, HOSTILE[6])

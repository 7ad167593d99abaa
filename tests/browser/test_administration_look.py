"""Every page that a role's navigation offers, in a real browser: nothing cut, overprinted, unlabelled or slow."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from backend.alerts.service import raise_alert
from backend.db import make_engine, writing
from backend.identity.roles import PEOPLE
from tests.running import Platform

pytestmark = pytest.mark.browser

FAULTS = (Path(__file__).parent / "page_faults.js").read_text(encoding="utf-8")
SMALL, LARGE, TELEPHONE = (1366, 768), (1920, 1080), (390, 844)
SLOW = 3000  # milliseconds until a page's load event
# Which of many alike: one code table, one setting and one dictionary stand for all.
ALIKE = (
    (r"/codes/(?!country).+", ""),
    (r"/(policy|configuration|dictionaries)/.+", r"/\1/*"),
    (r"(?<=/)([0-9a-f]{12,32}|[0-9]+)(?=/|$)", "*"),
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A small demo in which an alert is open and a role has been asked for."""
    with Platform(tmp_path_factory.mktemp("var"), demo="on", demo_declarations=80, demo_every=3600) as running:
        with writing(make_engine(f"sqlite:///{running.var / 'ledger.sqlite'}")) as connection:
            words = "演示账号一分钟内 21 次访问无权的页面或接口"
            raise_alert(connection, rule="refusals", subject="演示", severity="warning", words=words)
        yield running


class Visit:
    """One role's tab; `troubles` holds what the console complained of and whom the pages asked besides us."""

    def __init__(self, window: BrowserContext, demo: Platform, role: str, size: tuple[int, int] = SMALL) -> None:
        window.clear_cookies()
        self.page: Page = window.new_page()
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.url, self.troubles = demo.url, list[str]()
        self.page.on("console", lambda m: self.troubles.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on(
            "request", lambda r: None if r.url.startswith((demo.url, "data:")) else self.troubles.append(r.url)
        )
        self.page.goto(f"{demo.url}/sign-in")
        if role:
            self.page.click(f"button[value={role}]")

    def open(self, path: str) -> list[str]:
        """Open a page and wait for what it draws; gives its faults at this size."""
        if self.page.url != self.url + path:
            self.page.goto(self.url + path)
        self.page.wait_for_selector("h1")
        if path == "/behaviour":
            self.page.wait_for_function("() => document.querySelectorAll('.js-plotly-plot .main-svg').length >= 5")
        took = self.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        slow = [f"took {took:.0f} ms"] if not 0 < took < SLOW else []
        return slow + list(self.page.evaluate(FAULTS))

    def faults(self, path: str) -> list[str]:
        """What is wrong with a page at both sizes of screen."""
        found = self.open(path)
        self.page.set_viewport_size({"width": LARGE[0], "height": LARGE[1]})
        self.page.evaluate("() => new Promise(requestAnimationFrame)")
        found += [f"large: {fault}" for fault in self.page.evaluate(FAULTS)]
        self.page.set_viewport_size({"width": SMALL[0], "height": SMALL[1]})
        return [f"{path} {fault}" for fault in found]

    def links(self, where: str) -> list[str]:
        """Where the links inside an element lead."""
        hrefs = self.page.eval_on_selector_all(f"{where} a[href^='/']", "all => all.map(a => a.getAttribute('href'))")
        return [href for href in hrefs if not href.endswith(".xlsx")]


Begin = Callable[..., Visit]


def alike(path: str) -> str:
    """The same text for pages that differ only in what they show."""
    path = path.partition("?")[0].partition("#")[0]
    for pattern, word in ALIKE:
        path = re.sub(pattern, word, path)
    return path


def walk(visit: Visit, starts: list[str]) -> tuple[set[str], list[str]]:
    """Open everything that links lead to, one of each kind: the kinds, and the faults found."""
    todo, kinds, faults = list(starts), set[str](), list[str]()
    while todo:
        path = todo.pop(0)
        if alike(path) in kinds or path == "/wall":
            continue
        kinds.add(alike(path))
        faults += visit.faults(path)
        todo += visit.links("body")
    return kinds, faults


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """One browser for all roles in turn: fonts and charts are fetched once, as on a clerk's own machine."""
    context = browser.new_context(locale="zh-CN")
    yield context
    context.close()


@pytest.fixture
def visit(window: BrowserContext, demo: Platform) -> Iterator[Begin]:
    visits: list[Visit] = []

    def begin(role: str, size: tuple[int, int] = SMALL) -> Visit:
        visits.append(Visit(window, demo, role, size))
        return visits[-1]

    yield begin
    for one in visits:
        one.page.close()


# Pages that must have been looked at, for the three administrators and the duty officer; new ones are looked at too.
OFFERED = {
    "system_admin": {
        "/", "/account", "/alerts", "/alerts/*", "/administration", "/administration/accounts",
        "/administration/accounts/new", "/administration/accounts/*", "/administration/accounts/*/change",
        "/administration/accounts/*/close", "/administration/accounts/*/reveal", "/administration/accounts/*/suspend",
        "/administration/organisations", "/administration/organisations/new", "/administration/organisations/*",
        "/administration/organisations/*/close", "/administration/roles", "/administration/roles/requests",
        "/administration/roles/holders", "/administration/tokens", "/administration/tokens/new",
        "/administration/screens", "/administration/screens/playlists", "/administration/screens/playlists/new",
        "/administration/configuration", "/administration/configuration/*",
        "/administration/codes", "/administration/codes/country",
        "/administration/dictionaries", "/administration/dictionaries/*",
    },
    "security_admin": {
        "/", "/account", "/alerts", "/alerts/*", "/administration", "/administration/roles",
        "/administration/roles/requests", "/administration/roles/requests/*", "/administration/roles/holders",
        "/administration/roles/grants/*/end", "/administration/bindings", "/administration/sessions",
        "/administration/sessions/*/end", "/administration/policy", "/administration/policy/*",
    },
    "audit_admin": {
        "/", "/account", "/behaviour", "/administration", "/administration/audit", "/administration/audit/*",
    },
    "monitor": {"/", "/account", "/alerts", "/alerts/*"},
}  # fmt: skip


@pytest.mark.parametrize("role", OFFERED)
def test_every_page_of_administration_is_whole_at_two_sizes_and_opens_in_three_seconds(visit: Begin, role: str) -> None:
    shown = visit(role)
    if role == "system_admin":
        ask_for_a_role(shown)
    kinds, faults = walk(shown, ["/", "/account"])
    assert faults == [] and shown.troubles == []
    assert OFFERED[role] - kinds == set()


def ask_for_a_role(visit: Visit) -> None:
    """So that there is a request to decide."""
    page = visit.page
    page.goto(f"{visit.url}/administration/accounts?role=declarant")
    page.click("table a")
    page.select_option("select[name=role]", "enterprise_admin")
    page.fill("textarea[name=reason]", "演示：兼任本企业管理员")
    page.get_by_role("button", name="提交申请").click()
    page.wait_for_selector(".notice.good")


@pytest.mark.parametrize("role", sorted(set(PEOPLE) - set(OFFERED)))
def test_the_pages_of_every_other_role_are_whole_too(visit: Begin, role: str) -> None:
    shown = visit(role)
    assert shown.faults("/") == [] and shown.troubles == []
    wall = ["/wall"] if "view:wall" in PEOPLE[role].permissions else []
    assert shown.links(".topbar nav") == ["/", *wall]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/wall"])
def test_what_a_stranger_sees_is_whole_on_a_screen_and_on_a_telephone(visit: Begin, path: str) -> None:
    shown = visit("")
    assert shown.faults(path) == []
    shown.page.set_viewport_size({"width": TELEPHONE[0], "height": TELEPHONE[1]})
    assert shown.open(path) == []
    assert [line for line in shown.troubles if "401" not in line] == []


def test_the_own_account_fits_a_telephone(visit: Begin) -> None:
    shown = visit("declarant", TELEPHONE)
    for path in ("/account", "/", "/administration"):  # the last is empty for him, and says so
        assert shown.open(path) == []


def test_the_measure_finds_what_it_is_for(visit: Begin) -> None:
    shown = visit("")
    spoil = """() => {
      document.querySelector('label').removeAttribute('for');
      document.querySelector('main').insertAdjacentHTML('beforeend', `<h1>二</h1><table><tr><td>格</td></tr></table>
        <p style="width:40px;overflow:hidden;white-space:nowrap">很长很长很长很长的一句话</p><p>Submit</p>
        <div style="width:3000px">宽</div>
        <nav><a href="/x">甲乙</a><a href="/y" style="margin-left:-1em">丙丁</a></nav>`);
    }"""
    shown.page.evaluate(spoil)
    found = " ".join(shown.page.evaluate(FAULTS))
    for sign in ("no label", "2 h1", "no caption", "cut: p", "English: Submit", "too wide", "overlap: 甲乙 × 丙丁"):
        assert sign in found

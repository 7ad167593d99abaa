"""The first day of a new platform, lived in a real browser: each person in a browser of his own, watched throughout."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pyotp
from playwright.sync_api import Browser, BrowserContext, Page

from backend.clearance.states import SHANGHAI
from backend.crypto.keys import open_keys
from backend.db import make_engine
from tests.cast import Cast
from tests.running import Platform

# What nobody may find again afterwards. The person's own passwords come on top, and the secrets of second factors.
PHONE, ID_NO, NAME = "13900007731", "YANSHI88776655", "演示金丝雀"
PASSWORDS = {
    "xitong.jia": "Kanari#71-aspenwood",
    "anquan.yi": "Kanari#72-birchwood",
    "shenji.bing": "Kanari#73-cedarwood",
}
PERSON, OWN_PASSWORD, WRONG_PASSWORD = "shenbao.ding", "Kanari#74-dogwood", "Kanari#75-elderwood"
# A refused page is a refused resource to the console, and Dash reads the words of a refused callback twice, which no
# browser allows; anything else that the console complains of is a fault.
EXPECTED = re.compile(
    r"Failed to load resource: the server responded with a status of (400|401|403|404) "
    r"|Failed to execute 'text' on 'Response': body stream already read"
)
WATCH_POLICY = (
    "addEventListener('securitypolicyviolation', e => console.error('policy', e.violatedDirective, e.blockedURI))"
)


class Town:
    """A new platform into which a year of invented trade was imported; nobody has an account yet."""

    def __init__(self, platform: Platform, truth: dict[str, dict[str, dict[str, int]]]) -> None:
        self.platform = platform
        self.engine = make_engine(f"sqlite:///{platform.var / 'ledger.sqlite'}")
        self.firms = sorted(truth["by_enterprise"].items(), key=lambda firm: -firm[1]["vehicles"])
        self.cast = Cast(self.engine, open_keys(platform.var / "keys"))
        self.temporary = Path(platform.env["TMPDIR"])

    def vehicles(self, number: int) -> str:
        """How many vehicles a firm has exported this year, as the interface tells it."""
        today = datetime.now(SHANGHAI).date()
        rows = self.platform.statistics("enterprise", from_=f"{today.year}-01-01", to=today.isoformat())["rows"]
        return next(f"{row['vehicles']:,}" for row in rows if row["key"] == self.firms[number][0])


class Clerk:
    """Somebody's browser: his tab, whom it asked, and what went wrong in it."""

    def __init__(self, browser: Browser, platform: Platform) -> None:
        self.url = platform.url
        self.context: BrowserContext = browser.new_context(
            viewport={"width": 1366, "height": 768}, locale="zh-CN", reduced_motion="reduce"
        )
        self.context.add_init_script(WATCH_POLICY)
        self.context.on("request", lambda sent: self.asked.append(sent.url))
        self.asked, self.troubles, self.dialogs, self.secret = list[str](), list[str](), list[str](), ""
        self.page: Page = self.tab()

    def tab(self) -> Page:
        """One more tab."""
        page = self.context.new_page()
        page.on("console", lambda line: self.heard(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.heard(str(error)))
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        return page

    def heard(self, complaint: str) -> None:
        """Keep what the browser complained of."""
        if not EXPECTED.match(complaint):
            self.troubles.append(complaint)

    def foreign(self) -> list[str]:
        """Requests to anybody but the platform."""
        return [url for url in self.asked if not url.startswith((self.url + "/", "data:", "blob:"))]

    def open(self, path: str) -> Page:
        """Open a page of the platform."""
        self.page.goto(self.url + path)
        return self.page

    def send(self, button: str, **fields: str) -> Page:
        """Fill in the fields of the page's form by their names and press a button."""
        for name, value in fields.items():
            field = self.page.locator(f"main [name={name}]")
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        self.page.get_by_role("button", name=button, exact=True).click()
        self.page.wait_for_load_state()
        return self.page

    def post(self, path: str, **fields: str) -> int:
        """Send a form of the platform without looking at it; gives the status."""
        token = next(c["value"] for c in self.context.cookies() if c["name"] == "panorama_csrf")
        return self.context.request.post(self.url + path, form={"csrf_token": token, **fields}).status

    def sign_in(self, login: str, password: str) -> Page:
        """Name and password."""
        self.open("/sign-in")
        return self.send("登录", login=login, password=password)

    def enrol(self) -> Page:
        """Bind the second factor that the page demands, as a telephone would."""
        assert self.page.url.endswith("/account/factor")
        self.secret = self.page.inner_text("p.secret").replace(" ", "")
        return self.send("完成绑定", code=pyotp.TOTP(self.secret).now())

    def says(self) -> str:
        """The words of the page."""
        return self.page.inner_text("body")

    def keeps(self) -> str:
        """Everything that this browser keeps of the platform: cookies and both storages of every tab."""
        session = "JSON.stringify([{...sessionStorage}, {...localStorage}])"
        tabs = [page.evaluate(session) for page in self.context.pages if page.url.startswith(self.url)]
        return str(self.context.storage_state()) + str(tabs)


class Day:
    """The people of the day; `live` runs it, and every step fails where it does not go on."""

    def __init__(self, browser: Browser, platform: Platform, uscc: str) -> None:
        self.browser, self.platform, self.uscc = browser, platform, uscc
        self.system, self.security, self.audit, self.person = (Clerk(browser, platform) for _ in range(4))
        self.account = self.first_password = ""

    def clerks(self) -> tuple[Clerk, ...]:
        """Everybody."""
        return self.system, self.security, self.audit, self.person

    def live(self) -> "Day":
        """From the console's token to a declarant who sees his figures."""
        self.create_administrators(self.platform.command("first-run").split()[-1])
        for clerk, login in zip(self.clerks(), PASSWORDS, strict=False):
            clerk.sign_in(login, PASSWORDS[login])
            clerk.enrol()
            assert "动态口令已绑定" in clerk.says() or clerk.page.url == f"{self.platform.url}/"
        self.create_account()
        self.approve()
        self.first_sign_in()
        return self

    def create_administrators(self, token: str) -> None:
        """The form that exists once."""
        given: dict[str, Any] = {"token": token}
        for word, (login, password) in zip(("system", "security", "audit"), PASSWORDS.items(), strict=True):
            given |= {f"{word}_login": login, f"{word}_name": f"演示{login[:2]}", f"{word}_password": password}
        self.system.open("/first-run")
        page = self.system.send("建立三位管理员", **given)
        assert page.url.endswith("/sign-in") and "三位管理员已建立" in self.system.says()
        assert self.security.open("/first-run").inner_text("h1") == "无法打开"

    def create_account(self) -> None:
        """An organisation, an account in it, and the request for a role."""
        clerk = self.system
        clerk.open("/administration/organisations/new")
        clerk.send("建立单位", kind="enterprise", name="演示首日公司", uscc=self.uscc)
        clerk.open("/administration/accounts/new")
        place = clerk.page.locator("option", has_text="演示首日公司").get_attribute("value") or ""
        clerk.send("建立账号", login_name=PERSON, organisation_id=place, name=NAME, phone=PHONE, id_no=ID_NO)
        self.first_password = clerk.page.inner_text("p.secret")
        clerk.page.get_by_role("link", name="已经抄下，去账号页").click()
        self.account = clerk.page.url.rsplit("/", 1)[1]
        assert NAME not in clerk.says() and PHONE not in clerk.says()
        clerk.send("提交申请", role="declarant", reason="演示：首日开通")
        assert "等待安全管理员批准" in clerk.says()

    def approve(self) -> None:
        """By somebody else than who asked."""
        self.security.open("/administration/roles/requests").get_by_role("link", name="审批").click()
        self.security.send("批准", reason="演示：已核对")
        assert "没有等待批准的申请" in self.security.says()

    def first_sign_in(self) -> None:
        """A slip of the finger, then the one-time password, which must be changed at once."""
        clerk = self.person
        clerk.sign_in(PERSON, WRONG_PASSWORD)
        assert "登录名或密码不正确" in clerk.says()
        clerk.sign_in(PERSON, self.first_password)
        assert clerk.page.url.endswith("/account/password")
        assert clerk.open("/account").url.endswith("/account/password")  # Nothing else is open before that.
        clerk.send("修改密码", old=self.first_password, password=OWN_PASSWORD, again=OWN_PASSWORD)
        assert clerk.page.url == f"{self.platform.url}/"

    def canaries(self) -> list[str]:
        """What must not be found again."""
        secrets = [clerk.secret for clerk in self.clerks() if clerk.secret]
        typed = [*PASSWORDS.values(), OWN_PASSWORD, WRONG_PASSWORD, self.first_password]
        return [PHONE, ID_NO, NAME, *typed, *secrets]


def files(folder: Path) -> list[Path]:
    """Every file under a folder but keys, which hold secrets by their nature."""
    return [path for path in folder.rglob("*") if path.is_file() and "keys" not in path.relative_to(folder).parts]

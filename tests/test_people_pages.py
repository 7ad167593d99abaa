"""Pages of people and rights, over real HTTP and in a real browser: who sees which, what each deed asks and does."""

import io
import re
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response, g, request, send_from_directory
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine, func, insert, select
from werkzeug.serving import make_server

from backend.administration.field_catalogue import CATALOGUE
from backend.administration.grants import ask_role
from backend.administration.options import change_option
from backend.administration.people_views import NAVIGATION, people
from backend.administration.standing import suspend_account
from backend.crypto.fields import blind_index, seal
from backend.crypto.keys import Keys, open_keys
from backend.db import make_engine, now, writing
from backend.demo.identifiers import uscc
from backend.frame.allow import permission_of
from backend.frame.page import frame
from backend.identity import passwords
from backend.identity.principal import Principal
from backend.identity.roles import PERMISSIONS, ROLES
from backend.identity.sessions import begin_session, principal_of
from backend.identity.tokens import principal_of_token
from backend.models import account, audit_line, organisation, role_grant, sso_binding
from tests.cast import Cast
from tests.conftest import ROOT
from tests.fresh import fresh_ledger

COOKIE = "panorama_session"
PHONE, ID_NO = "13812341234", "11010119900307109X"
WHY = "演示：书面申请已核对"
ADMINISTRATORS = ("system_admin", "security_admin", "audit_admin")
PAGES = {
    "accounts": "system_admin",
    "organisations": "system_admin",
    "tokens": "system_admin",
    "bindings": "security_admin",
    "sessions": "security_admin",
}


def make_app(engine: Engine, keys: Keys) -> Flask:
    """The pages alone, behind a small door that knows people by their session and asks each view's permission."""
    app = Flask("people", static_folder=None, template_folder=str(ROOT / "backend/frame/templates"))
    app.secret_key = keys.forms
    app.extensions.update(engine=engine, keys=keys)
    app.register_blueprint(people)
    frame(app, NAVIGATION)

    @app.get("/assets/<path:path>")
    def assets(path: str) -> Response:
        return send_from_directory(ROOT / "assets", path)

    @app.before_request
    def know() -> tuple[str, int] | None:
        g.principal = principal_of(engine, request.cookies.get(COOKIE, ""))
        g.csrf = g.principal.csrf if g.principal else ""
        if request.endpoint in ("assets", None):
            return None
        if g.principal is None:
            return "nobody", 401
        forged = request.method == "POST" and request.form.get("csrf_token") != g.csrf
        permission = permission_of(app, request.endpoint)
        return ("no", 403) if forged or permission is None or not g.principal.may(permission) else None

    return app


class Counter:
    """The three administrators, a firm and its clerk, and a browser for each."""

    def __init__(self, folder: Path) -> None:
        (folder / "ledger.sqlite").write_bytes(fresh_ledger())
        self.engine = make_engine(f"sqlite:///{folder / 'ledger.sqlite'}")
        self.keys = open_keys(folder / "keys")
        self.app = make_app(self.engine, self.keys)
        self.cast = Cast(self.engine, self.keys)
        platform = self.cast.place("platform", "演示平台运行单位")
        self.firm = self.cast.place("enterprise", "演示出口企业", uscc=uscc("610131", 1))
        for role in ADMINISTRATORS:
            self.cast.person(role, platform, role, clearance=2)
        self.clerk = self.cast.person("clerk", self.firm, phone=PHONE, id_no=ID_NO)

    def token(self, login: str) -> str:
        """A session of somebody."""
        agent = "Mozilla/5.0 (Windows NT 10.0) Chrome/139.0"
        with writing(self.engine) as db:
            return begin_session(db, self.cast.people[login], "password", "full", "127.0.0.1", agent)

    def client(self, login: str) -> FlaskClient:
        """A browser in which somebody is signed in."""
        client = self.app.test_client()
        client.set_cookie(COOKIE, self.token(login))
        return client

    def be(self, login: str) -> Principal:
        """Somebody as verbs know him."""
        found = principal_of(self.engine, self.token(login))
        assert found is not None
        return found

    def lines(self, tag: str) -> int:
        """How many audit lines bear a tag."""
        with self.engine.connect() as db:
            return db.scalar(select(func.count()).select_from(audit_line).where(audit_line.c.tag == tag)) or 0

    def account_id(self, login: str) -> str:
        """The id of the account with this login name."""
        with self.engine.connect() as db:
            return str(db.execute(select(account.c.id).where(account.c.login_name == login)).scalar_one())


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """A counter of this test's own."""
    built = Counter(tmp_path)
    yield built
    built.engine.dispose()


def post(client: FlaskClient, path: str, **fields: str) -> tuple[int, str]:
    """Send a form as the page at that address would; gives status and text of where that leads."""
    page = client.get(path)
    token = re.search(r'name="csrf_token" value="(\w+)"', page.text)
    assert token, page.text
    version = re.search(r'name="version" type="hidden" value="(\d+)"', page.text)
    hidden = {"version": version[1]} if version else {}
    answer = client.post(path, data={"csrf_token": token[1], **hidden, **fields}, follow_redirects=True)
    return answer.status_code, answer.text


def test_row_37_each_of_the_three_administrators_sees_only_his_own_pages(counter: Counter) -> None:
    clients = {role: counter.client(role) for role in ADMINISTRATORS}
    for page, owner in PAGES.items():
        for role, client in clients.items():
            assert client.get(f"/administration/{page}").status_code == (200 if role == owner else 403), (page, role)
    assert [clients[role].get("/administration/roles").status_code for role in ADMINISTRATORS] == [200, 200, 403]
    shown = clients["security_admin"].get("/administration/roles").text
    assert "绑定申请</a>" in shown and "账号</a>" not in shown and "令牌</a>" not in shown


def test_every_view_declares_a_permission_and_strangers_see_none_of_them(counter: Counter) -> None:
    rules = [rule for rule in counter.app.url_map.iter_rules() if rule.endpoint.startswith("people.")]
    assert len(rules) >= 25
    for rule in rules:
        assert permission_of(counter.app, rule.endpoint) in PERMISSIONS, rule
    assert counter.app.test_client().get("/administration/accounts").status_code == 401


def test_a_new_account_shows_its_password_once_and_the_page_is_kept_nowhere(counter: Counter) -> None:
    client = counter.client("system_admin")
    fields = {"login_name": "new.clerk", "organisation_id": counter.firm, "name": "演示新人", "clearance": "1"}
    token = re.search(r'name="csrf_token" value="(\w+)"', client.get("/administration/accounts/new").text)
    assert token
    answer = client.post("/administration/accounts/new", data={"csrf_token": token[1], **fields})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    shown = re.search(r'<p class="secret">(.+?)</p>', answer.text)
    assert shown
    password = shown[1].replace("&#34;", '"').replace("&amp;", "&")
    with counter.engine.connect() as db:
        newest = passwords.hashes_of(db, counter.account_id("new.clerk"), 1)[0]
    assert passwords.matches(newest, password)
    assert shown[1] not in client.get(f"/administration/accounts/{counter.account_id('new.clerk')}").text


def test_a_form_that_does_not_fit_says_what_to_mend_and_changes_nothing(counter: Counter) -> None:
    client = counter.client("system_admin")
    fields = {"organisation_id": counter.firm, "name": "演示新人", "clearance": "1"}
    wrong = (
        ({"login_name": "CLERK"}, "已有人使用"),
        ({"login_name": "张三"}, "3 到 32 位"),
        ({"login_name": "abc", "phone": "123"}, "11 位数字"),
        ({"login_name": "abc", "organisation_id": "0" * 32}, "请从列表中选择"),
        ({"login_name": "abc", "clearance": "公开"}, "请从列表中选择"),
        ({"login_name": "abc", "name": "张\u202e三"}, "看不见的字符"),
    )
    for given, words in wrong:
        status, text = post(client, "/administration/accounts/new", **{**fields, **given})
        assert status == 400 and words in text, given
    assert counter.lines("identity:account:create") == 0


def test_the_list_shows_no_personal_text_and_is_found_by_its_filters(counter: Counter) -> None:
    client = counter.client("system_admin")
    text = client.get("/administration/accounts").text
    assert "张*" in text and "张三丰" not in text and PHONE not in text
    for query, found in (
        ("login=LER", True),
        ("organisation=出口", True),
        ("organisation=" + uscc("610131", 1), True),
        ("state=suspended", False),
        ("role=declarant", False),
        ("login=%25", False),
        ("login=%00", True),
        ("state=nonsense&page=99999999999999999999", False),
    ):
        page = client.get(f"/administration/accounts?{query}")
        assert page.status_code == 200
        assert (">clerk</a>" in page.text) is found, query
    assert "没有符合条件的账号" in client.get("/administration/accounts?state=closed").text


def test_long_lists_come_in_pages_and_keep_their_filters(counter: Counter) -> None:
    with writing(counter.engine) as db:
        change_option(db, "x", "测试", "page_rows", 10, WHY)
    for number in range(23):
        counter.cast.person(f"many{number:02d}", counter.firm)
    page = counter.client("system_admin").get("/administration/accounts?login=many&page=2").text
    assert "many10" in page and "many09" not in page and "共 23 条，第 2 / 3 页" in page
    assert "login=many&amp;page=3" in page


def test_row_36_the_page_reveals_one_field_after_a_reason_and_leaves_a_line(counter: Counter) -> None:
    client, path = counter.client("system_admin"), f"/administration/accounts/{counter.clerk}/reveal"
    assert PHONE not in client.get(path).text and "138****1234" in client.get(path).text
    status, text = post(client, path, field="phone", reason="看看")
    assert status == 400 and "4 到 200" in text and PHONE not in text
    assert counter.lines("identity:personal:reveal") == 0
    status, text = post(client, path, field="phone", reason="来电核实本人")
    assert status == 200 and PHONE in text and ID_NO not in text
    assert counter.lines("identity:personal:reveal") == 1


@pytest.mark.parametrize(
    ("deed", "said", "state"),
    [("suspend", "现有的登录立即全部退出", "suspended"), ("close", "不能撤销", "closed")],
)
def test_a_dangerous_deed_first_says_what_follows(counter: Counter, deed: str, said: str, state: str) -> None:
    client, path = counter.client("system_admin"), f"/administration/accounts/{counter.clerk}/{deed}"
    asked = client.get(path)
    assert asked.status_code == 200 and said in asked.text
    with counter.engine.connect() as db:
        assert db.scalar(select(account.c.state).where(account.c.id == counter.clerk)) == "active"
    assert post(client, path, reason="")[0] == 400
    status, text = post(client, path, reason=WHY)
    assert status == 200 and WHY in text
    with counter.engine.connect() as db:
        assert db.scalar(select(account.c.state).where(account.c.id == counter.clerk)) == state
    assert client.get(path).status_code == 404


def test_a_suspended_account_comes_back_and_a_reset_shows_a_password_once(counter: Counter) -> None:
    client = counter.client("system_admin")
    suspend_account(counter.engine, counter.be("system_admin"), counter.clerk, WHY)
    client = counter.client("system_admin")
    assert post(client, f"/administration/accounts/{counter.clerk}/resume", reason=WHY)[0] == 200
    status, text = post(client, f"/administration/accounts/{counter.clerk}/password")
    assert status == 200 and "只显示这一次" in text and 'class="secret"' in text
    assert "下次登录须修改" in client.get(f"/administration/accounts/{counter.clerk}").text


def test_row_13_a_role_goes_from_one_page_to_the_other_and_nobody_serves_himself(counter: Counter) -> None:
    system, security = counter.client("system_admin"), counter.client("security_admin")
    path = f"/administration/accounts/{counter.clerk}"
    status, text = post(system, path, role="declarant", reason=WHY)
    assert status == 200 and "等待安全管理员批准" in text and "待批准" in text
    assert post(system, path, role="leader", reason=WHY)[0] == 400
    with counter.engine.connect() as db:
        number = db.execute(select(role_grant.c.id).where(role_grant.c.account_id == counter.clerk)).scalar_one()
    decide = f"/administration/roles/requests/{number}"
    assert system.get(decide).status_code == 403
    assert "clerk" in security.get("/administration/roles/requests").text
    status, text = post(security, decide, decision="refuse", reason="")
    assert status == 400 and "4 到 200" in text
    status, text = post(security, decide, decision="accept", reason="已核对原件")
    assert status == 200 and "已批准" in text and "没有等待批准的申请" in text
    shown = system.get(path).text
    assert "申请：" + WHY in shown and "批准：已核对原件" in shown and "security_admin" in shown
    status, text = post(security, f"/administration/roles/grants/{number}/end", reason="本人已离岗")
    assert status == 200 and "已收回" in text


def test_row_13_a_request_of_ones_own_is_answered_with_403_and_a_reason(counter: Counter) -> None:
    number = ask_role(counter.engine, counter.be("system_admin"), counter.clerk, "declarant", WHY)
    with writing(counter.engine) as db:
        mine = counter.cast.people["security_admin"]
        db.execute(role_grant.update().where(role_grant.c.id == number).values(asked_by=mine))
    security = counter.client("security_admin")
    assert "须由他人处理" in security.get("/administration/roles/requests").text
    status, text = post(security, f"/administration/roles/requests/{number}", decision="accept", reason="")
    assert status == 403 and "须由另一位安全管理员处理" in text


def test_the_table_of_rights_is_the_same_on_the_page_and_in_the_workbook(counter: Counter) -> None:
    odd = counter.cast.place("enterprise", "=HYPERLINK(1)", uscc=uscc("610131", 2))
    counter.cast.person("odd", odd, "declarant")
    client = counter.client("system_admin")
    page = client.get("/administration/roles").text
    answer = client.get("/administration/roles/rights.xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    rows = book.get_sheet_by_name("权限表").to_python()
    assert sorted(rows[0][1:]) == sorted(role.label for role in ROLES.values())
    held = {
        (words, label) for words, *marks in rows[1:] for label, mark in zip(rows[0][1:], marks, strict=True) if mark
    }
    assert held == {(PERMISSIONS[p], role.label) for role in ROLES.values() for p in role.permissions}
    assert page.count('title="有"') == len(held)
    holders = book.get_sheet_by_name("角色持有人").to_python()
    assert ["odd", "企业申报员", "=HYPERLINK(1)"] in [row[:3] for row in holders]
    assert b"<f>" not in b"".join(sheet_xml(answer.data))
    assert counter.lines("identity:role:export") == 1


def test_organisations_are_opened_changed_closed_and_opened_again(counter: Counter) -> None:
    client = counter.client("system_admin")
    fields = {"kind": "commerce", "name": "演示莲湖区商务局", "uscc": "", "office": "", "district": "610104"}
    status, text = post(client, "/administration/organisations/new", **{**fields, "kind": "enterprise"})
    assert status == 400 and "必须填写统一社会信用代码" in text
    status, text = post(client, "/administration/organisations/new", **fields)
    assert status == 200 and "已建立" in text and "莲湖区" in text
    with counter.engine.connect() as db:
        made = db.scalar(select(organisation.c.id).where(organisation.c.district == "610104"))
    path = f"/administration/organisations/{made}"
    assert post(client, path, **{**fields, "district": "610111"})[0] == 200
    stale = {"csrf_token": "", "version": "1", **fields}
    stale["csrf_token"] = re.findall(r'name="csrf_token" value="(\w+)"', client.get(path).text)[0]
    assert "已被他人修改" in client.post(path, data=stale).text
    assert post(client, f"{path}/close", reason=WHY)[0] == 200
    assert "演示莲湖区商务局" in client.get("/administration/organisations?state=closed").text
    assert post(client, f"{path}/reopen")[0] == 200
    with counter.engine.connect() as db:
        row = db.execute(select(organisation).where(organisation.c.id == made)).one()
    assert (row.district, row.closed_at, row.version) == ("610111", None, 4)


def test_a_session_is_ended_from_the_list_and_shared_accounts_are_marked(counter: Counter) -> None:
    first = counter.token("clerk")
    with writing(counter.engine) as db:
        begin_session(db, counter.clerk, "password", "full", "10.0.0.9", "curl")
    client = counter.client("security_admin")
    page = client.get("/administration/sessions").text
    assert page.count("多处登录</span>") == 2 and "本机" in page and "Chrome，Windows" in page
    found = principal_of(counter.engine, first)
    assert found is not None
    path = f"/administration/sessions/{found.mark}/end"
    assert "打开的页面在下一次请求时失效" in client.get(path).text
    assert post(client, path)[0] == 200
    assert principal_of(counter.engine, first) is None
    assert client.get(path).status_code == 404


def test_tokens_are_shown_once_scoped_and_revoked(counter: Counter) -> None:
    client = counter.client("system_admin")
    path = "/administration/tokens/new"
    status, text = post(client, path, name="演示系统", role="enterprise", organisation_id="", days="90")
    assert status == 400 and "须选择一家企业" in text
    status, text = post(client, path, name="演示系统", role="enterprise", organisation_id=counter.firm, days="90")
    token = re.search(r"xapi_[\w-]+", text)
    assert status == 200 and token
    found = principal_of_token(counter.engine, token[0], "api")
    assert found is not None and found.scope.key == f"enterprise:{uscc('610131', 1)}"
    status, text = post(client, path, name="一号屏", role="wall", organisation_id="", days="365")
    screen = re.search(r"/enter\?token=(xscr_[\w-]+)", text)
    assert screen and principal_of_token(counter.engine, screen[1], "screen") is not None
    listed = client.get("/administration/tokens").text
    assert "演示出口企业" in listed and token[0] not in listed and screen[1] not in listed
    assert post(client, "/administration/tokens/2/end")[0] == 200
    assert principal_of_token(counter.engine, screen[1], "screen") is None
    assert client.get("/administration/tokens/99/end").status_code == 404


def test_a_binding_is_approved_or_refused_on_its_page(counter: Counter) -> None:
    numbers = [wait_to_bind(counter, subject) for subject in ("甲", "乙")]
    client = counter.client("security_admin")
    listed = client.get("/administration/bindings").text
    assert listed.count("演*") == 2 and "演示申请人" not in listed and "clerk" in listed
    path = f"/administration/bindings/{numbers[0]}"
    assert 'value="clerk"' in client.get(path).text
    status, text = post(client, path, login_name="nobody", decision="accept")
    assert status == 400 and "没有这个登录名" in text
    assert post(client, path, login_name="CLERK", decision="accept")[0] == 200
    assert post(client, f"/administration/bindings/{numbers[1]}", login_name="", decision="refuse")[0] == 200
    with counter.engine.connect() as db:
        states = set(db.scalars(select(sso_binding.c.state)))
    assert states == {"bound", "refused"}
    assert "没有等待处理" in client.get("/administration/bindings").text


@pytest.mark.parametrize(
    "path",
    [
        "accounts/nobody",
        "accounts/%00/change",
        "accounts/a'b/suspend",
        "organisations/%00",
        "tokens/9007199254740991/end",
        "sessions/%00/end",
        "roles/requests/9007199254740991",
        "bindings/12345",
    ],
)
def test_what_does_not_exist_is_a_page_that_says_so(counter: Counter, path: str) -> None:
    owner = "security_admin" if path.split("/")[0] in ("roles", "bindings", "sessions") else "system_admin"
    answer = counter.client(owner).get(f"/administration/{path}")
    assert answer.status_code == 404 and "没有" in answer.text


@pytest.mark.browser
@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_pages_fit_the_screen_and_work_without_script(
    counter: Counter, browser: Browser, size: tuple[int, int]
) -> None:
    number = ask_role(counter.engine, counter.be("system_admin"), counter.clerk, "declarant", WHY)
    binding = wait_to_bind(counter, "甲")
    server = make_server("127.0.0.1", 0, counter.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.port}/administration"
    paths = {
        "system_admin": ("accounts", f"accounts/{counter.clerk}", "accounts/new", "organisations", "roles", "tokens"),
        "security_admin": ("roles/holders", f"roles/requests/{number}", "bindings", f"bindings/{binding}", "sessions"),
    }
    try:
        for login, mine in paths.items():
            viewport = {"width": size[0], "height": size[1]}
            context = browser.new_context(viewport=viewport, java_script_enabled=False)  # type: ignore[arg-type]
            context.add_cookies([{"name": COOKIE, "value": counter.token(login), "url": base}])
            page = context.new_page()
            for path in mine:
                answer = page.goto(f"{base}/{path}", wait_until="load")
                assert answer is not None and answer.status == 200, path
                shown = page.locator("main :is(h1, p, td, th, label, input, select, a, button)")
                right = shown.evaluate_all("all => Math.max(...all.map(e => e.getBoundingClientRect().right))")
                assert 0 < right <= size[0], path
            context.close()
    finally:
        server.shutdown()


def test_the_catalogue_is_where_reveal_finds_its_data_class() -> None:
    assert [CATALOGUE["account"][f"{field}_sealed"].data_class for field in ("name", "phone", "id_no")] == [1, 2, 2]


def wait_to_bind(counter: Counter, subject: str) -> int:
    """An outside identity that waits, its number being that of the clerk."""
    index = blind_index(counter.keys, "sso.qinwuyuan", subject)
    row = {
        "provider": "qinwuyuan", "subject": index, "state": "waiting", "kind": "natural", "asked_at": now(),
        "name_sealed": seal(counter.keys, f"sso_binding.name:{index}", "演示申请人"),
        "id_no_index": blind_index(counter.keys, "id_no", ID_NO), "detail": {"level": "3"},
    }  # fmt: skip
    with writing(counter.engine) as db:
        return int(db.execute(insert(sso_binding).values(row).returning(sso_binding.c.id)).scalar_one())


def sheet_xml(workbook: bytes) -> list[bytes]:
    """The sheets of a workbook as they are written."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        return [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/")]

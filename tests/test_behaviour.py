"""What people use is counted once, added up rightly on both databases, and shown as charts and as tables."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import Engine, insert, select, update
from werkzeug.serving import make_server

from backend.administration.behaviour import MOST_FUNCTIONS, Recorder
from backend.db import make_engine, now, writing
from backend.identity.principal import Principal
from backend.identity.roles import permissions_of
from backend.identity.sessions import csrf_of
from backend.identity.sign_in import Origin, open_session
from backend.models import account, activity
from callbacks.behaviour import OUTPUTS, answer
from dashboard.behaviour_text import table_text
from dashboard.figures_behaviour import CHARTS, colours, drawn
from datasources.behaviour import behaviour, read
from datasources.functions import UNNAMED, function_name
from datasources.scope import ALL
from datasources.source import SHANGHAI, Source
from tests.cast import Cast
from tests.house import House, callback, see

TODAY = date(2026, 11, 24)  # a Tuesday
FIRM, BUREAU = "f" * 32, "b" * 32


def somebody(number: str, *roles: str, place: str = FIRM) -> Principal:
    return Principal("account", number, f"u{number}", roles, permissions_of(roles), ALL, place)


ZHANG, LI = somebody("1" * 32, "declarant"), somebody("2" * 32, "leader", "reviewer", place=BUREAU)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 8, 59, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def counted(engine: Engine) -> list[tuple[Any, ...]]:
    a = activity.c
    query = select(a.hour, a.account_id, a.function, a.role, a.visits).order_by(a.hour, a.account_id, a.function)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


# Counting.


@pytest.mark.db
def test_visits_of_one_hour_add_up_over_flushes_and_are_kept_in_beijing_time(ledger: Engine) -> None:
    clock = Clock()
    recorder = Recorder(clock)
    for _ in range(3):
        recorder.count(ZHANG, "system.audit")
    assert recorder.flush(ledger) == 1 and recorder.flush(ledger) == 0
    recorder.count(ZHANG, "system.audit")
    recorder.count(LI, "/wall")
    clock.at += timedelta(minutes=1)
    recorder.count(ZHANG, "system.audit")
    recorder.flush(ledger)
    assert counted(ledger) == [
        ("2026-11-24T16", ZHANG.id, "system.audit", "declarant", 4),
        ("2026-11-24T16", LI.id, "/wall", "leader", 1),
        ("2026-11-24T17", ZHANG.id, "system.audit", "declarant", 1),
    ]


@pytest.mark.db
def test_two_processes_that_count_the_same_person_add_to_one_row(ledger: Engine) -> None:
    clock = Clock()
    for recorder in (Recorder(clock), Recorder(clock)):
        recorder.count(ZHANG, "/")
        recorder.flush(ledger)
    assert [row[-1] for row in counted(ledger)] == [2]


def test_no_visit_is_lost_between_threads(ledger: Engine) -> None:
    recorder = Recorder(Clock())

    def visit() -> None:
        for _ in range(2000):
            recorder.count(ZHANG, "/")

    threads = [threading.Thread(target=visit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        recorder.flush(ledger)
    for thread in threads:
        thread.join()
    recorder.flush(ledger)
    assert [row[-1] for row in counted(ledger)] == [16_000]


def test_what_could_not_be_written_is_kept_for_the_next_flush(ledger: Engine, tmp_path: Path) -> None:
    recorder, empty = Recorder(Clock()), make_engine(f"sqlite:///{tmp_path / 'no-tables.sqlite'}")
    recorder.count(ZHANG, "/")
    with pytest.raises(Exception, match="no such table"):
        recorder.flush(empty)
    recorder.count(ZHANG, "/")
    recorder.flush(ledger)
    assert [row[-1] for row in counted(ledger)] == [2]


def test_invented_addresses_do_not_fill_the_table(ledger: Engine) -> None:
    recorder = Recorder(Clock())
    for number in range(MOST_FUNCTIONS + 500):
        recorder.count(ZHANG, f"/invented/{number}/{'x' * 100}")
    recorder.flush(ledger)
    rows = counted(ledger)
    assert len(rows) == MOST_FUNCTIONS + 1 and max(len(row[2]) for row in rows) == 48
    assert sum(row[-1] for row in rows) == MOST_FUNCTIONS + 500


def test_a_function_is_named_by_the_longest_beginning_that_is_known() -> None:
    named = {
        key: function_name(key) for key in ("system.audit_line", "system.x", "..behaviour-said.tree...x", "/", "/x")
    }
    assert list(named.values()) == ["审计日志", "运行设置与日志", "用户行为统计", "首页", UNNAMED]


# Adding up.


def fill(engine: Engine, rows: list[tuple[str, str, str, str, str, int]]) -> None:
    names = ("hour", "account_id", "function", "role", "organisation_id", "visits")
    with writing(engine) as connection:
        connection.execute(insert(activity), [dict(zip(names, row, strict=True)) for row in rows])


def cast_of(engine: Engine, tmp_path: Path) -> Cast:
    """A firm with two people, a bureau with one, and an account that was closed."""
    from backend.crypto.keys import open_keys

    cast = Cast(engine, open_keys(tmp_path / "keys"))
    firm = cast.place("enterprise", "演示<b>汽车</b>公司", uscc="91610100MA6U000001")
    bureau = cast.place("commerce", "演示商务局")
    for name, place, role in (("zhang", firm, "declarant"), ("wang", firm, "declarant"), ("li", bureau, "leader")):
        cast.person(name, place, role)
    cast.person("left", firm)
    with writing(engine) as connection:
        connection.execute(update(account).where(account.c.login_name == "left").values(state="closed"))
    return cast


def known_visits(cast: Cast) -> list[tuple[str, str, str, str, str, int]]:
    """Visits whose sums are easily seen: 24 November is a Tuesday; 26 October, a Monday, is the thirtieth day back."""
    zhang, wang, li = (cast.people[name] for name in ("zhang", "wang", "li"))
    firm, bureau = cast.places["演示<b>汽车</b>公司"], cast.places["演示商务局"]
    return [
        ("2026-11-24T09", zhang, "/wall", "declarant", firm, 10),
        ("2026-11-24T09", zhang, "system.audit", "declarant", firm, 5),
        ("2026-11-24T10", li, "/wall", "leader", bureau, 2),
        ("2026-11-23T23", zhang, "wall-ask.data", "declarant", firm, 4),
        ("2026-10-26T00", wang, "/wall", "declarant", firm, 7),
        ("2026-10-25T23", li, "/wall", "leader", bureau, 100),
    ]


@pytest.mark.db
def test_visits_and_people_add_up_by_day_hour_role_function_organisation_and_person(
    ledger: Engine, tmp_path: Path
) -> None:
    cast = cast_of(ledger, tmp_path)
    fill(ledger, known_visits(cast))
    figures = read(Source(ledger.url.render_as_string(hide_password=False)), TODAY, 30)
    assert figures["totals"] == {"visits_today": 17, "users_today": 2, "users_active": 3, "accounts": 3}
    assert len(figures["daily"]) == 30 and figures["daily"][0] == {"day": "2026-10-26", "visits": 7, "users": 1}
    assert figures["daily"][-1] == {"day": "2026-11-24", "visits": 17, "users": 2}
    assert sum(day["visits"] for day in figures["daily"]) == sum(map(sum, figures["hours"])) == 28
    assert (figures["hours"][1][9], figures["hours"][0][23], figures["hours"][0][0]) == (15, 4, 7)
    assert [(r["key"], r["visits"], r["users"]) for r in figures["roles"]] == [("declarant", 26, 2), ("leader", 2, 1)]
    assert [(r["name"], r["visits"], r["users"]) for r in figures["functions"]] == [
        ("全景大屏", 23, 3),
        ("审计日志", 5, 1),
    ]
    assert [(r["name"], r["visits"], r["users"]) for r in figures["organisations"]] == [
        ("演示<b>汽车</b>公司", 26, 2),
        ("演示商务局", 2, 1),
    ]
    first = figures["people"][0]
    assert (first["login"], first["visits"], first["days"], first["last"]) == ("zhang", 19, 2, "2026-11-24T09")


@pytest.mark.db
def test_a_longer_period_reaches_further_back_and_a_shorter_one_less_far(ledger: Engine, tmp_path: Path) -> None:
    fill(ledger, known_visits(cast_of(ledger, tmp_path)))
    source = Source(ledger.url.render_as_string(hide_password=False))
    week, quarter = read(source, TODAY, 7), read(source, TODAY, 90)
    assert sum(day["visits"] for day in week["daily"]) == 21 and sum(day["visits"] for day in quarter["daily"]) == 128
    assert week["totals"] == quarter["totals"]  # The four figures at the top do not depend on the period.


@pytest.mark.db
def test_a_platform_that_nobody_used_yet_has_figures_of_nothing(ledger: Engine) -> None:
    figures = read(Source(ledger.url.render_as_string(hide_password=False)), TODAY, 7)
    assert figures["totals"] == {"visits_today": 0, "users_today": 0, "users_active": 0, "accounts": 0}
    assert figures["people"] == figures["roles"] == [] and len(figures["daily"]) == 7
    for name in CHARTS:
        assert "没有访问记录" in str(drawn(name, figures).layout.annotations[0].text)
    assert len(answer(figures)) == len(OUTPUTS)


def test_the_smallest_firms_are_one_row_so_that_the_rows_add_up(ledger: Engine) -> None:
    fill(ledger, [("2026-11-24T09", f"{n:032}", "/", "declarant", f"{n:032x}", n) for n in range(1, 21)])
    rows = read(Source(str(ledger.url)), TODAY, 7)["organisations"]
    assert len(rows) == 13 and rows[-1]["name"] == "其他 8 家" and sum(row["visits"] for row in rows) == 210


def test_of_many_who_ask_at_once_one_reads_and_for_a_minute_nobody_else(ledger: Engine) -> None:
    url, got, start = str(ledger.url), [], threading.Barrier(16)

    def ask() -> None:
        start.wait()
        got.append(behaviour(url, 7, TODAY))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fill(ledger, [("2026-11-24T09", "x", "/", "declarant", "y", 1)])
    assert len({id(figures) for figures in [*got, behaviour(url, 7, TODAY)]}) == 1
    assert behaviour(url, 30, TODAY)["totals"]["visits_today"] == 1
    with pytest.raises(ValueError, match="时段"):
        behaviour(url, 8, TODAY)


def test_without_a_database_the_last_figures_stay_and_say_so(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    url, path = str(ledger.url), Path(ledger.url.database or "")
    before = behaviour(url, 7, TODAY)
    monkeypatch.setattr("datasources.behaviour.LASTS", 0)
    ledger.dispose()
    path.rename(path.with_suffix(".away"))
    assert behaviour(url, 7, TODAY) == {**before, "stale": True}
    assert behaviour(f"{url}.never", 7, TODAY) == {} and "暂时读不到" in str(answer({})[0])
    path.with_suffix(".away").rename(path)
    assert "stale" not in behaviour(url, 7, TODAY)


# Drawing.


@pytest.fixture
def figures(ledger: Engine, tmp_path: Path) -> dict[str, Any]:
    fill(ledger, known_visits(cast_of(ledger, tmp_path)))
    return read(Source(str(ledger.url)), TODAY, 30)


def cells(node: Any) -> list[list[str]]:
    """The texts of a table's body."""
    body = next(part for part in node if isinstance(part, list) and part[0] == "tbody")
    return [[cell[2] for cell in row[2:]] for row in body[2:]]


def test_each_chart_has_a_table_with_the_same_figures(figures: dict[str, Any]) -> None:
    visits, users = drawn("daily", figures).data
    table = cells(table_text("daily", figures))
    assert [row[1:] for row in reversed(table)] == [
        [f"{v:,}", f"{u:,}"] for v, u in zip(visits.y, users.y, strict=True)
    ]
    heat = cells(table_text("hours", figures))
    assert [row[0] for row in heat] == ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]
    assert [list(map(int, row[1:])) for row in heat] == [list(row) for row in drawn("hours", figures).data[0].z]
    for name in ("roles", "functions", "organisations"):
        bar = drawn(name, figures).data[0]
        assert [int(row[1].replace(",", "")) for row in cells(table_text(name, figures))] == list(bar.x)


def test_a_name_with_tags_in_it_is_text_in_a_chart(figures: dict[str, Any]) -> None:
    assert "演示&lt;b&gt;汽车&lt;/b&gt;公司" in drawn("organisations", figures).data[0].y
    assert cells(table_text("organisations", figures))[0][0] == "演示<b>汽车</b>公司"


def test_charts_use_the_colours_of_the_light_theme_and_separate_thousands(figures: dict[str, Any]) -> None:
    figures["roles"][0]["visits"] = 1_234_567
    bar = drawn("roles", figures)
    assert bar.data[0].text[0] == "1,234,567 次 · 2 人" and bar.data[0].y[0] == "企业申报员"
    assert bar.data[0].marker.color[0] == colours()["jade-2"] == "#4c9c86"
    assert bar.layout.separators == ".,"


# On the page.


@contextmanager
def served(house: House) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = House(tmp_path_factory.mktemp("var"))
    place = home.cast.place("platform", "平台")
    firm = home.cast.place("enterprise", "演示<img src=x onerror=alert(1)>公司", uscc="91610100MA6U000001")
    for role in ("audit_admin", "system_admin", "monitor"):
        home.cast.person(role, place, role)
    who = home.cast.person("declarant", firm, "declarant")
    today = now().astimezone(SHANGHAI)
    days = [f"{today - timedelta(days=n):%Y-%m-%d}T10" for n in (1, 20, 80)]
    fill(home.engine, [(day, who, "/wall", "declarant", firm, 1000 * (n + 1)) for n, day in enumerate(days)])
    home.build()
    yield home
    home.engine.dispose()


def test_row_37_only_the_audit_administrator_sees_what_people_use(house: House) -> None:
    output = f"..{'...'.join(f'{out.component_id}.{out.component_property}' for out in OUTPUTS)}.."
    asked = [{"id": "behaviour-period", "property": "value", "value": 30}]
    for who, status in (("audit_admin", 200), ("system_admin", 403), ("monitor", 403), ("declarant", 403)):
        client = house.browse(who)
        assert see(client, "/behaviour").status_code == status
        given = callback(client, output, asked)
        assert given.status_code == status and ("企业申报员" in given.get_data(as_text=True)) == (status == 200)


@pytest.mark.parametrize("days", [8, -1, 10**9, "30", None, [30], {"a": 1}])
def test_a_forged_period_is_answered_with_nothing(house: House, days: Any) -> None:
    output = f"..{'...'.join(f'{out.component_id}.{out.component_property}' for out in OUTPUTS)}.."
    asked = [{"id": "behaviour-period", "property": "value", "value": days}]
    assert callback(house.browse("audit_admin"), output, asked).status_code == 204


@contextmanager
def opened(house: House, browser: Browser, url: str, width: int, height: int) -> Iterator[tuple[Page, list[str]]]:
    """The page in a browser of the audit administrator, with everything that went wrong in it."""
    with writing(house.engine) as connection:
        token = open_session(connection, house.cast.people["audit_admin"], "demo", Origin("127.0.0.1", "Chromium"))
    context = browser.new_context(viewport={"width": width, "height": height})
    names = {"panorama_session": token, "panorama_csrf": csrf_of(token)}
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in names.items()])
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith((url, "data:", "blob:")) else wrong.append(asked.url))
    page.on("dialog", lambda dialog: (wrong.append("dialog"), dialog.dismiss()))
    page.goto(f"{url}/behaviour")
    page.wait_for_selector("#behaviour-chart-organisations .barlayer .point")
    yield page, wrong
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)])
def test_the_page_shows_every_chart_and_breaks_no_rule_of_the_content_policy(
    house: House, browser: Browser, width: int, height: int
) -> None:
    with served(house) as url, opened(house, browser, url, width, height) as (page, wrong):
        page.wait_for_function("document.querySelectorAll('.analyst .js-plotly-plot .main-svg').length >= 5")
        assert page.locator(".modebar-btn").count() == 0 and page.locator("#behaviour-totals dd").count() == 4
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert "<img src=x" in page.locator("#behaviour-chart-organisations").inner_text()
        page.locator("summary").first.click()
        assert page.locator("#behaviour-table-daily tbody tr").count() == 30
        assert wrong == []
        policy = page.request.get(f"{url}/behaviour").headers["content-security-policy"]
        assert "unsafe-eval" not in policy


@pytest.mark.browser
def test_two_windows_show_two_periods_without_meeting(house: House, browser: Browser) -> None:
    with served(house) as url, opened(house, browser, url, 1366, 768) as (one, wrong):
        other = one.context.new_page()  # An administrator has one session, so both windows belong to it.
        other.goto(f"{url}/behaviour")
        one.get_by_text("近 7 日").click()
        other.get_by_text("近 90 日").click()
        for page, words, days in ((one, "1,000 次", 7), (other, "6,000 次", 90)):
            page.locator("#behaviour-chart-roles").get_by_text(words).wait_for()
            assert page.locator("#behaviour-table-daily tbody tr").count() == days
        assert wrong == []

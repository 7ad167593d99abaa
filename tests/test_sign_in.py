"""Signing in: guesses are counted and locked, the second factor is used once, sessions end when they must."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
import time_machine
from sqlalchemy import Engine, select, update

from backend.crypto.keys import Keys, open_keys
from backend.db import make_engine, writing
from backend.identity import factor
from backend.identity.refusal import Unfit
from backend.identity.sessions import end_sessions, principal_of, sessions_of, touch
from backend.identity.sign_in import WRONG, Origin, SignInRefused, change_password, open_session, pass_factor, sign_in
from backend.identity.throttle import NOBODY, Locked
from backend.models import account, account_factor, alert, audit_line, sign_in_attempt
from tests.cast import PASSWORD, SECRET, Cast

HOME = Origin("10.0.0.5", "Firefox")
NEW = "Kq#9-meadowlark"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return open_keys(tmp_path / "keys")


@pytest.fixture
def cast(ledger: Engine, keys: Keys) -> Cast:
    """Two people: zhang declares for a firm, wang administers the platform with a second factor."""
    people = Cast(ledger, keys)
    people.person("zhang", people.place("enterprise", "甲公司", uscc="91610131MA6TXW123X"), "declarant")
    people.person("wang", people.place("platform", "平台"), "system_admin", factor=True)
    return people


def guess(engine: Engine, login: str, password: str, origin: Origin = HOME) -> str:
    """How a try ends: a word."""
    try:
        sign_in(engine, login, password, origin)
    except SignInRefused:
        return "refused"
    except Locked:
        return "locked"
    return "in"


@pytest.mark.db
def test_row_05_the_sixth_try_is_refused_even_with_the_right_password(cast: Cast) -> None:
    tries = [guess(cast.engine, "zhang", "wrong") for _ in range(5)]
    assert tries == ["refused"] * 5
    assert guess(cast.engine, "ZHANG ", PASSWORD) == "locked"
    with cast.engine.connect() as connection:
        raised = connection.execute(select(alert.c.rule, alert.c.subject)).all()
    assert [tuple(row) for row in raised] == [("lockout", "zhang")]


def test_row_34_what_names_no_account_is_written_nowhere_that_others_read(cast: Cast) -> None:
    """People type their password where the login name belongs."""
    typed = ("Kq#9-Meadowlark", "wang#2", "ZHANG", "gone")
    with writing(cast.engine) as connection:
        connection.execute(update(account).where(account.c.login_key == "wang").values(state="closed"))
    for login in typed[:1] * 5 + typed[1:]:
        assert guess(cast.engine, login, "wrong") == "refused"
    with cast.engine.connect() as connection:
        lines = connection.execute(select(audit_line.c.tag, audit_line.c.actor, audit_line.c.key)).all()
        raised = connection.execute(select(alert.c.subject, alert.c.words)).all()
    tried = [(who, key) for tag, who, key in lines if tag == "identity:sign-in:password"]
    assert tried == [(NOBODY, NOBODY)] * 5 + [("wang", "wang"), ("zhang", "zhang"), (NOBODY, NOBODY)]
    assert [key for tag, _, key in lines if tag == "identity:sign-in:lock"] == [f"account:{NOBODY}"]
    assert [row.subject for row in raised] == [NOBODY] and NOBODY in raised[0].words
    told = repr([tuple(row) for row in (*lines, *raised)]).casefold()
    assert "meadowlark" not in told and "gone" not in told


def test_row_05_the_count_survives_a_restart(cast: Cast) -> None:
    for _ in range(5):
        guess(cast.engine, "zhang", "wrong")
    url = cast.engine.url
    cast.engine.dispose()
    again = make_engine(url.render_as_string(hide_password=False))
    assert guess(again, "zhang", PASSWORD) == "locked"
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=31)):
        assert guess(again, "zhang", PASSWORD) == "in"
    again.dispose()


@pytest.mark.db
def test_row_05_fifty_tries_at_once_are_not_more_than_five(cast: Cast) -> None:
    ended: list[str] = []
    threads = [threading.Thread(target=lambda: ended.append(guess(cast.engine, "zhang", "wrong"))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended.count("refused") == 5 and ended.count("locked") == 45
    with cast.engine.connect() as connection:
        assert len(connection.scalars(select(sign_in_attempt.c.id)).all()) == 5


def test_row_05_an_address_that_guesses_at_many_accounts_is_locked(cast: Cast) -> None:
    for number in range(20):
        assert guess(cast.engine, f"nobody{number}", "wrong") == "refused"
    assert guess(cast.engine, "zhang", PASSWORD) == "locked"
    assert guess(cast.engine, "zhang", PASSWORD, Origin("10.0.0.6")) == "in"


def test_a_success_forgets_earlier_failures(cast: Cast) -> None:
    for _ in range(2):
        assert [guess(cast.engine, "zhang", "wrong") for _ in range(4)] == ["refused"] * 4
        assert guess(cast.engine, "zhang", PASSWORD) == "in"


def test_row_04_unknown_and_empty_look_like_a_wrong_password(cast: Cast) -> None:
    def seconds(login: str, password: str) -> float:
        began = time.perf_counter()
        with pytest.raises(SignInRefused, match=WRONG):
            sign_in(cast.engine, login, password, Origin("10.9.9.9"))
        return time.perf_counter() - began

    seconds("nobody", "x")  # warm
    known = min(seconds("zhang", "wrong") for _ in range(2))
    unknown = min(seconds("stranger", word) for word in ("wrong", ""))
    assert 0.4 < unknown / known < 2.5


def test_row_03_a_password_of_ninety_one_days_must_be_changed(cast: Cast) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=91)):
        visitor = principal_of(cast.engine, sign_in(cast.engine, "zhang", PASSWORD, HOME))
        assert visitor is not None and visitor.stage == "change"
        change_password(cast.engine, cast.keys, visitor, PASSWORD, NEW, "10.0.0.5")
        after = principal_of(cast.engine, sign_in(cast.engine, "zhang", NEW, HOME))
        assert after is not None and after.stage == "full"


def test_row_03_a_reset_password_must_be_changed_and_not_to_itself(cast: Cast) -> None:
    with writing(cast.engine) as connection:
        connection.execute(update(account).where(account.c.login_key == "zhang").values(must_change=True))
    visitor = principal_of(cast.engine, sign_in(cast.engine, "zhang", PASSWORD, HOME))
    assert visitor is not None and visitor.stage == "change"
    with pytest.raises(Unfit, match="最近用过"):
        change_password(cast.engine, cast.keys, visitor, PASSWORD, PASSWORD, "10.0.0.5")
    with pytest.raises(Unfit, match="现在的密码不正确"):
        change_password(cast.engine, cast.keys, visitor, "wrong", NEW, "10.0.0.5")


def test_changing_the_password_ends_the_other_sessions(cast: Cast) -> None:
    other = sign_in(cast.engine, "zhang", PASSWORD, HOME)
    here = sign_in(cast.engine, "zhang", PASSWORD, HOME)
    visitor = principal_of(cast.engine, here)
    assert visitor is not None
    change_password(cast.engine, cast.keys, visitor, PASSWORD, NEW, "10.0.0.5")
    assert principal_of(cast.engine, other) is None and principal_of(cast.engine, here) is not None


def test_row_09_without_the_second_factor_nothing_is_open_and_a_code_works_once(cast: Cast) -> None:
    code = pyotp.TOTP(SECRET).now()
    visitor = principal_of(cast.engine, sign_in(cast.engine, "wang", PASSWORD, HOME))
    assert visitor is not None and visitor.stage == "factor"
    pass_factor(cast.engine, cast.keys, visitor, code, "10.0.0.5")
    again = principal_of(cast.engine, sign_in(cast.engine, "wang", PASSWORD, HOME))
    assert again is not None and again.stage == "factor"
    with pytest.raises(Unfit, match="已经用过"):
        pass_factor(cast.engine, cast.keys, again, code, "10.0.0.5")
    still = [s["stage"] for s in with_sessions(cast)]
    assert still == ["factor"]


def with_sessions(cast: Cast) -> list[dict[str, object]]:
    with cast.engine.connect() as connection:
        return sessions_of(connection)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_row_09_one_step_of_clock_difference_is_allowed(steps: int, taken: bool) -> None:
    with time_machine.travel(datetime(2026, 11, 24, 8, 0, 10, tzinfo=UTC), tick=False):
        code = pyotp.TOTP(SECRET).at(datetime.now(UTC) + timedelta(seconds=30 * steps))
        assert (factor.counter_of(SECRET, code) is not None) is taken


@pytest.mark.db
def test_row_09_of_two_uses_of_one_code_at_once_one_counts(cast: Cast) -> None:
    code, taken = pyotp.TOTP(SECRET).now(), []

    def use() -> None:
        with writing(cast.engine) as connection:
            taken.append(factor.accept_code(connection, cast.keys, cast.people["wang"], "wang", code))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(True) == 1


def test_row_09_a_role_that_demands_it_leads_to_enrolment(cast: Cast) -> None:
    cast.person("li", cast.place("commerce", "商务局"), "leader")
    visitor = principal_of(cast.engine, sign_in(cast.engine, "li", PASSWORD, HOME))
    assert visitor is not None and visitor.stage == "enrol"
    secret = factor.begin_enrolment(cast.engine, cast.keys, visitor.id)
    assert factor.begin_enrolment(cast.engine, cast.keys, visitor.id) == secret
    pass_factor(cast.engine, cast.keys, visitor, pyotp.TOTP(secret).now(), "10.0.0.5")
    with cast.engine.connect() as connection:
        mine = account_factor.c.account_id == visitor.id
        kept = connection.scalar(select(account_factor.c.secret_sealed).where(mine))
    assert secret not in str(kept)
    after = principal_of(cast.engine, sign_in(cast.engine, "li", PASSWORD, HOME))
    assert after is not None and after.stage == "factor"


def test_row_09_guesses_at_the_second_factor_are_counted_too(cast: Cast) -> None:
    visitor = principal_of(cast.engine, sign_in(cast.engine, "wang", PASSWORD, HOME))
    assert visitor is not None
    for _ in range(5):
        with pytest.raises(Unfit):
            pass_factor(cast.engine, cast.keys, visitor, "000000", "10.0.0.5")
    with pytest.raises(Locked):
        pass_factor(cast.engine, cast.keys, visitor, pyotp.TOTP(SECRET).now(), "10.0.0.5")


def test_row_06_half_an_hour_without_a_person_ends_a_session(cast: Cast) -> None:
    began = datetime.now(UTC)
    with time_machine.travel(began) as clock:
        token = sign_in(cast.engine, "zhang", PASSWORD, HOME)
        visitor = principal_of(cast.engine, token)
        assert visitor is not None
        clock.move_to(began + timedelta(minutes=29))
        touch(cast.engine, visitor.session)
        clock.move_to(began + timedelta(minutes=58))
        assert principal_of(cast.engine, token) is not None
        clock.move_to(began + timedelta(minutes=60))
        assert principal_of(cast.engine, token) is None
    with cast.engine.connect() as connection:
        assert "identity:session:idle" in connection.scalars(select(audit_line.c.tag)).all()


def test_row_06_eight_hours_end_a_session_whatever_is_done(cast: Cast) -> None:
    began = datetime.now(UTC)
    with time_machine.travel(began) as clock:
        token = sign_in(cast.engine, "zhang", PASSWORD, HOME)
        for minutes in range(20, 480, 20):
            clock.move_to(began + timedelta(minutes=minutes))
            visitor = principal_of(cast.engine, token)
            assert visitor is not None
            touch(cast.engine, visitor.session)
        clock.move_to(began + timedelta(hours=8, seconds=5))
        assert principal_of(cast.engine, token) is None


def test_row_07_each_sign_in_has_a_number_of_its_own_and_an_administrator_one_session(cast: Cast) -> None:
    first, second = (sign_in(cast.engine, "wang", PASSWORD, HOME) for _ in range(2))
    assert first != second
    assert principal_of(cast.engine, first) is None and principal_of(cast.engine, second) is not None
    both = [sign_in(cast.engine, "zhang", PASSWORD, HOME) for _ in range(2)]
    assert all(principal_of(cast.engine, token) for token in both)


def test_row_07_a_suspended_account_has_no_session_left(cast: Cast) -> None:
    token = sign_in(cast.engine, "zhang", PASSWORD, HOME)
    with writing(cast.engine) as connection:
        connection.execute(update(account).where(account.c.login_key == "zhang").values(state="suspended"))
        end_sessions(connection, cast.people["zhang"], "suspended")
    assert principal_of(cast.engine, token) is None and guess(cast.engine, "zhang", PASSWORD) == "refused"


def test_an_account_of_the_demo_has_no_password_to_sign_in_with(cast: Cast) -> None:
    with writing(cast.engine) as connection:
        connection.execute(update(account).where(account.c.login_key == "zhang").values(demo=True))
    assert guess(cast.engine, "zhang", PASSWORD) == "refused"
    with writing(cast.engine) as connection:
        assert open_session(connection, cast.people["zhang"], "demo", HOME)

"""Accounts, roles and personal data: no name twice, nobody approves himself, no personal text in a dump."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from backend.administration import grants, personal, resets, standing
from backend.administration.account_search import Wanted, account_of, accounts_page
from backend.administration.accounts import change_account, create_account
from backend.administration.bindings import decide_binding, waiting_bindings
from backend.administration.field_catalogue import CATALOGUE
from backend.administration.labels import documents_for, may_read, readable
from backend.administration.organisations import (
    change_organisation,
    close_organisation,
    open_organisation,
    organisations_page,
    reopen_organisation,
)
from backend.crypto.fields import blind_index, seal
from backend.crypto.keys import Keys, open_keys
from backend.db import now, writing
from backend.demo.identifiers import uscc
from backend.enterprises.uscc import uscc_fault
from backend.identity import passwords
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.identity.sessions import begin_session, principal_of, sessions_of
from backend.models import (
    access_token,
    account,
    account_factor,
    alert,
    audit_line,
    document,
    metadata,
    role_grant,
    sso_binding,
)
from tests.cast import Cast

NAME, PHONE, ID_NO = "欧阳演示", "13812341234", "11010119900307109X"
WHY = "演示：书面申请已核对"
# Anything that looks like a mobile number or an identity number; the marks around it keep out digits within digests.
LOOKS_PERSONAL = re.compile(r"(?<![0-9A-Za-z_-])(1[3-9]\d{9}|[1-9]\d{16}[0-9Xx])(?![0-9A-Za-z_-])")


class Office:
    """Two of each administrator, a firm with a clerk, and who they are for verbs."""

    def __init__(self, engine: Engine, keys: Keys) -> None:
        self.engine, self.keys = engine, keys
        self.cast = Cast(engine, keys)
        self.platform = self.cast.place("platform", "演示平台运行单位")
        self.firm = self.cast.place("enterprise", "演示出口企业", uscc=uscc("610131", 1))
        for role in ("system_admin", "security_admin", "audit_admin"):
            for number in ("", "2"):
                self.cast.person(role + number, self.platform, role, factor=True, clearance=2)
        self.clerk = self.cast.person("clerk", self.firm)

    def be(self, login: str) -> Principal:
        """Somebody, as the guard would know him after signing in."""
        with writing(self.engine) as db:
            token = begin_session(db, self.cast.people[login], "password", "full", "127.0.0.1", "Test")
        found = principal_of(self.engine, token)
        assert found is not None
        return found

    def create(self, login: str, **more: Any) -> str:
        """An account made by a system administrator."""
        given = {"organisation_id": self.firm, "name": NAME, **more}
        return create_account(self.engine, self.keys, self.be("system_admin"), login, **given)

    def ask(self, account_id: str, role: str, by: str = "system_admin") -> int:
        """A request for a role."""
        return grants.ask_role(self.engine, self.be(by), account_id, role, WHY)

    def grant(self, account_id: str, role: str) -> int:
        """A role asked for and given."""
        number = self.ask(account_id, role)
        grants.decide_role(self.engine, self.be("security_admin"), number, True)
        return number

    def row(self, account_id: str) -> Any:
        """The row of an account."""
        with self.engine.connect() as db:
            return db.execute(select(account).where(account.c.id == account_id)).one()

    def lines(self, tag: str) -> list[Any]:
        """The audit lines with a tag."""
        with self.engine.connect() as db:
            return list(db.execute(select(audit_line).where(audit_line.c.tag == tag).order_by(audit_line.c.id)))


@pytest.fixture
def office(ledger: Engine, tmp_path: Path) -> Iterator[Office]:
    """The people of one test."""
    yield Office(ledger, open_keys(tmp_path / "keys"))


def refused_by_database(engine: Engine, statement: Any) -> None:
    """The statement, by whoever writes it, is refused and changes nothing."""
    with pytest.raises(DBAPIError), writing(engine) as db:
        db.execute(statement)


# ---- row 1: one name, one person


@pytest.mark.db
@pytest.mark.parametrize("variant", ["zhang.san", "ZHANG.SAN", "ｚｈａｎｇ．ｓａｎ", " Zhang.San "])
def test_row_01_a_login_name_is_given_once_whatever_its_case_and_width(office: Office, variant: str) -> None:
    first = office.create("Zhang.San")
    with pytest.raises(Unfit, match="已有人使用"):
        office.create(variant)
    standing.close_account(office.engine, office.be("system_admin"), first, WHY)
    with pytest.raises(Unfit, match="注销的账号也不放出"):
        office.create(variant)


@pytest.mark.db
def test_row_01_the_database_refuses_a_second_account_with_the_same_key_or_id(office: Office) -> None:
    row = dict(office.row(office.create("li.si"))._mapping)
    for twin in ({**row, "id": "f" * 32}, {**row, "login_key": "li.si.2"}):
        with pytest.raises(IntegrityError), writing(office.engine) as db:
            db.execute(insert(account).values({**twin, "id_no_index": None}))


@pytest.mark.db
def test_row_01_no_account_is_deleted_renamed_or_brought_back_by_direct_sql(office: Office) -> None:
    gone = office.create("wang.wu")
    standing.close_account(office.engine, office.be("system_admin"), gone, WHY)
    a = account.c
    refused_by_database(office.engine, delete(account).where(a.id == gone))
    refused_by_database(office.engine, update(account).where(a.id == gone).values(id="e" * 32))
    refused_by_database(office.engine, update(account).where(a.id == gone).values(login_key="wang.liu"))
    refused_by_database(office.engine, update(account).where(a.id == gone).values(state="active"))
    again = {**office.row(gone)._mapping, "state": "active"}
    refused_by_database(office.engine, insert(account).prefix_with("OR REPLACE", dialect="sqlite").values(again))
    assert office.row(gone).state == "closed"


@pytest.mark.db
def test_row_01_an_outside_identity_and_an_account_belong_to_each_other_alone(office: Office) -> None:
    first, second = (ask_to_bind(office, subject) for subject in ("甲", "乙"))
    security = office.be("security_admin")
    decide_binding(office.engine, security, first, office.clerk, True)
    with pytest.raises(Unfit, match="一个账号只归一个人"):
        decide_binding(office.engine, security, second, office.clerk, True)
    with pytest.raises(IntegrityError):
        ask_to_bind(office, "甲")


@given(st.text(max_size=40))
def test_a_login_name_is_plain_letters_digits_and_marks(name: str) -> None:
    from backend.administration.accounts import LOGIN

    if LOGIN.fullmatch(name):
        assert name.isascii() and 3 <= len(name) <= 32 and not set(name) - set("._-") - set(map(chr, range(48, 123)))


@pytest.mark.parametrize("name", ["ab", "a" * 33, "张三", ".abc", "a b c", "zhаng.san", "a\nbc", "abc\0", "a@b.cn", ""])
def test_other_login_names_are_refused(office: Office, name: str) -> None:
    with pytest.raises(Unfit, match="3 到 32 位"):
        office.create(name)


def test_one_identity_number_is_one_account_until_that_is_closed(office: Office) -> None:
    first = office.create("first", id_no=ID_NO)
    with pytest.raises(Unfit, match="已有账号登记"):
        office.create("second", id_no=ID_NO.lower())
    standing.close_account(office.engine, office.be("system_admin"), first, WHY)
    office.create("second", id_no=ID_NO)


# ---- rows 10 and 11: no account that nobody needs


@pytest.mark.db
def test_row_10_a_fresh_database_holds_no_account(ledger: Engine) -> None:
    with ledger.connect() as db:
        assert db.scalar(select(func.count()).select_from(account)) == 0


@pytest.mark.db
def test_row_11_an_account_idle_for_ninety_days_is_suspended_with_a_line(office: Office) -> None:
    idle, busy = office.create("idle"), office.create("busy")
    with time_machine.travel(now() + timedelta(days=60), tick=False):
        touch(office, busy)
        assert standing.suspend_dormant(office.engine) == []
    with time_machine.travel(now() + timedelta(days=91), tick=False):
        names = standing.suspend_dormant(office.engine)
        assert "idle" in names and "busy" not in names
        assert standing.suspend_dormant(office.engine) == []
    assert office.row(idle).state == "suspended" and "90 天" in office.row(idle).state_why
    assert office.row(busy).state == "active"
    line = next(line for line in office.lines("identity:account:suspend") if line.key == idle)
    assert line.actor == "平台" and "自动停用" in line.detail["reason"]


@pytest.mark.db
def test_row_11_the_last_administrator_of_each_kind_stays(office: Office) -> None:
    office.create("idle")
    with time_machine.travel(now() + timedelta(days=400), tick=False):
        names = standing.suspend_dormant(office.engine)
    left = {row.login_name for row in people_in_use(office)}
    assert "idle" in names and len(left) == 3
    assert {name.rstrip("2") for name in left} == {"system_admin", "security_admin", "audit_admin"}


def test_row_11_who_was_resumed_has_time_to_sign_in(office: Office) -> None:
    idle = office.create("idle")
    with time_machine.travel(now() + timedelta(days=91), tick=False):
        touch(office, office.cast.people["system_admin"])
        standing.suspend_dormant(office.engine)
        standing.resume_account(office.engine, office.be("system_admin"), idle, "休假归来，本人申请")
        standing.suspend_dormant(office.engine)
        assert office.row(idle).state == "active"
    with time_machine.travel(now() + timedelta(days=182), tick=False):
        assert "idle" in standing.suspend_dormant(office.engine)


def test_row_11_the_accounts_of_the_demo_stay(office: Office) -> None:
    office.cast.person("demo", office.firm, demo=True)
    with time_machine.travel(now() + timedelta(days=400), tick=False):
        assert "demo" not in standing.suspend_dormant(office.engine)


# ---- row 12: three administrators who exclude each other


@pytest.mark.db
def test_row_12_two_of_the_three_administrators_are_refused_also_by_direct_sql(office: Office) -> None:
    both = office.cast.person("both", office.platform)
    office.grant(both, "audit_admin")
    for role in ("system_admin", "security_admin", "monitor"):
        with pytest.raises(Unfit, match="互不兼任"):
            office.ask(both, role)
    row = {"account_id": both, "asked_by": "x", "asked_at": now(), "decided_by": "y", "decided_at": now()}
    for role in ("system_admin", "security_admin"):
        for state in ("asked", "active"):
            refused_by_database(office.engine, insert(role_grant).values(**row, role=role, state=state))


@pytest.mark.db
def test_row_12_nobody_decides_for_himself_also_by_direct_sql(office: Office) -> None:
    number = office.ask(office.clerk, "declarant")
    asker = office.cast.people["system_admin"]
    g = role_grant.c
    for decider in (asker, office.clerk, None):
        active = update(role_grant).where(g.id == number).values(state="active", decided_by=decider)
        with pytest.raises(IntegrityError), writing(office.engine) as db:
            db.execute(active)


def test_row_12_only_people_of_the_right_organisation_hold_a_role(office: Office) -> None:
    for role, words in (("leader", "不能担任商务主管领导"), ("wall", "请选择角色"), ("root", "请选择角色")):
        with pytest.raises(Unfit, match=words):
            office.ask(office.clerk, role)


def test_row_12_the_last_administrator_of_a_kind_is_neither_suspended_nor_stripped(office: Office) -> None:
    system, security = office.be("system_admin"), office.be("security_admin")
    standing.suspend_account(office.engine, system, office.cast.people["audit_admin2"], WHY)
    last = office.cast.people["audit_admin"]
    for deed in (standing.suspend_account, standing.close_account):
        with pytest.raises(Refused, match="仅剩的审计管理员"):
            deed(office.engine, system, last, WHY)
    grant = next(row["id"] for row in grants_of(office, last) if row["state"] == "active")
    with pytest.raises(Refused, match="仅剩的审计管理员"):
        grants.end_role(office.engine, security, grant, WHY)


# ---- row 13: a role takes two people


@pytest.mark.db
def test_row_13_a_role_is_asked_by_one_and_decided_by_another_and_the_audit_names_both(office: Office) -> None:
    number = office.ask(office.clerk, "declarant")
    assert be_after(office, "clerk").roles == ()
    grants.decide_role(office.engine, office.be("security_admin"), number, True, "已核对原件")
    assert be_after(office, "clerk").roles == ("declarant",)
    line = office.lines("identity:role:decide")[-1]
    assert line.actor == "security_admin"
    assert line.detail["asked_by"] == "system_admin" and line.detail["decided_by"] == "security_admin"


@pytest.mark.db
def test_row_13_nobody_decides_what_he_asked_for_or_what_is_about_himself(office: Office) -> None:
    number = office.ask(office.clerk, "declarant")
    security = office.be("security_admin")
    for involved in (office.cast.people["system_admin"], office.clerk):
        for accept in (True, False):
            with pytest.raises(Refused, match="另一位安全管理员"):
                grants.decide_role(office.engine, replace(security, id=involved), number, accept, WHY)
    assert grants_of(office, office.clerk)[0]["state"] == "asked"
    grants.decide_role(office.engine, security, number, True)


def test_row_13_asking_and_deciding_need_different_rights(office: Office) -> None:
    with pytest.raises(Refused, match="提出授予"):
        office.ask(office.clerk, "declarant", by="security_admin")
    number = office.ask(office.clerk, "declarant")
    for by in ("system_admin", "audit_admin", "clerk"):
        with pytest.raises(Refused, match="批准或驳回"):
            grants.decide_role(office.engine, office.be(by), number, True)
    with pytest.raises(Unfit, match="4 到 200"):
        grants.decide_role(office.engine, office.be("security_admin"), number, False, "不")
    grants.decide_role(office.engine, office.be("security_admin"), number, False, "材料不全，请补营业执照")
    with pytest.raises(Unfit, match="已有人处理"):
        grants.decide_role(office.engine, office.be("security_admin"), number, True)
    assert be_after(office, "clerk").roles == ()


def test_row_13_a_role_taken_back_is_gone_at_once(office: Office) -> None:
    number = office.grant(office.clerk, "declarant")
    clerk = office.be("clerk")
    assert clerk.may("view:own")
    with pytest.raises(Unfit, match="4 到 200"):
        grants.end_role(office.engine, office.be("security_admin"), number, "离岗")
    grants.end_role(office.engine, office.be("security_admin"), number, "本人已离岗")
    assert not be_after(office, "clerk").may("view:own")


def test_row_24_a_new_administrator_raises_an_alert(office: Office) -> None:
    office.grant(office.clerk, "declarant")
    assert alerts(office) == []
    office.grant(office.cast.person("third", office.platform), "security_admin")
    (found,) = alerts(office)
    assert (found.rule, found.subject, found.severity) == ("new_administrator", "third", "warning")
    assert "system_admin 申请、security_admin 批准" in found.words


# ---- row 15: labels


@pytest.mark.parametrize("clearance", [0, 1, 2])
@pytest.mark.parametrize("label", [0, 1, 2, None])
def test_row_15_people_read_up_to_their_clearance_and_no_label_is_the_highest(
    clearance: int, label: int | None
) -> None:
    assert may_read(clearance, label) is (clearance >= (2 if label is None else label))


@pytest.mark.db
def test_row_15_the_list_of_documents_keeps_to_the_same_rule(office: Office) -> None:
    at = now()
    with writing(office.engine) as db:
        for label in (0, 1, 2, None):
            row = {"digest": str(label), "name": f"标记{label}", "kind": "xml", "size": 1, "status": "held"}
            db.execute(insert(document).values(**row, received_at=at, data_class=label))
    for clearance in (0, 1, 2):
        login = f"reader{clearance}"
        office.cast.person(login, office.platform, clearance=clearance)
        with office.engine.connect() as db:
            seen = {row["name"] for row in documents_for(db, office.be(login), 1).rows}
            all_rows = select(document.c.name, document.c.data_class)
            assert seen == {name for name, label in db.execute(all_rows) if may_read(clearance, label)}
            query = readable(select(document.c.name), document.c.data_class, clearance)
            assert seen == set(db.scalars(query))


def test_row_15_who_sees_one_firm_lists_no_documents(office: Office) -> None:
    with office.engine.connect() as db, pytest.raises(Refused):
        documents_for(db, office.be("clerk"), 1)


def test_row_15_nobody_hands_out_more_clearance_than_he_has(office: Office) -> None:
    office.cast.person("junior", office.platform, "system_admin", clearance=1)
    with pytest.raises(Unfit, match="高于自己"):
        create_account(office.engine, office.keys, office.be("junior"), "agent", office.firm, NAME, clearance=2)
    for login in ("junior", "clerk"):
        who = office.cast.people[login]
        with pytest.raises((Refused, Unfit), match="自己的"):
            change_account(office.engine, office.keys, office.be("junior"), who, office.row(who).version, clearance=2)


# ---- row 30: nothing personal in the tables


@pytest.mark.db
def test_row_30_a_dump_of_the_database_holds_no_personal_text(office: Office, tmp_path: Path) -> None:
    told = {"phone": PHONE, "id_no": ID_NO}
    person = office.create("canary", **told, first_password=passwords.one_time_password())
    system = office.be("system_admin")
    accounts_page(office.engine, office.keys, system, Wanted(login="canary"), 1)
    account_of(office.engine, office.keys, system, person)
    assert personal.reveal(office.engine, office.keys, system, person, "phone", WHY) == PHONE
    changed = {"name": NAME + "二", "phone": "13912341234"}
    change_account(office.engine, office.keys, system, person, office.row(person).version, personal=changed)
    ask_to_bind(office, "丙", name=NAME, id_no=ID_NO)
    office.grant(person, "declarant")
    standing.close_account(office.engine, system, person, WHY)
    with office.engine.connect() as db:
        texts = dump(db)
    for secret in (NAME, PHONE, ID_NO, "13912341234"):
        assert [text for text in texts if secret in text] == []
    assert [text for text in texts if LOOKS_PERSONAL.search(text)] == []
    for file in tmp_path.glob("ledger.sqlite*"):
        raw = file.read_bytes()
        assert [s for s in (NAME, PHONE, ID_NO, "13912341234") if s.encode() in raw] == []


def test_row_30_a_sealed_name_moved_to_another_account_does_not_open(office: Office) -> None:
    one, other = office.create("one"), office.create("other")
    with writing(office.engine) as db:
        db.execute(update(account).where(account.c.id == one).values(name_sealed=office.row(other).name_sealed))
    system = office.be("system_admin")
    page = accounts_page(office.engine, office.keys, system, Wanted(), 1)
    names = {row["login_name"]: row["name"] for row in page.rows}
    assert names["one"] == "（无法还原）" and names["other"] == "欧*"
    with pytest.raises(Unfit, match="无法还原"):
        personal.reveal(office.engine, office.keys, system, one, "name", WHY)


# ---- row 35: every column has its purpose


def test_row_35_every_column_about_people_stands_in_the_catalogue_with_purpose_and_basis() -> None:
    assert {table: set(fields) for table, fields in CATALOGUE.items()} == {
        table: set(metadata.tables[table].columns.keys()) for table in CATALOGUE
    }
    for fields in CATALOGUE.values():
        for field in fields.values():
            assert field.purpose and ("法》" in field.basis or "条例》" in field.basis or "GB/T" in field.basis)
            assert field.data_class in (0, 1, 2)


def test_row_35_every_table_about_people_is_in_the_catalogue() -> None:
    about_people = {
        name
        for name, table in metadata.tables.items()
        if name == "account" or name == "organisation" or "account_id" in table.columns or "login_key" in table.columns
    }
    assert about_people - set(CATALOGUE) <= {"audit_line"}  # The audit is kept by law as it was written.


# ---- row 36: masked, and revealed only for a reason


def test_row_36_names_numbers_and_telephones_are_masked() -> None:
    assert personal.mask_name("张三") == "张*" and personal.mask_name("欧阳娜娜") == "欧*"
    assert personal.mask_phone("13812341234") == "138****1234"
    assert personal.mask_id_no(ID_NO) == "110*************9X" and personal.mask_id_no("E1234567") == "********"


@pytest.mark.db
def test_row_36_reveal_needs_a_reason_and_leaves_a_line(office: Office) -> None:
    person = office.create("seen", phone=PHONE, id_no=ID_NO)
    system = office.be("system_admin")
    for reason in ("", "  ", "看看", "看 看\n", "\u202e\u202e\u202e\u202e"):
        with pytest.raises(Unfit):
            personal.reveal(office.engine, office.keys, system, person, "phone", reason)
    assert office.lines("identity:personal:reveal") == []
    for field, text_ in (("name", NAME), ("phone", PHONE), ("id_no", ID_NO)):
        assert personal.reveal(office.engine, office.keys, system, person, field, "  来电核实\n本人 ") == text_
    found = office.lines("identity:personal:reveal")
    assert [line.detail["field"] for line in found] == ["name", "phone", "id_no"]
    assert {(line.actor, line.key, line.detail["reason"]) for line in found} == {
        ("system_admin", person, "来电核实 本人")
    }


@pytest.mark.db
def test_row_36_without_its_line_nothing_is_revealed(office: Office) -> None:
    person, system = office.create("seen", phone=PHONE), office.be("system_admin")
    with office.engine.connect() as db, db.begin():
        db.execute(text("ALTER TABLE audit_line RENAME TO audit_line_away"))
    with pytest.raises(DBAPIError):
        personal.reveal(office.engine, office.keys, system, person, "phone", WHY)


def test_row_36_reveal_asks_the_permission_and_the_clearance(office: Office) -> None:
    person = office.create("seen", phone=PHONE)
    office.cast.person("junior", office.platform, "system_admin", clearance=1)
    junior = office.be("junior")
    assert personal.reveal(office.engine, office.keys, junior, person, "name", WHY) == NAME
    with pytest.raises(Refused, match="等级不够"):
        personal.reveal(office.engine, office.keys, junior, person, "phone", WHY)
    for login in ("security_admin", "audit_admin", "clerk"):
        with pytest.raises(Refused, match="个人信息原文"):
            personal.reveal(office.engine, office.keys, office.be(login), person, "name", WHY)
    with pytest.raises(Unfit):
        personal.reveal(office.engine, office.keys, office.be("system_admin"), person, "login_name", WHY)


@pytest.mark.db
def test_row_36_reading_the_masked_list_leaves_one_line_a_page(office: Office) -> None:
    office.create("seen", phone=PHONE)
    page = accounts_page(office.engine, office.keys, office.be("system_admin"), Wanted(login="SEE"), 1)
    assert [(row["login_name"], row["name"]) for row in page.rows] == [("seen", "欧*")]
    (line,) = office.lines("identity:account:list")
    assert line.entity == "account" and line.detail == {"count": 1, "page": 1, "login": "SEE"}
    with pytest.raises(Refused):
        accounts_page(office.engine, office.keys, office.be("audit_admin"), Wanted(), 1)


# ---- the verbs themselves


def test_suspending_ends_the_sessions_and_the_next_request_finds_nobody(office: Office) -> None:
    with writing(office.engine) as db:
        token = begin_session(db, office.clerk, "password", "full", "127.0.0.1", "Test")
    assert principal_of(office.engine, token) is not None
    standing.suspend_account(office.engine, office.be("system_admin"), office.clerk, WHY)
    assert principal_of(office.engine, token) is None
    assert office.lines("identity:account:suspend")[-1].detail == {"login_name": "clerk", "reason": WHY}


def test_closing_ends_roles_and_bindings_and_erases_what_is_not_needed_any_more(office: Office) -> None:
    person = office.create("leaver", phone=PHONE, id_no=ID_NO)
    office.grant(person, "declarant")
    decide_binding(office.engine, office.be("security_admin"), ask_to_bind(office, "丁"), person, True)
    standing.close_account(office.engine, office.be("system_admin"), person, WHY)
    row = office.row(person)
    assert (row.state, row.phone_sealed, row.id_no_sealed, row.id_no_index) == ("closed", None, None, None)
    assert [grant["state"] for grant in grants_of(office, person)] == ["ended"]
    with office.engine.connect() as db:
        assert db.scalar(select(func.count()).select_from(sso_binding)) == 0
    for deed in (standing.suspend_account, standing.resume_account, standing.close_account):
        with pytest.raises(Unfit):
            deed(office.engine, office.be("system_admin"), person, WHY)


def test_nobody_manages_his_own_account(office: Office) -> None:
    system = office.be("system_admin")
    for deed in (standing.suspend_account, standing.close_account):
        with pytest.raises(Refused, match="自己的账号"):
            deed(office.engine, system, system.id, WHY)
    for deed in (resets.reset_password, resets.reset_factor):
        with pytest.raises(Refused, match="自己的密码"):
            deed(office.engine, system, system.id)


def test_a_reset_password_works_once_set_and_must_be_changed(office: Office) -> None:
    password = resets.reset_password(office.engine, office.be("system_admin"), office.clerk)
    assert len(password) == 16
    passwords.check_quality(password, 10, ("clerk",))
    with office.engine.connect() as db:
        assert passwords.matches(passwords.hashes_of(db, office.clerk, 1)[0], password)
        assert sessions_of(db, office.clerk) == []
    assert office.row(office.clerk).must_change
    assert password not in str(office.lines("identity:password:reset"))


def test_nobody_can_take_over_an_administrator_by_resetting_both_password_and_factor(office: Office) -> None:
    system, target = office.be("system_admin"), office.cast.people["security_admin"]
    touch(office, target)
    resets.reset_password(office.engine, system, target)
    with pytest.raises(Refused, match="安全管理员"):
        resets.reset_factor(office.engine, system, target)
    other = office.cast.people["audit_admin"]
    touch(office, other)
    resets.reset_factor(office.engine, system, other)
    with pytest.raises(Refused, match="审计管理员"):
        resets.reset_password(office.engine, system, other)
    with pytest.raises(Refused, match="证件号"):
        version = office.row(other).version
        change_account(office.engine, office.keys, system, other, version, personal={"id_no": ID_NO})


def test_a_reset_factor_is_gone_and_the_sessions_with_it(office: Office) -> None:
    person = office.cast.person("phoneless", office.firm, "declarant", factor=True)
    office.be("phoneless")
    resets.reset_factor(office.engine, office.be("system_admin"), person)
    with office.engine.connect() as db:
        assert db.scalar(select(account_factor.c.account_id).where(account_factor.c.account_id == person)) is None
        assert sessions_of(db, person) == []
    with pytest.raises(Unfit, match="没有绑定"):
        resets.reset_factor(office.engine, office.be("system_admin"), person)


@pytest.mark.db
def test_of_two_who_change_the_same_record_the_second_is_told(office: Office) -> None:
    system, version = office.be("system_admin"), office.row(office.clerk).version
    change_account(office.engine, office.keys, system, office.clerk, version, personal={"name": "演示甲"})
    with pytest.raises(Unfit, match="已被他人修改"):
        change_account(office.engine, office.keys, system, office.clerk, version, personal={"name": "演示乙"})
    assert office.lines("identity:account:change")[-1].detail == {"login_name": "clerk", "personal": ["name"]}
    change = (office.firm, 1, "演示出口企业二", uscc("610131", 1), "", "")
    change_organisation(office.engine, system, *change)
    with pytest.raises(Unfit, match="已被他人修改"):
        change_organisation(office.engine, system, *change)


def test_who_moves_to_another_organisation_keeps_no_role_that_does_not_fit(office: Office) -> None:
    office.grant(office.clerk, "declarant")
    system, version = office.be("system_admin"), office.row(office.clerk).version
    commerce = office.cast.place("commerce", "演示商务局")
    with pytest.raises(Unfit, match="请先收回角色"):
        change_account(office.engine, office.keys, system, office.clerk, version, organisation_id=commerce)
    sister = office.cast.place("enterprise", "演示姊妹企业", uscc=uscc("610131", 2))
    change_account(office.engine, office.keys, system, office.clerk, version, organisation_id=sister)
    assert be_after(office, "clerk").scope.value == uscc("610131", 2)


@pytest.mark.db
def test_closing_an_organisation_ends_its_people_and_its_tokens(office: Office) -> None:
    from backend.administration.token_issue import issue_token
    from backend.identity.tokens import principal_of_token

    system = office.be("system_admin")
    token = issue_token(office.engine, system, "演示企业系统", "enterprise", 90, office.firm)
    found = principal_of_token(office.engine, token, "api")
    assert found is not None and found.scope.value == uscc("610131", 1)
    with writing(office.engine) as db:
        session = begin_session(db, office.clerk, "password", "full", "127.0.0.1", "Test")
    close_organisation(office.engine, system, office.firm, WHY)
    assert principal_of(office.engine, session) is None
    assert principal_of_token(office.engine, token, "api") is None
    with pytest.raises(Unfit, match="恢复"):
        open_organisation(office.engine, system, "enterprise", "演示顶替企业", uscc("610131", 1))
    reopen_organisation(office.engine, system, office.firm)
    assert be_after(office, "clerk").id == office.clerk
    with pytest.raises(Refused):
        close_organisation(office.engine, system, office.platform, WHY)
    with office.engine.connect() as db:
        assert db.scalar(select(access_token.c.revoked_at)) is not None


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("enterprise", "", "必须填写"),
        ("enterprise", "91610131MADEM0011", "17 位"),
        ("enterprise", "91610131MADEM0011I", "不能有“I”"),
        ("enterprise", "91610131MADEM00119", "校验位"),
        ("market", "91610131MADEM00210", "校验位"),
        ("club", "", "单位类型"),
    ],
)
def test_an_organisation_with_a_wrong_code_is_refused_and_told_why(
    office: Office, kind: str, code: str, words: str
) -> None:
    with pytest.raises(Unfit, match=words):
        open_organisation(office.engine, office.be("system_admin"), kind, "演示单位", code)


def test_credit_codes_that_the_standard_makes_are_accepted_and_every_other_digit_is_found() -> None:
    code = uscc("610131", 7)
    assert uscc_fault(code) is None
    assert uscc_fault("91350100M000100Y43") is None  # the example of GB 32100-2015
    for place in range(18):
        for other in set("0123456789") - {code[place]}:
            assert uscc_fault(code[:place] + other + code[place + 1 :]) is not None, (place, other)


def test_organisations_are_found_by_name_and_code_and_counted(office: Office) -> None:
    system = office.be("system_admin")
    for search in ("出口", uscc("610131", 1).lower()):
        (row,) = organisations_page(office.engine, system, search, "", "", 1).rows
        assert row["name"] == "演示出口企业" and row["people"] == 1
    assert organisations_page(office.engine, system, "%", "", "", 1).rows == []
    with pytest.raises(Refused):
        organisations_page(office.engine, office.be("clerk"), "", "", "", 1)


@pytest.mark.parametrize("number", ["110101199003071091", "12345", "1234567890123456", "身份证", "E123!"])
def test_identity_numbers_that_cannot_be_right_are_refused(office: Office, number: str) -> None:
    with pytest.raises(Unfit, match="证件号不对"):
        office.create("somebody", id_no=number)


@pytest.mark.db
def test_a_binding_goes_to_an_existing_account_that_fits_and_never_to_the_decider(office: Office) -> None:
    security = office.be("security_admin")
    number = ask_to_bind(office, "戊", id_no=ID_NO)
    other_paper = office.create("other", id_no="E12345678")
    asleep = office.create("asleep")
    standing.suspend_account(office.engine, office.be("system_admin"), asleep, WHY)
    for chosen, words in (
        (None, "请填写"),
        (asleep, "在用的账号"),
        (other_paper, "证件号"),
        ("0" * 32, "没有这个账号"),
    ):
        with pytest.raises(Unfit, match=words):
            decide_binding(office.engine, security, number, chosen, True)
    with pytest.raises(Refused, match="自己的账号"):
        decide_binding(office.engine, security, number, security.id, True)
    with pytest.raises(Refused):
        decide_binding(office.engine, office.be("system_admin"), number, office.clerk, True)
    legal = ask_to_bind(office, "己", kind="legal", code=uscc("610131", 2))
    with pytest.raises(Unfit, match="统一社会信用代码"):
        decide_binding(office.engine, security, legal, office.clerk, True)
    page = waiting_bindings(office.engine, office.keys, security, 1)
    assert {row["name"] for row in page.rows} == {"演*"}
    owner = office.create("owner", id_no=ID_NO)
    (row,) = (r for r in waiting_bindings(office.engine, office.keys, security, 1).rows if r["id"] == number)
    assert row["likely"] == "owner"
    decide_binding(office.engine, security, number, owner, True)
    decide_binding(office.engine, security, legal, None, False)
    with pytest.raises(Unfit, match="已有人处理"):
        decide_binding(office.engine, security, legal, office.clerk, True)
    assert waiting_bindings(office.engine, office.keys, security, 1).rows == []


def ask_to_bind(
    office: Office, subject: str, kind: str = "natural", name: str = "演示申请人", id_no: str = "", code: str = ""
) -> int:
    """An outside identity that waits."""
    index = blind_index(office.keys, "sso.qinwuyuan", subject)
    row = {
        "provider": "qinwuyuan", "subject": index, "state": "waiting", "kind": kind, "uscc": code or None,
        "name_sealed": seal(office.keys, f"sso_binding.name:{index}", name), "asked_at": now(),
        "id_no_index": personal.id_no_index(office.keys, id_no) if id_no else None,
    }  # fmt: skip
    with writing(office.engine) as db:
        return int(db.execute(insert(sso_binding).values(row).returning(sso_binding.c.id)).scalar_one())


def touch(office: Office, account_id: str) -> None:
    """Somebody signs in at this moment."""
    with writing(office.engine) as db:
        db.execute(update(account).where(account.c.id == account_id).values(seen_at=now()))


def be_after(office: Office, login: str) -> Principal:
    """The same person at his next sign-in."""
    return office.be(login)


def people_in_use(office: Office) -> list[Any]:
    """Real accounts that may be used."""
    with office.engine.connect() as db:
        return list(db.execute(select(account).where(account.c.state == "active", account.c.demo.is_(False))))


def grants_of(office: Office, account_id: str) -> list[dict[str, Any]]:
    """The grants of an account, newest first."""
    with office.engine.connect() as db:
        return grants.grants_of(db, account_id)


def alerts(office: Office) -> list[Any]:
    """Every alert."""
    with office.engine.connect() as db:
        return list(db.execute(select(alert)))


def dump(db: Connection) -> list[str]:
    """Every value of every table as text."""
    return [str(value) for table in metadata.sorted_tables for row in db.execute(select(table)) for value in row]

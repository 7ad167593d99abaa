"""Settings, codes and dictionaries: changed with a reason, undone by another version, never overwritten."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, func, select

from backend.administration import configuration, dictionaries
from backend.administration.code_search import search_codes
from backend.administration.code_tables import CodeRow
from backend.administration.codes_service import register_codes
from backend.administration.options import options_of
from backend.administration.system_views import NAVIGATION
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.identity.roles import permissions_of
from backend.models import audit_line, code
from datasources.scope import ALL
from tests.house import House, post, see

WHY = "节前人手不足，适当放宽"
BASE = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)  # 16:30 in Beijing


def somebody(name: str, role: str) -> Principal:
    return Principal("account", f"{name:0>32}", name, (role,), permissions_of([role]), ALL)


SYSTEM, SECURITY, AUDITOR = (somebody(role, role) for role in ("system_admin", "security_admin", "audit_admin"))


def audited(engine: Engine, tag: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(audit_line).where(audit_line.c.tag == tag).order_by(audit_line.c.id)))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = House(tmp_path_factory.mktemp("var"))
    place = home.cast.place("platform", "平台")
    for role in ("monitor", "system_admin", "security_admin", "audit_admin"):
        home.cast.person(role, place, role)
    with writing(home.engine) as connection:
        dictionaries.install_dictionaries(connection, now())
    home.build()
    yield home
    home.engine.dispose()


def test_row_37_each_administrator_sees_only_his_own_pages(house: House) -> None:
    paths = [entry.path for entry in NAVIGATION]
    seen = {
        role: {path for path in paths if see(client, path).status_code == 200}
        for role in ("system_admin", "security_admin", "audit_admin", "monitor")
        for client in [house.browse(role)]
    }
    base = "/administration/"
    assert seen["system_admin"] == {base + page for page in ("configuration", "codes", "dictionaries")}
    assert seen["security_admin"] == {base + "policy"} and seen["audit_admin"] == {base + "audit"}
    assert seen["monitor"] == set()


# Settings.


@pytest.mark.db
def test_a_setting_changes_with_a_reason_and_is_undone_by_another_version(ledger: Engine) -> None:
    configuration.change(ledger, SECURITY, "idle_minutes", "60", WHY, 0)
    configuration.change(ledger, SECURITY, "idle_minutes", "20", "检查要求收紧", 1)
    configuration.undo(ledger, SECURITY, "idle_minutes", 1, "收紧后大厅无法工作", 2)
    with ledger.connect() as connection:
        assert options_of(connection)["idle_minutes"] == 60
        versions = configuration.versions_of(connection, "idle_minutes")
    assert [(v["version"], v["value"]) for v in versions] == [(3, 60), (2, 20), (1, 60)]
    assert versions[0]["reason"] == "恢复到第 1 版：收紧后大厅无法工作"
    lines = audited(ledger, "administration:configuration:change")
    assert [line.detail["after"] for line in lines] == [60, 20, 60] and lines[0].detail["reason"] == WHY


def test_undoing_everything_brings_the_default_back(ledger: Engine) -> None:
    configuration.change(ledger, SECURITY, "failures", "8", WHY, 0)
    configuration.undo(ledger, SECURITY, "failures", 0, "恢复出厂要求", 1)
    with ledger.connect() as connection:
        assert options_of(connection)["failures"] == 5


def test_who_looked_at_an_older_version_does_not_overwrite_the_newer_one(ledger: Engine) -> None:
    configuration.change(ledger, SECURITY, "failures", "8", WHY, 0)
    with pytest.raises(Unfit, match="刚把它改为 8"):
        configuration.change(ledger, SECURITY, "failures", "6", WHY, 0)


@pytest.mark.parametrize("value", ["4", "121", "30.5", "-30", "３０", "", "9" * 30])
def test_a_value_out_of_bounds_is_refused(ledger: Engine, value: str) -> None:
    with pytest.raises(Unfit, match="5 到 120"):
        configuration.change(ledger, SECURITY, "idle_minutes", value, WHY, 0)


def test_a_change_without_a_reason_or_without_effect_is_refused(ledger: Engine) -> None:
    with pytest.raises(Unfit, match="理由"):
        configuration.change(ledger, SECURITY, "idle_minutes", "60", "改", 0)
    with pytest.raises(Unfit, match="相同"):
        configuration.change(ledger, SECURITY, "idle_minutes", "30", WHY, 0)


def test_each_administrator_changes_only_his_own_settings(ledger: Engine, house: House) -> None:
    with pytest.raises(Refused):
        configuration.change(ledger, SYSTEM, "idle_minutes", "60", WHY, 0)
    with pytest.raises(Refused):
        configuration.change(ledger, SECURITY, "page_rows", "60", WHY, 0)
    # Nor through the other list's address, which he may open.
    system = house.browse("system_admin")
    assert see(system, "/administration/configuration/idle_minutes").status_code == 403
    assert (
        post(system, "/administration/configuration/idle_minutes", value="60", reason=WHY, seen="0").status_code == 403
    )
    assert see(house.browse("security_admin"), "/administration/policy/page_rows").status_code == 403


def test_a_setting_is_changed_and_undone_on_its_page(house: House) -> None:
    client, path = house.browse("security_admin"), "/administration/policy/lock_minutes"
    assert "超过" not in see(client, path).text and "没有改过" in see(client, path).text
    wrong = post(client, path, value="2", reason=WHY, seen="0")
    assert wrong.status_code == 400 and "锁定时长应为 5 到 1440 之间的整数" in wrong.text
    assert post(client, path, value="45", reason=WHY, seen="0").status_code == 303
    page = see(client, path).text
    assert "第 1 版，现行" in page and WHY in page and "security_admin" in page
    assert "请选择要恢复到哪一版" in post(client, f"{path}/undo", reason="恢复默认要求", seen="1").text
    assert post(client, f"{path}/undo", version="0", reason="恢复默认要求", seen="1").status_code == 303
    assert "恢复到默认值：恢复默认要求" in see(client, "/administration/policy").text


# Codes and dictionaries.


@pytest.mark.db
def test_codes_are_found_by_number_old_number_and_name(ledger: Engine) -> None:
    with ledger.connect() as connection:
        for words in ("KAZ", "kaz", "哈萨克"):
            assert [row["code"] for row in search_codes(connection, "country", words, False, 1).rows] == ["KAZ"]
        old = next(iter(search_codes(connection, "country", "KAZ", False, 1).rows))["old_code"]
        assert "KAZ" in [row["code"] for row in search_codes(connection, "country", old, False, 1).rows]
        assert search_codes(connection, "country", "%", False, 1).total == 0


@pytest.mark.db
def test_a_code_that_was_replaced_is_still_found_with_its_days(ledger: Engine) -> None:
    with writing(ledger) as connection:
        register_codes(connection, BASE, "country", [CodeRow("country", "KAZ", "哈萨克", "145")], None)
    with ledger.connect() as connection:
        assert [row["name"] for row in search_codes(connection, "country", "KAZ", False, 1).rows] == ["哈萨克"]
        both = search_codes(connection, "country", "KAZ", True, 1).rows
    assert (both[0]["name"], both[0]["since"], both[0]["until"]) == ("哈萨克", "2026-11-24", "")
    assert both[1]["until"] == "2026-11-23"


def test_the_pages_of_codes_show_tables_and_codes(house: House) -> None:
    client = house.browse("system_admin")
    assert "国别（地区）" in see(client, "/administration/codes").text
    assert "own_" not in see(client, "/administration/codes").text
    page = see(client, "/administration/codes/country?q=哈萨克").text
    assert "KAZ" in page and "RUS" not in page
    assert see(client, "/administration/codes/nothing").status_code == 404


@pytest.mark.db
def test_a_dictionary_grows_renames_and_ends_without_losing_what_it_said(ledger: Engine) -> None:
    table = "own_return_reason"
    with time_machine.travel(BASE, tick=False) as clock:
        with writing(ledger) as connection:
            dictionaries.install_dictionaries(connection, now())
            dictionaries.install_dictionaries(connection, now())
        dictionaries.add(ledger, SYSTEM, table, "印章不清")
        clock.shift(timedelta(days=3))
        dictionaries.rename(ledger, SYSTEM, table, "06", "印章不清晰")
        dictionaries.rename(ledger, SYSTEM, table, "06", "印章看不清")
        dictionaries.end(ledger, SYSTEM, table, "06", "与材料不清晰重复")
        dictionaries.add(ledger, SYSTEM, table, "缺少签名")
    with ledger.connect() as connection:
        kept = [e for e in dictionaries.entries_of(connection, table) if e["code"] in ("06", "07")]
        choices = dictionaries.choices_of(connection, table)
    assert [(e["name"], e["valid_from"], e["valid_to"]) for e in kept] == [
        ("缺少签名", "2026-11-27", "9999-12-31"),
        ("印章看不清", "2026-11-27", "2026-11-27"),
        ("印章不清", "2026-11-24", "2026-11-26"),
    ]
    assert [number for number, _ in choices] == ["01", "02", "03", "04", "05", "07"]
    assert [line.key for line in audited(ledger, "administration:code:end")] == [f"{table}|06"]


def test_a_dictionary_refuses_doubles_strangers_and_what_is_gone(ledger: Engine) -> None:
    table = "own_suspend_reason"
    with writing(ledger) as connection:
        dictionaries.install_dictionaries(connection, now())
    with pytest.raises(Unfit, match="已经在这个字典里"):
        dictionaries.add(ledger, SYSTEM, table, " 离职或调岗 ")
    with pytest.raises(Refused):
        dictionaries.add(ledger, AUDITOR, table, "别的原因")
    with pytest.raises(Unfit, match="没有这个字典"):
        dictionaries.add(ledger, SYSTEM, "country", "火星")
    dictionaries.end(ledger, SYSTEM, table, "01", "改用其他说法")
    with pytest.raises(Unfit, match="已经停用"):
        dictionaries.rename(ledger, SYSTEM, table, "01", "离职")
    with ledger.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(code).where(code.c.name == "火星")) == 0


def test_a_dictionary_is_kept_on_its_page(house: House) -> None:
    client, path = house.browse("system_admin"), "/administration/dictionaries/own_reveal_reason"
    assert post(client, f"{path}/add", name="公安机关查询").status_code == 303
    assert "公安机关查询" in see(client, path).text
    assert "2 到 40 个字" in post(client, f"{path}/add", name="短").text
    assert post(client, f"{path}/rename", number="05", name="公安机关依法查询").status_code == 303
    assert post(client, f"{path}/end", number="05", reason="不再受理此类查询").status_code == 303
    assert "公安机关依法查询" not in see(client, "/administration/dictionaries").text

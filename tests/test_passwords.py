"""Passwords: good ones pass, weak ones are explained, old ones do not come again."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert
from sqlalchemy.exc import IntegrityError

from backend.crypto.keys import Keys, open_keys
from backend.db import now, writing
from backend.identity import passwords
from backend.identity.refusal import Unfit
from backend.models import account_password
from tests.cast import PASSWORD, Cast

WEAK = """
password Password1! P@ssw0rd123 Passw0rd!!! Admin123456! Admin@2026! Administrator1! Root123456!! Qwerty12345!
Qwer!234567 Qazwsx123!@# 1qaz2wsx3edc 1qaz@WSX3edc Abcd1234!! Abc123456!! Aa123456!!! Woaini1314! Woaini520!!
Iloveyou1! Zhongguo123! China2026!! Beijing2026! Shanghai1! Xian2026!!! Xian@123456 Shaanxi123! Changan2026!
Nihao12345! Haohao123!! Mima123456! Guanliyuan1! Yonghu1234! Test123456! Guest12345! Welcome123! Hello12345!
Monkey123!! Dragon123!! Sunshine1! Letmein123! Chukou2026! Cheguansuo1! Ershouche1! Haiguan123! Huawei123!!
Taobao1234! Spring2026! Winter2026! Changeme1! Secret1234! 1234567890 aaaaaaaaaaA1 Short1! lowercaseonly
UPPERCASE123 nodigitsHERE
"""
MUST_FAIL = WEAK.split()


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return open_keys(tmp_path / "keys")


def test_row_02_common_and_weak_passwords_are_refused() -> None:
    passed = []
    for word in MUST_FAIL:
        try:
            passwords.check_quality(word, 10)
            passed.append(word)
        except Unfit:
            continue
    assert len(MUST_FAIL) >= 50 and passed == []


@given(st.text(alphabet="abcdefghjkABCDEFGHJK23456789#%+", min_size=1, max_size=24))
def test_row_02_whatever_passes_has_ten_characters_of_three_classes(word: str) -> None:
    try:
        passwords.check_quality(word, 10)
    except Unfit:
        return
    classes = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    assert len(word) >= 10 and sum(any(kind(c) for c in word) for kind in classes) >= 3


@pytest.mark.parametrize("personal", ["zhang.san", "13812345678", "91610131MA6TXW123X"])
def test_row_02_a_password_holds_nothing_personal(personal: str) -> None:
    with pytest.raises(Unfit):
        passwords.check_quality(f"Zq#{personal}!Kw", 10, (personal.upper(),))


def test_row_02_a_vin_is_no_password() -> None:
    with pytest.raises(Unfit, match="车辆识别代号"):
        passwords.check_quality("lsgpc52H9GF125161", 10)


def test_one_time_passwords_keep_the_rules() -> None:
    made = {passwords.one_time_password() for _ in range(50)}
    assert len(made) == 50
    for word in made:
        passwords.check_quality(word, 16)


@pytest.mark.db
def test_row_04_an_account_password_is_argon2id_and_never_empty(ledger: Engine, keys: Keys) -> None:
    cast = Cast(ledger, keys)
    person = cast.person("zhang", cast.place("platform", "平台"))
    with ledger.connect() as connection:
        (kept,) = passwords.hashes_of(connection, person, 5)
    assert kept.startswith("$argon2id$") and passwords.matches(kept, PASSWORD) and not passwords.matches(kept, "")
    for bad in ("", "secret", None):
        with pytest.raises(IntegrityError), writing(ledger) as connection:
            connection.execute(insert(account_password).values(account_id=person, at=now(), hash=bad))


def test_row_04_no_hash_matches_nothing() -> None:
    assert not passwords.matches(None, "") and not passwords.matches(None, PASSWORD)


def test_row_03_the_last_five_passwords_do_not_come_again(ledger: Engine, keys: Keys) -> None:
    cast = Cast(ledger, keys)
    person = cast.person("zhang", cast.place("platform", "平台"))
    for number in range(5):
        assert passwords.was_used(ledger, person, PASSWORD) is True
        with writing(ledger) as connection:
            passwords.set_password(connection, person, f"Kq#{number}-meadowlark", must_change=False)
    assert passwords.was_used(ledger, person, PASSWORD) is False
    assert passwords.was_used(ledger, person, "Kq#0-meadowlark") is True

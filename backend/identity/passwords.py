"""Passwords: what a good one is, argon2id hashes, and the ones used before."""

import re
import secrets
from datetime import timedelta
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection, Engine, insert, select, update

from backend.administration.options import options_of
from backend.db import now
from backend.identity.refusal import Unfit
from backend.models import account, account_password

# 46 MiB, one pass, one lane: about 90 ms on the reference machine, and 500 sign-ins do not exhaust its memory.
HASHER = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
LONGEST = 128  # Argon2 takes any length; a body of a megabyte must not be hashed.
CLASSES = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")
VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}", re.IGNORECASE)
PHONE = re.compile(r"1[3-9]\d{9}")
# What people in China and elsewhere reach for when they must invent a password; compared without digits and symbols.
COMMON = frozenset((Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").split())
LEET = str.maketrans("013457@$!", "oieastasi")
# Letters and digits that nobody confuses when he copies a one-time password from a slip of paper.
READABLE = "abcdefghjkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "#%+=?@"


def check_quality(password: str, least: int, personal: tuple[str, ...] = ()) -> None:
    """Raise Unfit unless the password keeps the rules (GB/T 22239 8.1.4.1 a); `personal` are texts it must not hold."""
    if not least <= len(password) <= LONGEST:
        raise Unfit(f"密码应为 {least} 到 {LONGEST} 位", "password")
    if sum(bool(re.search(kind, password)) for kind in CLASSES) < 3:
        raise Unfit("密码应含大写字母、小写字母、数字、符号中的至少三类", "password")
    plain = password.casefold()
    if any(len(text) >= 3 and text.casefold() in plain for text in personal):
        raise Unfit("密码不能含有登录名、手机号或单位代码", "password")
    if VIN.search(password) or PHONE.search(password):
        raise Unfit("密码不能含有车辆识别代号或手机号", "password")
    if is_common(plain):
        raise Unfit("这个密码太常见，容易被猜中，请换一个", "password")


def is_common(plain: str) -> bool:
    """Whether only digits and symbols stand around a common word, or few different characters make it up."""
    letters = {re.sub(r"[^a-z]", "", plain), re.sub(r"[^a-z]", "", plain.translate(LEET))}
    core = re.sub(r"^[^a-z]+|[^a-z]+$", "", plain)
    letters |= {re.sub(r"[^a-z]", "", core.translate(LEET))}
    return len(set(plain)) < 5 or any(not word or word in COMMON or _doubled(word) in COMMON for word in letters)


def _doubled(word: str) -> str:
    """The half of a word that was only written twice."""
    half = len(word) // 2
    return word[:half] if word[:half] == word[half:] else word


def set_password(connection: Connection, account_id: str, password: str, must_change: bool) -> None:
    """Make this the account's password; the caller has checked its quality and that it was not used before."""
    row = {"account_id": account_id, "at": now(), "hash": HASHER.hash(password)}
    connection.execute(insert(account_password).values(row))
    connection.execute(update(account).where(account.c.id == account_id).values(must_change=must_change))


def hashes_of(connection: Connection, account_id: str, most: int) -> list[str]:
    """The newest hashes of an account, the one in force first."""
    p = account_password.c
    query = select(p.hash).where(p.account_id == account_id).order_by(p.at.desc()).limit(most)
    return list(connection.scalars(query))


def matches(hash_: str | None, password: str) -> bool:
    """Whether the password belongs to the hash. Without a hash the same work is done, so that time tells nothing."""
    try:
        right = HASHER.verify(hash_ or _NOBODYS, password[:LONGEST])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return right and hash_ is not None


def was_used(engine: Engine, account_id: str, password: str) -> bool:
    """Whether the password is among the last ones, which may not come again."""
    with engine.connect() as connection:
        earlier = hashes_of(connection, account_id, options_of(connection)["password_history"])
    return any(matches(hash_, password) for hash_ in earlier)


def has_aged(connection: Connection, account_id: str) -> bool:
    """Whether the password is older than allowed; an account without one has nothing to change."""
    p = account_password.c
    newest = connection.scalar(select(p.at).where(p.account_id == account_id).order_by(p.at.desc()).limit(1))
    days = options_of(connection)["password_days"]
    return newest is not None and now() - newest >= timedelta(days=days)


def one_time_password() -> str:
    """Sixteen random characters that keep every rule and are easy to copy from paper."""
    picked = [secrets.choice(alphabet) for alphabet in READABLE for _ in range(4)]
    secrets.SystemRandom().shuffle(picked)
    return "".join(picked)


_NOBODYS = HASHER.hash(secrets.token_urlsafe(16))

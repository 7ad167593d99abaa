"""The platform's own lists of words, such as reasons: entries are added, renamed and ended, never overwritten."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from backend.administration.code_tables import CodeRow
from backend.administration.codes_service import FOR_EVER, register_codes
from backend.administration.duty import need, plain, reason_of
from backend.audit.service import Line, write_lines
from backend.clearance.states import shanghai_day
from backend.db import now, writing
from backend.identity.principal import Principal
from backend.identity.refusal import Unfit
from backend.models import code

OWN = "own_"  # How the names of these tables begin, in the same table as the customs' codes.
LONGEST = 40


@dataclass(frozen=True)
class Dictionary:
    """A list, where it is used, and the entries that it has on a new platform."""

    table: str
    label: str
    help: str
    first: tuple[str, ...]


DICTIONARIES: dict[str, Dictionary] = {
    found.table: found
    for found in (
        Dictionary(
            "own_suspend_reason",
            "停用原因",
            "停用账号时可选",
            ("离职或调岗", "长期未使用", "单位停止使用平台", "违反使用规定", "账号疑似被盗用"),
        ),
        Dictionary(
            "own_reveal_reason",
            "查看原文理由",
            "查看个人信息原文时可选",
            ("核对本人身份", "联系本人办理业务", "配合主管部门调查", "更正登记信息"),
        ),
        Dictionary(
            "own_return_reason",
            "退回原因",
            "退回申请或备案材料时可选",
            ("材料不全", "材料不清晰", "填写内容与材料不符", "不符合办理条件", "重复提交"),
        ),
    )
}


def install_dictionaries(connection: Connection, at: datetime) -> None:
    """Fill the lists that have never had an entry; call it in a transaction that writes."""
    known = set(connection.scalars(select(code.c.table_name).where(code.c.table_name.in_(DICTIONARIES)).distinct()))
    for table, dictionary in DICTIONARIES.items():
        if table not in known:
            rows = [CodeRow(table, f"{n:02}", name) for n, name in enumerate(dictionary.first, 1)]
            register_codes(connection, at, table, rows, None)


def choices_of(connection: Connection, table: str) -> list[tuple[str, str]]:
    """The entries to choose from today, as (code, name) in the order of their codes."""
    c = code.c
    live = (c.table_name == table) & (c.valid_to == FOR_EVER)
    return [(number, name) for number, name in connection.execute(select(c.code, c.name).where(live).order_by(c.code))]


def entries_of(connection: Connection, table: str) -> list[dict[str, Any]]:
    """Every entry and former name of a list: code, name, valid_from, valid_to; those in force first."""
    c = code.c
    query = select(c.code, c.name, c.valid_from, c.valid_to).where(c.table_name == table)
    found = connection.execute(query.order_by(c.valid_to.desc(), c.code, c.valid_from.desc())).mappings()
    return [dict(row) for row in found]


def dictionary_of(table: str) -> Dictionary:
    """The declared list of that name; raises Unfit."""
    if table not in DICTIONARIES:
        raise Unfit("没有这个字典")
    return DICTIONARIES[table]


def add(engine: Engine, actor: Principal, table: str, name: str) -> None:
    """Add an entry from today on, under a number that was never used; raises Refused or Unfit."""

    def write(connection: Connection, at: datetime) -> tuple[str, dict[str, Any]]:
        word = _new_name(connection, table, name)
        used = connection.scalars(select(code.c.code).where(code.c.table_name == table)).all()
        number = f"{max((int(one) for one in used if one.isdigit()), default=0) + 1:02}"
        register_codes(connection, at, table, [CodeRow(table, number, word, valid_from=_today(at))], None)
        return number, {"name": word}

    _do(engine, actor, table, "add", write)


def rename(engine: Engine, actor: Principal, table: str, number: str, name: str) -> None:
    """Call an entry otherwise from today on; the former name stays with its days. Raises Refused or Unfit."""

    def write(connection: Connection, at: datetime) -> tuple[str, dict[str, Any]]:
        before = _live_name(connection, table, number)
        word = _new_name(connection, table, name)
        register_codes(connection, at, table, [CodeRow(table, number, word)], None)
        return number, {"before": before, "after": word}

    _do(engine, actor, table, "rename", write)


def end(engine: Engine, actor: Principal, table: str, number: str, reason: str) -> None:
    """End an entry: it is valid through today and can no longer be chosen. Raises Refused or Unfit."""

    def write(connection: Connection, at: datetime) -> tuple[str, dict[str, Any]]:
        name, c = _live_name(connection, table, number), code.c
        mine = (c.table_name == table) & (c.code == number) & (c.valid_to == FOR_EVER)
        connection.execute(update(code).where(mine).values(valid_to=_today(at), changed_at=at))
        return number, {"name": name, "valid_to": _today(at), "reason": why}

    why = reason_of(reason)
    _do(engine, actor, table, "end", write)


def _do(
    engine: Engine,
    actor: Principal,
    table: str,
    verb: str,
    write: Callable[[Connection, datetime], tuple[str, dict[str, Any]]],
) -> None:
    need(actor, "change:codes")
    dictionary_of(table)
    with writing(engine) as connection:
        at = now()
        number, detail = write(connection, at)
        key = f"{table}|{number}"
        write_lines(connection, at, [Line(actor.name, f"administration:code:{verb}", key, detail=detail)])


def _new_name(connection: Connection, table: str, name: str) -> str:
    word = plain(name, "name", "名称", 2, LONGEST)
    if word in {taken for _, taken in choices_of(connection, table)}:
        raise Unfit(f"“{word}”已经在这个字典里", "name")
    return word


def _live_name(connection: Connection, table: str, number: str) -> str:
    names = dict(choices_of(connection, table))
    if number not in names:
        raise Unfit("这一条已经停用，或者不存在，请刷新页面")
    return names[number]


def _today(at: datetime) -> str:
    return shanghai_day(at) or ""

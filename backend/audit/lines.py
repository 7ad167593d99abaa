"""Stored audit lines read back as the chain spells them, and the walk along them that stops at the first bad one."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, Engine, String, Text, cast, func, select, type_coerce
from sqlalchemy.exc import OperationalError

from backend.audit.chain import CONTENT, linked
from backend.clearance.states import SHANGHAI
from backend.models import audit_chain, audit_line

CHUNK = 5000
NO_JSON = object()
CHANGED, MISSING, TWICE, FOREIGN = "被改动", "缺行", "重号", "多出"
CUT, REWRITTEN, UNSIGNED, HEADS_BROKEN = "尾部被截断", "整链被重写", "签名不符", "头文件损坏"


class Stored(NamedTuple):
    """A line as it lies in the table or in an archive: its content with the moment spelt, and its value."""

    content: dict[str, Any]
    hash: str


class Link(NamedTuple):
    """A place in the chain: the number of a line and the value up to and with it."""

    number: int
    value: str


class Chain(NamedTuple):
    """What the chain's own record says: its head, and the base from which on the lines are in the table."""

    head_id: int
    head_hash: str
    base_id: int
    base_hash: str

    @property
    def base(self) -> Link:
        """The last archived line."""
        return Link(self.base_id, self.base_hash)


@dataclass(frozen=True)
class Fault:
    """The first thing that is wrong: its kind, the line if it is one, that line's moment and tag, and words."""

    kind: str
    number: int | None
    at: str | None
    tag: str | None
    words: str

    def __str__(self) -> str:
        known = "，".join(part for part in (shown(self.at), self.tag) if part)
        line = "审计链" if self.number is None else f"第 {self.number:,} 行"
        return f"{line}{f'（{known}）' if known else ''}{self.kind}：{self.words}"

    def as_json(self) -> dict[str, Any]:
        """The fault with its Chinese sentence."""
        return asdict(self) | {"sentence": str(self)}


class Broken(Exception):
    """The walk found a fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Walk:
    """A walk along the chain from `start` to the line `last`, past the places in `anchors` that signed heads vouch for.

    `sound` is the last line that is known to be as it was when a head was signed.
    """

    def __init__(self, start: Link, last: int, anchors: Iterable[Link] = ()) -> None:
        self.number, self.value = start
        self.first, self.sound, self.last = start.number + 1, start.number, last
        self._anchors = iter(anchors)
        self._due = next(self._anchors, None)

    def step(self, line: Stored) -> None:
        """Go on to the next line; raises Broken when it is not the one that belongs here."""
        if self._due and self._due.number <= self.number:
            self._compare()
        content, stored = line
        number = content["id"]
        if number != self.number + 1 or number > self.last:
            raise Broken(self._misplaced(content))
        try:
            value = linked(self.value, content)
        except TypeError:  # Only a value that no writer of ours could have put there has no spelling.
            value = ""
        if value != stored:
            raise Broken(_fault(CHANGED, content, "内容与链值不符；若本行链值也被重算过，则改动在前一行。"))
        self.number, self.value = number, value

    def arrive(self, value: str | None = None) -> None:
        """Check that the walk ended at its last line, and with this value if one is known; raises Broken."""
        self._compare()
        if self._due and self.last < self._due.number:
            raise Broken(cut(self.number, f"已签名的链头记着第 {self._due.number:,} 行"))
        if self.number < self.last:
            raise Broken(cut(self.number, f"链头记着共 {self.last:,} 行"))
        if value is not None and self.value != value:
            raise Broken(Fault(CHANGED, None, None, None, "链头记录的值与最后一行不符。"))

    def _compare(self) -> None:
        """Compare with the heads of this place; one that went back, which a restored backup leaves, is passed over."""
        while self._due and self._due.number <= self.number:
            if self._due == (self.number, self.value):
                self.sound = self.number
            elif self._due.number == self.number:
                first = min(self.sound + 1, self.number)
                words = f"第 {first:,} 至 {self.number:,} 行前后相连，却与当时签名的链头不符。"
                raise Broken(Fault(REWRITTEN, first, None, None, words))
            self._due = next(self._anchors, None)

    def _misplaced(self, content: dict[str, Any]) -> Fault:
        number, due = content["id"], self.number + 1
        if not isinstance(number, int):
            return _fault(CHANGED, content | {"id": due}, "行号不是整数。")
        if number < self.first:
            return _fault(FOREIGN, content, f"现存的记录从第 {self.first:,} 行起，此前的已归档，不应再有这一行。")
        if number < due:
            return _fault(TWICE, content, "同一行号出现不止一次。")
        if due > self.last:
            return _fault(FOREIGN, content, f"链头只到第 {self.last:,} 行，这一行没有接在链上。")
        to = f"第 {due:,} 至 {number - 1:,} 行" if number - 1 > due else f"第 {due:,} 行"
        after = f"其后是第 {number:,} 行（{shown(content['at'])}，{content['tag']}）"
        return Fault(MISSING, due, None, None, f"{to}不见了，{after}。")


def cut(number: int, promised: str) -> Fault:
    """The fault of a chain that ends at `number` although more was promised."""
    return Fault(CUT, number + 1, None, None, f"{promised}，库中只到第 {number:,} 行，其后的都不见了。")


def _fault(kind: str, content: dict[str, Any], words: str) -> Fault:
    at, tag = (value if isinstance(value, str) else None for value in (content["at"], content["tag"]))
    return Fault(kind, content["id"], at, tag, words)


def shown(at: str | None) -> str | None:
    """A moment as the chain spells it, as people in Xi'an read it; what cannot be read stays as it is."""
    if at is None:
        return None
    try:
        return f"{moment(at).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return at


def moment(at: str) -> datetime:
    """The aware moment of a spelling; raises ValueError."""
    return datetime.fromisoformat(at).replace(tzinfo=UTC)


def snapshot(engine: Engine) -> Connection:
    """A connection whose reads all see the same moment, however much is written meanwhile; the caller closes it."""
    connection = engine.connect()
    level = {"isolation_level": "REPEATABLE READ"} if connection.dialect.name == "postgresql" else {}
    return connection.execution_options(**level)


def chain_of(connection: Connection) -> Chain | None:
    """Where the chain says it begins and ends; None when the record is gone."""
    row = connection.execute(select(*(audit_chain.c[name] for name in Chain._fields))).first()
    return Chain(*row) if row else None


def stored_lines(connection: Connection, *where: ColumnElement[bool]) -> Iterator[Stored]:
    """Lines in the order of their numbers; only a few thousand are in memory at a time."""
    line = None
    try:
        for line in _read(connection, *where):
            yield line
    except OperationalError:
        if connection.dialect.name != "sqlite":
            raise
        with _any_bytes(connection):
            after = [audit_line.c.id > line.content["id"]] if line else []
            yield from _read(connection, *where, *after)


def _read(connection: Connection, *where: ColumnElement[bool]) -> Iterator[Stored]:
    spelt = {"at": _moment(connection), "detail": cast(audit_line.c.detail, Text)}
    columns = [spelt.get(name, audit_line.c[name]).label(name) for name in CONTENT]
    query = select(*columns, audit_line.c.hash).where(*where).order_by(audit_line.c.id)
    rows = connection.execution_options(stream_results=True, yield_per=CHUNK).execute(query)
    for part in rows.partitions():
        for *content, value in part:
            content[-1] = _detail(content[-1])
            yield Stored(dict(zip(CONTENT, content, strict=True)), value)


@contextmanager
def _any_bytes(connection: Connection) -> Iterator[None]:
    """Read text that is no UTF-8, which a hand at the file can leave, into something that has no spelling."""
    driver: Any = connection.connection.dbapi_connection
    driver.text_factory = lambda raw: raw.decode(errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str


def _moment(connection: Connection) -> ColumnElement[str]:
    at = audit_line.c.at
    if connection.dialect.name == "postgresql":
        return func.to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US', type_=String)
    return func.replace(type_coerce(at, String), " ", "T", type_=String)


def _detail(text: str | None) -> Any:
    """The value of a JSON text; for a text that is none something that has no spelling, so that no value fits it."""
    try:
        return None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError:
        return NO_JSON

"""Audit lines on their way to a log server outside: by UDP or TCP, in their order and each at least once."""

import os
import select as ready
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import orjson
from sqlalchemy import Connection, Engine, select

from backend.audit.cef import message_of
from backend.audit.chain import START
from backend.audit.lines import Link, Stored, chain_of, snapshot, stored_lines
from backend.crypto.files import make_private_folder, sync_folder
from backend.models import audit_line

PLACE = "syslog.json"
# A round begins no new batch after the first of these seconds, and gives up on the last one after the second.
BEGIN, END = 2.0, 4.5
BATCH = {"udp": 50, "tcp": 200}  # An ordinary receive buffer holds fifty datagrams of ours.
NEWS = 0.05  # Seconds in which a host says that nobody listens on a UDP port.
WHY: tuple[tuple[type[OSError], str], ...] = (
    (ConnectionRefusedError, "拒绝连接"),
    (TimeoutError, "没有应答或没有确认收下"),
    (socket.gaierror, "查不到这个主机名"),
    (ConnectionError, "中途断开连接"),
)
Sender = Callable[[socket.socket, Sequence[bytes], float], None]


class Away(Exception):
    """The log server did not take the lines; the text says why in Chinese."""


def send_lines(engine: Engine, folder: Path, address: str) -> int:
    """Send the audit lines that the log server has not taken yet; gives how many it took.

    `folder`: where the last sent number is kept, outside the database; `address`: udp://host:port or tcp://host:port.
    Takes 5 seconds at most, what is left goes at the next call. Raises Away; the next call begins with the line after
    the last one taken. A database set back to a backup no longer holds that line, so all it holds is sent again.
    """
    began, count = time.monotonic(), 0
    size = BATCH[urlsplit(address).scheme]
    while time.monotonic() < began + BEGIN:
        lines = _after(engine, last_sent(folder), size)
        if not lines:
            break
        deliver(address, [message_of(line) for line in lines], began + END)
        _keep(folder, Link(lines[-1].content["id"], lines[-1].hash))
        count += len(lines)
    return count


def last_sent(folder: Path) -> Link:
    """The last line that the log server took; the very beginning when that was never written or cannot be read."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        kept = orjson.loads((folder / PLACE).read_bytes())
        return Link(int(kept["number"]), str(kept["hash"]))
    return Link(0, START)


def _keep(folder: Path, last: Link) -> None:
    make_private_folder(folder)
    aside = folder / f"{PLACE}.{os.getpid()}"
    with aside.open("wb") as file:
        file.write(orjson.dumps({"number": last.number, "hash": last.value}))
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, folder / PLACE)
    sync_folder(folder)


def _after(engine: Engine, last: Link, count: int) -> list[Stored]:
    with snapshot(engine) as connection:
        number = audit_line.c.id
        due = select(number).where(number > _start(connection, last)).order_by(number).limit(count)
        return list(stored_lines(connection, number.in_(due)))


def _start(connection: Connection, last: Link) -> int:
    """The number to go on after: the last sent line if it is still the same, else the base of what is in the table."""
    chain = chain_of(connection)
    base = chain.base_id if chain else 0
    stored = connection.scalar(select(audit_line.c.hash).where(audit_line.c.id == last.number))
    return last.number if last.number > base and stored == last.value else base


def deliver(address: str, messages: Sequence[bytes], deadline: float) -> None:
    """Bring messages to a log server before a moment of the monotonic clock; raises Away."""
    url = urlsplit(address)
    kind, send = (socket.SOCK_DGRAM, _by_udp) if url.scheme == "udp" else (socket.SOCK_STREAM, _by_tcp)
    try:
        _to_first(_resolved(url.hostname or "", url.port or 0, kind, deadline), send, messages, deadline)
    except OSError as error:
        why = next((words for known, words in WHY if isinstance(error, known)), f"连接不上或中途断开连接（{error}）")
        raise Away(f"日志服务器 {address} {why}") from error


def _to_first(places: list[Any], send: Sender, messages: Sequence[bytes], deadline: float) -> None:
    """To the first address that takes them; raises OSError of the last one when none does."""
    for number, (family, kind, protocol, _, place) in enumerate(places, 1):
        try:
            with socket.socket(family, kind, protocol) as link:
                link.settimeout(_left(deadline))
                link.connect(place)
                return send(link, messages, deadline)
        except OSError:
            if number == len(places):
                raise


def _by_udp(link: socket.socket, messages: Sequence[bytes], deadline: float) -> None:
    for message in messages:
        link.settimeout(_left(deadline))
        link.send(message)
    ready.select([link], [], [], NEWS)
    if fault := link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(fault, os.strerror(fault))


def _by_tcp(link: socket.socket, messages: Sequence[bytes], deadline: float) -> None:
    """Octet counting (RFC 6587). Syslog has no receipts, so we close our half and wait until the server, having read
    everything, closes its own: what only lies in a buffer when it dies is sent again."""
    link.settimeout(_left(deadline))
    link.sendall(b"".join(b"%d %b" % (len(message), message) for message in messages))
    link.shutdown(socket.SHUT_WR)
    link.settimeout(_left(deadline))
    while link.recv(4096):
        link.settimeout(_left(deadline))


def _left(deadline: float) -> float:
    if (left := deadline - time.monotonic()) <= 0:
        raise TimeoutError
    return left


def _resolved(host: str, port: int, kind: socket.SocketKind, deadline: float) -> list[Any]:
    """The addresses of a host. The system's own question to a name server that is away knows no time limit."""
    answers: SimpleQueue[list[Any] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(list(socket.getaddrinfo(host, port, type=kind)))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else socket.gaierror(str(error)))

    threading.Thread(target=ask, name="log server", daemon=True).start()
    try:
        answer = answers.get(timeout=_left(deadline))
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    return answer

"""Outside parties' tables as rows of text: CSV in any usual encoding, xlsx parsed in a confined child process."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

import orjson

from backend.exchange.safety import MEGABYTE, Unreadable, check_workbook

MAX_CSV_BYTES = 128 * MEGABYTE
MAX_ROWS = 500_000
MAX_ANSWER_BYTES = 512 * MEGABYTE
TIMEOUT_SECONDS = 30.0
MEMORY_BYTES = 512 * MEGABYTE
_CHILD = Path(__file__).with_name("sheet_child.py")
_SPREADSHEETS = {".xls", ".xlsm", ".xlsb", ".xltx", ".xltm", ".xlt", ".ods", ".et", ".numbers"}
_REASONS = {
    "book_encrypted": "工作簿加了密码。请去掉密码后再导入。",
    "book_damaged": "工作簿已损坏，无法读取。请用 Excel 或 WPS 重新保存后再导入。",
    "sheet_missing": "工作簿里没有要读的工作表。",
    "sheet_too_large": f"工作表太大，超过 {MAX_ROWS} 行或单元格过多。请拆成几个文件再导入。",
    "sheet_memory": "工作簿已损坏，或展开后占用的内存超过上限，已停止读取。",
    "sheet_timeout": "读取工作簿超过时限，已停止。请拆成几个文件再导入。",
}


class Rows(list[list[str]]):
    """The rows of one sheet, texts only; ``rows[i]`` is row ``i + 1`` of the sheet, rows may differ in length.

    ``lossy`` holds the numbers of rows in which an identifier of more than 15 digits was typed as a number: its last
    digits are lost in the workbook itself.
    """

    def __init__(self, rows: list[list[str]], name: str = "", lossy: frozenset[int] = frozenset()) -> None:
        super().__init__(rows)
        self.name = name
        self.lossy = lossy


def read_sheet(
    path: Path,
    *,
    sheet: str | None = None,
    timeout: float = TIMEOUT_SECONDS,
    memory: int = MEMORY_BYTES,
    head: int = 0,
) -> Rows:
    """Read a CSV file, or one sheet of an xlsx workbook: the named one, else the first visible one with cells.

    ``timeout`` is in seconds, ``memory`` in bytes; ``head`` asks a workbook for so many of its first rows only.
    Numbers come as plain digits (no ".0", no exponent), dates as ISO 8601. Raises ``Unreadable``.
    """
    if _suffix(path) == ".csv":
        return _read_csv(path)
    what = "first" if sheet is None else f"={sheet}"
    return next(iter(_read_book(path, what, timeout, memory, head).values()))


def read_book(path: Path, *, timeout: float = TIMEOUT_SECONDS, memory: int = MEMORY_BYTES) -> dict[str, Rows]:
    """Read every visible sheet of an xlsx workbook by name; a CSV file is one sheet without a name."""
    return {"": _read_csv(path)} if _suffix(path) == ".csv" else _read_book(path, "all", timeout, memory)


def _suffix(path: Path) -> str:
    """Return ``.csv`` or ``.xlsx``, or refuse the file for its kind."""
    suffix = path.suffix.lower()
    if suffix in (".csv", ".txt", ".tsv"):
        return ".csv"
    if suffix in _SPREADSHEETS:
        raise Unreadable("file_type", f"不接受 {suffix} 文件。请另存为不含宏的 .xlsx，或 .csv，再导入。")
    if suffix != ".xlsx":
        raise Unreadable("file_type", "只接受 .xlsx 和 .csv 文件。")
    return suffix


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError:
        raise Unreadable("file_missing", f"打不开文件 {path.name}。") from None
    with file:
        yield file


# CSV: read in this process, for nothing in it unfolds


def _read_csv(path: Path) -> Rows:
    with _opened(path) as file:
        data = file.read(MAX_CSV_BYTES + 1)
    if len(data) > MAX_CSV_BYTES:
        raise Unreadable("file_too_large", f"文件太大，超过上限 {MAX_CSV_BYTES // MEGABYTE} MB。请拆成几个文件再导入。")
    text = _decoded(data)
    rows = _split(text, _delimiter(text))
    if len(rows) > MAX_ROWS:
        raise Unreadable("sheet_too_large", _REASONS["sheet_too_large"])
    return Rows(rows, path.stem)


def _decoded(data: bytes) -> str:
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise Unreadable("file_type", "扩展名是 .csv，内容却是工作簿或压缩包。请改回原来的扩展名，或另存为 .csv。")
    marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")  # "Unicode text" of Excel
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Unreadable("csv_encoding", "文件的文字编码无法识别，只接受 UTF-8、UTF-16 和 GBK。请另存为“CSV UTF-8”。")


def _delimiter(text: str) -> str:
    """Pick the mark that parts the first line with content into most cells; a comma when none does."""
    start = len(text) - len(text.lstrip())
    line = text[start : start + 100_000].split("\n", 1)[0]
    outside = "".join(line.split('"')[::2])
    return max(",;\t", key=outside.count)


def _split(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:  # a quote without its partner would swallow the rest: read line by line and lose one row at most
        return [_one_line(line, delimiter) for line in re.split(r"\r\n|\n|\r", text.rstrip("\r\n"))]


def _one_line(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return line.split(delimiter)


# xlsx: one child process a workbook


def _read_book(path: Path, what: str, timeout: float, memory: int, head: int = 0) -> dict[str, Rows]:
    with _opened(path) as file:
        check_workbook(file)
        file.seek(0)
        os.lseek(file.fileno(), 0, os.SEEK_SET)  # the child inherits the place in the file, not Python's idea of it
        limits = [memory, max(1, round(timeout)), MAX_ROWS, head]
        return _ask_child(file, timeout, [what, *map(str, limits)])


def _ask_child(file: BinaryIO, timeout: float, arguments: list[str]) -> dict[str, Rows]:
    """Let a child of our own parse the open file, the very one that was judged, and collect its answer."""
    command = [sys.executable, "-I", str(_CHILD), *arguments]
    late = threading.Event()
    with subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_bare()) as child:

        def stop() -> None:
            late.set()
            child.kill()

        clock = threading.Timer(timeout, stop)
        clock.start()
        try:
            assert child.stdout is not None
            return _collect(child.stdout)
        except _Unfinished:
            raise _refusal("sheet_timeout" if late.is_set() else "sheet_memory") from None
        finally:
            clock.cancel()
            clock.join()
            child.kill()


class _Unfinished(Exception):
    """The child ended without saying that its answer is whole."""


def _collect(pipe: IO[bytes]) -> dict[str, Rows]:
    sheets: dict[str, Rows] = {}
    rows, size = Rows([]), 0
    for line in pipe:
        size += len(line)
        item = _item(line, size)
        if isinstance(item, list):
            rows.append(item)
        elif "sheet" in item:
            rows = sheets[item["sheet"]] = Rows([], item["sheet"])
        elif "lossy" in item:
            rows.lossy |= {item["lossy"]}
        elif "error" in item:
            raise _refusal(item["error"])
        else:
            return sheets
    raise _Unfinished


def _item(line: bytes, size: int) -> Any:
    if size > MAX_ANSWER_BYTES:
        raise _refusal("sheet_too_large")
    try:
        return orjson.loads(line)
    except json.JSONDecodeError:
        raise _Unfinished from None


def _refusal(code: str) -> Unreadable:
    return Unreadable(code, _REASONS.get(code, _REASONS["book_damaged"]))


def _bare() -> dict[str, str]:
    """Give the child none of our environment, where passwords live; Windows cannot start Python without its root."""
    return {key: os.environ[key] for key in ("SYSTEMROOT",) if key in os.environ}

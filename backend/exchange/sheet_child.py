"""The cell in which one workbook is parsed: a process with little memory, little time and nothing worth stealing.

Run as ``python -I sheet_child.py WHAT MEMORY SECONDS ROWS HEAD`` with the workbook on standard input. WHAT is
``first``, ``all`` or ``=NAME``; HEAD is how many rows of a sheet are wanted, 0 for all. It writes JSON lines:
``{"sheet": name}``, then one array of texts a row, and at last ``{"end": true}``; without that last line the answer is
not whole. ``{"error": code}`` says why there is none.
It imports nothing of the platform, so that it starts fast and holds no connection, key or setting.
"""

import io
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

MAX_CELLS = 12_000_000
PRECISE = 10**15  # a workbook keeps 15 digits: a longer identifier typed as a number has lost its tail


def main(what: str, memory: int, seconds: int, most_rows: int, head: int) -> int:
    _confine(memory, seconds)
    import orjson

    out = sys.stdout.buffer
    try:
        for item in _lines(what, most_rows, head):
            out.write(orjson.dumps(item) + b"\n")
        last: dict[str, Any] = {"end": True}
    except BaseException as error:  # a panic of the Rust reader is no Exception
        last = {"error": _code(error)}
    out.write(orjson.dumps(last) + b"\n")
    out.flush()
    return 0


def _code(error: BaseException) -> str:
    from python_calamine import PasswordError

    if isinstance(error, _Refused):
        return str(error)
    if isinstance(error, MemoryError):
        return "sheet_memory"
    return "book_encrypted" if isinstance(error, PasswordError) else "book_damaged"


class _Refused(Exception):
    pass


def _confine(memory: int, seconds: int) -> None:
    """Take away memory, processor time and the right to write files; Windows has no such limits, only the timeout."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _lines(what: str, most_rows: int, head: int) -> Iterator[Any]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    cells = 0
    for name in _chosen(book, what):
        sheet = book.get_sheet_by_name(name)
        if what == "first" and not sheet.height and name != book.sheet_names[-1]:
            continue
        height, width = (place + 1 for place in sheet.end or (-1, -1))
        cells += height * width
        if height > most_rows or cells > MAX_CELLS:
            raise _Refused("sheet_too_large")
        yield {"sheet": name}
        yield from _rows(sheet, head)
        if what == "first":
            return


def _chosen(book: Any, what: str) -> list[str]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    wanted = (SheetTypeEnum.WorkSheet, SheetVisibleEnum.Visible)
    names = [sheet.name for sheet in book.sheets_metadata if (sheet.typ, sheet.visible) == wanted]
    if what.startswith("="):
        names = [name for name in book.sheet_names if name == what[1:]]
    if not names:
        raise _Refused("sheet_missing")
    return names


def _rows(sheet: Any, head: int) -> Iterator[list[str] | dict[str, int]]:
    """Give the rows from row 1 of the sheet on, so that a row's place is its number, and say which have lost digits."""
    for number, row in enumerate(islice(sheet.iter_rows(), head or None), 1):
        yield [_text(cell) for cell in row]
        if any(type(cell) is float and abs(cell) >= PRECISE for cell in row):
            yield {"lossy": number}


def _text(cell: object) -> str:
    """A cell as a person means it: identifiers keep their digits, dates are ISO 8601."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (int, float)):
        return _digits(float(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(timespec="seconds")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return _digits(cell.total_seconds() / 86400) if isinstance(cell, timedelta) else str(cell)


def _digits(number: float) -> str:
    """A number without exponent, with the 15 digits that the workbook shows."""
    plain = f"{number:.15g}"
    if "e" not in plain:
        return plain
    from decimal import Decimal  # seldom needed, and slow to load

    return format(Decimal(plain), "f")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:6])))

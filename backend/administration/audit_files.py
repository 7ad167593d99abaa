"""The audit log as a workbook or CSV: marked with who took it and when, every text a text, a foot to check it by."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import IO, Any

import orjson
import xlsxwriter
from sqlalchemy import Engine, select

from backend.administration.audit_export import Export
from backend.administration.audit_words import RESULTS, roles_said, said
from backend.clearance.states import SHANGHAI
from backend.models import audit_line

CELL = 32_000  # A cell of a workbook holds 32,767 characters.
CHUNK = 2000
# What a spreadsheet takes for the beginning of a formula, in half and full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS: tuple[tuple[str, int, Callable[[Any], Any]], ...] = (
    ("编号", 10, lambda row: row.id),
    ("时间（北京）", 20, lambda row: row.at.astimezone(SHANGHAI).replace(tzinfo=None)),
    ("操作人", 16, lambda row: row.actor),
    ("角色", 16, lambda row: roles_said(row.role)),
    ("事项", 22, lambda row: "".join(said(row.tag))),
    ("标签", 34, lambda row: row.tag),
    ("对象编号", 26, lambda row: row.key),
    ("结果", 8, lambda row: RESULTS.get(row.result, row.result)),
    ("网络地址", 16, lambda row: row.address),
    ("会话", 14, lambda row: row.session),
    ("请求编号", 18, lambda row: row.request),
    ("账号编号", 34, lambda row: row.account_id),
    ("来件编号", 10, lambda row: row.document_id),
    ("详情", 60, lambda row: orjson.dumps(row.detail).decode() if row.detail is not None else None),
    ("链值（SM3）", 66, lambda row: row.hash),
)


def lines_of(engine: Engine, export: Export) -> Iterator[list[Any]]:
    """The cells of each exported line, oldest first; only some thousand lines are in memory at a time."""
    with engine.connect().execution_options(stream_results=True, yield_per=CHUNK) as connection:
        where = [*export.wanted.conditions(connection), audit_line.c.id <= export.head_id]
        for row in connection.execute(select(audit_line).where(*where).order_by(audit_line.c.id)):
            yield [cell(row) for _, _, cell in COLUMNS]


def write_csv(engine: Engine, export: Export, file: IO[bytes]) -> None:
    """Write the export as CSV: UTF-8 with a mark at its beginning, as spreadsheets want it."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    out = csv.writer(text)
    out.writerow([title for title, _, _ in COLUMNS])
    for cells in lines_of(engine, export):
        out.writerow([harmless(f"{cell:%Y-%m-%d %H:%M:%S}" if isinstance(cell, datetime) else cell) for cell in cells])
    out.writerows([[], [export.mark()], *([name, harmless(words)] for name, words in export.foot())])
    text.flush()
    text.detach()


def harmless(cell: Any) -> Any:
    """A text that a spreadsheet would compute gets an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def write_workbook(engine: Engine, export: Export, file: IO[bytes]) -> None:
    """Write the export as a workbook; its rows go to the disk one by one and are not kept."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(file, options)
    book.set_properties({"title": "审计日志", "author": export.by, "comments": export.mark()})
    _fill(book, book.add_worksheet("审计日志"), lines_of(engine, export), export)
    book.close()


def _fill(book: Any, sheet: Any, lines: Iterator[list[Any]], export: Export) -> None:
    """Mark on top and on every printed page, heads, lines, and the foot."""
    heads, text = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "@"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"})
    _dress(sheet, export)
    sheet.write_string(0, 0, export.mark(), book.add_format({"bold": True, "font_color": "#82580f"}))
    for column, (title, _, _) in enumerate(COLUMNS):
        sheet.write_string(1, column, title, heads)
    last = 1
    for last, cells in enumerate(lines, 2):
        for column, cell in enumerate(cells):
            _write(sheet, last, column, cell, text, moment)
    for row, (name, words) in enumerate(export.foot(), last + 2):
        sheet.write_string(row, 0, name, heads)
        sheet.write_string(row, 1, words[:CELL], text)


def _dress(sheet: Any, export: Export) -> None:
    for column, (_, width, _) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(2, 0)
    sheet.set_landscape()
    sheet.repeat_rows(0, 1)
    page = export.mark().replace("&", "&&")[:200]
    sheet.set_header(f"&C{page}")
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _write(sheet: Any, row: int, column: int, cell: Any, text: Any, moment: Any) -> None:
    if isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell, moment)
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell)
    elif cell is not None:
        whole = cell if len(cell) <= CELL else cell[:CELL] + "…（过长，完整内容见日志详情）"
        sheet.write_string(row, column, whole, text)

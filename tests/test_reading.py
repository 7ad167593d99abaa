"""What outside parties hand over as tables is read whole: CSV, workbooks, and which table it is by its header."""

import csv
import io
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from backend.exchange import tables
from backend.exchange.safety import Unreadable, local, safe_xml
from backend.exchange.sheets import read_book, read_sheet
from backend.exchange.tables import COLUMNS, read_table

SHEET = "xl/worksheets/sheet1.xml"


def refusal(act: Callable[[], object]) -> Unreadable:
    """Run something that must be refused; every refusal has an ASCII code and a Chinese sentence."""
    with pytest.raises(Unreadable) as caught:
        act()
    assert caught.value.code.isascii() and any("\u4e00" <= c <= "\u9fff" for c in str(caught.value))
    return caught.value


def workbook(path: Path, rows: list[list[object]], sheet: str = "表一") -> Path:
    """A workbook of one sheet; datetimes at midnight are shown as dates, others with their time."""
    book = xlsxwriter.Workbook(str(path))
    shown = {
        True: book.add_format({"num_format": "yyyy-mm-dd"}),
        False: book.add_format({"num_format": "yyyy/m/d h:mm"}),
    }
    page = book.add_worksheet(sheet)
    for number, row in enumerate(rows):
        for at, cell in enumerate(row):
            page.write(number, at, cell, shown[cell.hour == 0] if isinstance(cell, datetime) else None)
    book.close()
    return path


# Workbooks: what is read


def test_cells_come_as_people_mean_them(tmp_path: Path) -> None:
    days: list[object] = [datetime(2024, 3, 15), datetime(2024, 3, 15, 10, 30)]
    rows = read_sheet(workbook(tmp_path / "a.xlsx", [[8703800010, 0.1 + 0.2, 1e-7, "0100", True, -2.5, 10**14], days]))
    assert rows[0] == ["8703800010", "0.3", "0.0000001", "0100", "TRUE", "-2.5", "100000000000000"]
    assert rows[1][:2] == ["2024-03-15", "2024-03-15T10:30:00"]
    assert rows.lossy == frozenset()


def test_row_numbers_are_those_of_the_sheet_and_lost_digits_are_told(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [[], [], ["海关编号"], [], [520720190579438584], ["520720190579438584"]])
    rows = read_sheet(path)
    assert len(rows) == 6 and rows[2] == ["海关编号"] and not any(rows[3])
    assert rows[5] == ["520720190579438584"]
    assert rows.lossy == {5} and "e" not in rows[4][0].lower()


@pytest.mark.parametrize("dimension", [b'<dimension ref="A1:A1"/>', b'<dimension ref="A1"/>', b""])
def test_a_wrong_dimension_as_wps_writes_it_hides_no_cell(dimension: bytes, tmp_path: Path) -> None:
    source = workbook(tmp_path / "s.xlsx", [["VIN", "品牌"], ["LGX00000000000001", "BYD"], ["LGX00000000000002", "MG"]])
    with zipfile.ZipFile(source) as book:
        content = book.read(SHEET).replace(b'<dimension ref="A1:B3"/>', dimension)
        assert content != book.read(SHEET)
        with zipfile.ZipFile(tmp_path / "wps.xlsx", "w") as new:
            for part in book.infolist():
                new.writestr(part.filename, content if part.filename == SHEET else book.read(part))
    assert read_sheet(tmp_path / "wps.xlsx")[2] == ["LGX00000000000002", "MG"]


def test_sheets_by_name_hidden_ones_left_out(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    pages = {name: book.add_worksheet(name) for name in ("空表", "隐藏", "数据", "更多")}
    pages["空表"].activate()
    for name in ("隐藏", "数据", "更多"):
        pages[name].write(0, 0, name)
    pages["隐藏"].hide()
    book.close()
    path = tmp_path / "a.xlsx"
    assert read_sheet(path) == [["数据"]] and read_sheet(path, sheet="更多") == [["更多"]]
    assert list(read_book(path)) == ["空表", "数据", "更多"]
    assert refusal(lambda: read_sheet(path, sheet="没有")).code == "sheet_missing"
    assert read_sheet(workbook(tmp_path / "b.xlsx", [["a"], ["b"], ["c"]]), head=2) == [["a"], ["b"]]


# CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_csv_in_every_usual_dress(encoding: str, delimiter: str, ending: str, tmp_path: Path) -> None:
    rows = [["企业名称", "备注"], ["西安“渭河”公司", f'有"引号"、{delimiter}和\n换行'], ["古城", ""]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=ending).writerows(rows)
    (tmp_path / "a.csv").write_bytes(text.getvalue().encode(encoding))
    assert read_sheet(tmp_path / "a.csv") == rows


@pytest.mark.parametrize("data", [b"PK\x03\x04....", b"\xd0\xcf\x11\xe0", b"a\0b", b"\xff\xff\xff", b"\x81"])
def test_bytes_that_are_no_csv_are_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    assert refusal(lambda: read_sheet(tmp_path / "a.csv")).code in {"file_type", "csv_encoding"}


def test_a_quote_without_its_partner_swallows_no_other_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('VIN,品牌\nA,"B\nC,D\nE,"F"\n', encoding="utf-8")
    assert read_sheet(tmp_path / "a.csv") == [["VIN", "品牌"], ["A", '"B'], ["C", "D"], ["E", "F"]]


# Tables by their header

SAMPLE = {
    "name": "西安某公司", "uscc": "91610102MAW9731651", "licence_no": "26-61-000001", "exporter": "西安某公司",
    "vin": "LGX00000000000001", "country": "KAZ", "issued_on": "2026-01-05", "valid_to": "2026-06-05",
    "registered_on": "2024-03-15", "transfer_on": "2025-12-30", "filed_on": "2024-03-15", "month": "2026-01",
    "currency": "USD", "cny_per_unit": "6.9012", "quantity": "1", "unit_price": "12000.50", "total": "12000.50",
}  # fmt: skip


def csv_file(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def full(kind: str) -> dict[str, str]:
    """A header and a value for each column of a kind."""
    return {column.label: SAMPLE.get(column.key, "A1") for column in COLUMNS[kind]}


@pytest.mark.parametrize("kind", COLUMNS)
def test_each_kind_is_known_by_its_header_not_by_its_name(kind: str, tmp_path: Path) -> None:
    header, row = list(full(kind)), list(full(kind).values())
    table = read_table(csv_file(tmp_path / "随便.csv", [["某单位导出数据"], [], [*header, "无关列"], [*row, "x"]]))
    assert (table.kind, table.bad, table.numbers) == (kind, [], [4])
    assert table.rows == [{c.key: SAMPLE.get(c.key, "A1") for c in COLUMNS[kind]}]


def spellings(alias: str) -> list[str]:
    """The ways in which people and programs write one header."""
    wide = alias.replace("(", "（").replace(")", "）")
    return [alias, wide, f" *{alias.lower()} ", f"\ufeff{alias[0]} {alias[1:]}"]


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_alias_in_every_spelling_finds_its_column(kind: str, tmp_path: Path) -> None:
    for at, column in enumerate(COLUMNS[kind]):
        for spelling in (s for alias in (*column.aliases.split(), column.key) for s in spellings(alias)):
            header = [*full(kind)]
            header[at] = spelling
            table = read_table(csv_file(tmp_path / "a.csv", [header, [*full(kind).values()]]))
            assert (table.kind, table.rows[0][column.key]) == (kind, SAMPLE.get(column.key, "A1")), spelling


@pytest.mark.parametrize(
    ("kind", "lost", "named"),
    [
        ("licences", ["许可证号"], "许可证号"),
        ("licences", ["VIN", "有效期至"], "VIN、有效期至"),
        ("licences", ["出口商", "统一社会信用代码"], "出口商或统一社会信用代码"),
        ("registrations", ["VIN"], "VIN"),
        ("registrations", ["注册登记日期"], "注册登记日期"),
        ("enterprises", ["统一社会信用代码"], "统一社会信用代码"),
        ("rates", ["汇率"], "汇率"),
    ],
)
def test_missing_columns_are_named(kind: str, lost: list[str], named: str, tmp_path: Path) -> None:
    header = [label for label in full(kind) if label not in lost]
    error = refusal(lambda: read_table(csv_file(tmp_path / "a.csv", [header, ["x"] * len(header)])))
    assert error.code == "table_columns" and str(error).endswith(f"缺少这些列：{named}。")


@pytest.mark.parametrize("rows", [[["姓名", "电话"], ["a", "b"]], [], [[""]]])
def test_an_unknown_header_is_no_table(rows: list[list[str]], tmp_path: Path) -> None:
    assert refusal(lambda: read_table(csv_file(tmp_path / "a.csv", rows))).code == "table_unknown"


SAME_DAY = """2024-03-15 2024/3/15 20240315 2024年3月15日 2024.03.15 ２０２４－０３－１５ 45366 45366.5
    2024-03-15T10:30:00 2024-03-15T10:30:00.000"""


@pytest.mark.parametrize("cell", [*SAME_DAY.split(), "2024-03-15 10:30:00", "2024/3/15 0:00", "2024年03月15日 08:00"])
def test_dates_in_every_usual_spelling(cell: str) -> None:
    assert tables.day(cell) == "2024-03-15"


def test_dates_at_the_edges() -> None:
    assert (tables.day("长期"), tables.day("9999-12-31")) == ("9999-12-31", "9999-12-31")
    assert (tables.day("2024-02-29"), tables.day("2000/1/1")) == ("2024-02-29", "2000-01-01")


@pytest.mark.parametrize(
    ("cell", "plain"),
    [("陕a·12345", "陕A12345"), ("陕A 12345", "陕A12345"), ("'0123", "0123"), ('="0123"', "0123"), ("ｌｇｘ1", "LGX1"),
     ("26-61-000001", "26-61-000001"), ("哈萨克斯坦", "哈萨克斯坦")],
)  # fmt: skip
def test_identifiers(cell: str, plain: str) -> None:
    assert tables.identifier(cell) == plain


NO_DATES = "2024-02-30 2023-02-29 15/03/2024 2024-3 0001-01-01 2024-13-01 明天 2024-03/15 1e5 99999 202403155"
NO_NUMBERS = "NaN inf 1e3 -1 1,2x 1,23 two ٣ ①②x 1_000 0x10 1. .5 一 =1+1"


@pytest.mark.parametrize("cell", NO_DATES.split())
def test_dates_that_are_none(cell: str) -> None:
    with pytest.raises(ValueError, match="日期"):
        tables.day(cell)


@pytest.mark.parametrize("cell", ["2024-03", "2024/3", "202403", "2024年3月", "2024-03-01", "45366"])
def test_months(cell: str) -> None:
    assert tables.month(cell) == "2024-03"


@pytest.mark.parametrize(
    ("cell", "plain"),
    [("12", "12"), ("１２．５０", "12.50"), ("1,234,567.8", "1234567.8"), ("0", "0"), ("007", "007")],
)
def test_numbers(cell: str, plain: str) -> None:
    assert tables.number(cell) == plain


@pytest.mark.parametrize("cell", NO_NUMBERS.split())
def test_numbers_that_are_none(cell: str) -> None:
    with pytest.raises(ValueError, match="数字"):
        tables.number(cell)


def test_bad_rows_neither_block_nor_vanish(tmp_path: Path) -> None:
    header = ["VIN", "号牌号码", "注册登记日期", "机动车状态"]
    rows = [
        ["LGX00000000000001", "陕A·12345", "2024-02-30", "A"],
        ["", "陕A12345", "2024-03-15", "A"],
        [],
        ["", " ", "", ""],
        [" lgx00000000000002 ", '="陕A12345"', "2024-03-15", "A"],
        ["LGX00000000000003", "陕A1", "2024-03-15", "A", "错位"],
        ["5.2072E+17", "陕A2", "2024-03-15", "A"],
        ["ＬＧＸ00000000000004"],
    ]
    table = read_table(csv_file(tmp_path / "a.csv", [header, *rows]))
    taken = [(row["vin"], row["plate"], row["registered_on"]) for row in table.rows]
    assert taken == [("LGX00000000000002", "陕A12345", "2024-03-15"), ("LGX00000000000004", "", "")]
    assert table.numbers == [6, 9]
    words = {2: "2024-02-30", 3: "缺少VIN", 7: "错位", 8: "科学计数法"}
    assert [number for number, _ in table.bad] == list(words)
    assert all(words[number] in reason for number, reason in table.bad)


def test_a_workbook_gives_the_same_table(tmp_path: Path) -> None:
    header: list[object] = [
        "许可证号",
        "出口商",
        "车架号",
        "进口国（地区）",
        "发证日期",
        "有效截止日期",
        "商品编码",
        "数量",
    ]
    issued = datetime(2026, 1, 5)
    good = ["26-61-000001", "西安某公司", "LGX00000000000001", "KAZ", issued, "2026/6/5", 8703800010, 1]
    lossy = ["26-61-000001", "西安某公司", 12345678901234567, "KAZ", issued, "2026/6/5", 8703800010, 1]
    table = read_table(workbook(tmp_path / "a.xlsx", [["二手车出口许可证"], header, good, lossy]))
    assert (table.kind, table.numbers) == ("licences", [3])
    assert {key: value for key, value in table.rows[0].items() if value} == {
        "licence_no": "26-61-000001", "exporter": "西安某公司", "vin": "LGX00000000000001", "country": "KAZ",
        "issued_on": "2026-01-05", "valid_to": "2026-06-05", "hs_code": "8703800010", "quantity": "1",
    }  # fmt: skip
    assert table.bad[0][0] == 4 and "15 位" in table.bad[0][1]


def test_a_rate_of_zero_is_none(tmp_path: Path) -> None:
    rows = [["month", "currency", "cny_per_unit"], ["2026-01", "USD", "0.00"], ["2026-01", "EUR", "7.4"]]
    table = read_table(csv_file(tmp_path / "a.csv", rows))
    assert table.bad == [(2, "汇率：汇率不能为零")]
    assert table.rows == [{"month": "2026-01", "currency": "EUR", "cny_per_unit": "7.4"}]


def test_licences_without_their_number_do_not_pass_for_enterprises(tmp_path: Path) -> None:
    header = ["企业名称", "统一社会信用代码", "VIN", "进口国", "发证日期", "有效期至"]
    error = refusal(lambda: read_table(csv_file(tmp_path / "a.csv", [header, ["x"] * 6])))
    assert str(error) == "像是出口许可证表，但缺少这些列：许可证号。"


def test_130000_registrations_cost_a_few_plain_readings_of_the_same_file(tmp_path: Path) -> None:
    header = "VIN,号牌号码,注册登记日期,转让待出口日期,机动车状态,品牌,型号\n"
    line = "LGX{0:014d},陕A{1:05d},2024-{2:02d}-15,2025-01-{2:02d},A,BYD,秦 {2}\n"
    text = header + "".join(line.format(n, n % 10**5, n % 12 + 1) for n in range(130_000))
    (tmp_path / "a.csv").write_text(text, encoding="utf-8-sig")
    plain, _ = _seconds(lambda: list(csv.DictReader(text.splitlines(keepends=True))))
    spent, table = _seconds(lambda: read_table(tmp_path / "a.csv"))
    assert spent < 6 * plain  # 2.3 times; some 1 s on a quiet machine
    assert len(table.rows) == 130_000 and not table.bad


def _seconds(act: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of this process alone, and what was made: other work on the machine is no fault of ours."""
    started = time.process_time()
    made = act()
    return time.process_time() - started, made


@pytest.fixture(scope="module")
def feed(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small outside world."""
    out = tmp_path_factory.mktemp("feed")
    command = [sys.executable, str(shared_dir / "feed" / "make_feed.py"), str(out), "--declarations", "60"]
    subprocess.run(command, check=True, timeout=120)
    return out


@pytest.mark.parametrize("kind", COLUMNS)
def test_the_tables_of_the_feed_are_read_cell_by_cell(kind: str, feed: Path, tmp_path: Path) -> None:
    content = (feed / f"{kind}.csv").read_bytes()
    keys = {alias: column.key for column in COLUMNS[kind] for alias in (column.key, *column.aliases.split())}
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    expected = [{keys[header]: cell for header, cell in row.items() if cell} for row in rows]
    (tmp_path / "x.csv").write_bytes(content)
    table = read_table(tmp_path / "x.csv")
    assert (table.kind, table.bad) == (kind, []) and expected
    assert [{key: cell for key, cell in row.items() if cell} for row in table.rows] == expected


def test_every_message_of_the_feed_is_read(feed: Path) -> None:
    roots = [safe_xml(path.read_bytes()) for path in (feed / "declarations").iterdir()]
    assert [local(root.tag) for root in roots] == ["DecMessage"] * 60


def test_reading_leaves_no_thread_behind(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["x"]])
    before = threading.active_count()
    for _ in range(3):
        read_sheet(path)
    assert threading.active_count() <= before

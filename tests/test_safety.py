"""What is dangerous or damaged is refused at the door with its own reason, and at once: XML and workbooks."""

import io
import os
import random
import socket
import stat
import struct
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from backend.exchange import sheets
from backend.exchange.safety import Unreadable, local, safe_xml
from backend.exchange.sheets import read_book, read_sheet
from tests.test_reading import SHEET, refusal, workbook

NAMESPACE = "http://www.chinaport.gov.cn/dec"


def message(items: int = 12) -> str:
    """A declaration message of about 600 bytes an item."""
    vin = "<DecGoodsLimitVin><VinNo>{0}</VinNo><VinCode>LGX00000000{0:06d}</VinCode></DecGoodsLimitVin>"
    goods = "<GName>旧小轿车</GName><GModel>1|3|点燃式|否|5</GModel><DeclTotal>12000.00</DeclTotal>"
    goods += "".join(vin.format(number) for number in range(6))
    lists = "".join(f"<DecList><GNo>{number}</GNo>{goods}</DecList>" for number in range(items))
    head = "<DecHead><SeqNo>E20260000000000001</SeqNo><TradeName>西安某公司</TradeName></DecHead>"
    body = f'<DecMessage xmlns="{NAMESPACE}">{head}<DecLists>{lists}</DecLists></DecMessage>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'


# XML

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DOCTYPE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
REFUSED_XML = {
    "entity from a file": (DOCTYPE.encode(), "xml_doctype"),
    "entity from the network": (b'<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1/x">]><a>&x;</a>', "xml_doctype"),
    "external DTD": (b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>', "xml_doctype"),
    "parameter entity": (b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><a/>', "xml_doctype"),
    "billion laughs": (f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>'.encode(), "xml_doctype"),
    "quadratic blow-up": (f'<!DOCTYPE a [<!ENTITY x "{"y" * 50000}">]><a>{"&x;" * 50000}</a>'.encode(), "xml_doctype"),
    "harmless DTD": (b"<!DOCTYPE a><a/>", "xml_doctype"),
    "DTD after a comment": (b"<!-- <a> --> <?p <!-- ?><!DOCTYPE a> <?p --> ?><a/>", "xml_doctype"),
    "DTD in UTF-16 LE": (b"\xff\xfe" + DOCTYPE.encode("utf-16-le"), "xml_doctype"),
    "DTD in UTF-16 BE": (b"\xfe\xff" + DOCTYPE.encode("utf-16-be"), "xml_doctype"),
    "DTD in UTF-16 without mark": (DOCTYPE.encode("utf-16-le"), "xml_doctype"),
    "DTD in UTF-16 BE without mark": (DOCTYPE.encode("utf-16-be"), "xml_doctype"),
    "DTD in UTF-8 with mark": (b"\xef\xbb\xbf" + DOCTYPE.encode(), "xml_doctype"),
    "DTD in declared GBK": (f'<?xml version="1.0" encoding="GBK"?>{DOCTYPE}中'.encode("gbk"), "xml_doctype"),
    "UTF-7": (b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>', "xml_encoding"),
    "UTF-32": (DOCTYPE.encode("utf-32"), "xml_encoding"),
    "UTF-32 without mark": (DOCTYPE.encode("utf-32-le"), "xml_encoding"),
    "EBCDIC declared": (b'<?xml version="1.0" encoding="IBM037"?><a/>', "xml_encoding"),
    "GBK bytes called UTF-8": ('<?xml version="1.0" encoding="UTF-8"?><a>旧小轿车</a>'.encode("gbk"), "xml_encoding"),
    "65 levels": (b"<a>" * 65 + b"</a>" * 65, "xml_too_deep"),
    "100,000 levels": (b"<a>" * 100_000 + b"</a>" * 100_000, "xml_too_deep"),
    "huge attribute": (b'<a b="' + b"x" * 11_000_000 + b'"/>', "xml_too_large"),
    "huge text": (b"<a>" + b"x" * 11_000_000 + b"</a>", "xml_too_large"),
    "21 MB": (b"<a>" + b" " * (21 * 2**20) + b"</a>", "xml_too_large"),
    "a million elements": (b"<a>" + b"<b/>" * 1_000_000 + b"</a>", "xml_too_many"),
    "half a million attributes": (b"<a " + b" ".join(b'a%x=""' % n for n in range(500_000)) + b"/>", "xml_too_many"),
    "empty": (b"", "xml_empty"),
    "blank": (b" \r\n\t", "xml_empty"),
    "half a message": (message().encode()[: len(message().encode()) // 2], "xml_truncated"),
    "cut in a tag": (b"<a><b", "xml_truncated"),
    "cut in CDATA": (b"<a><![CDATA[x>", "xml_truncated"),
    "cut after an end tag": (b"<a><b></b>", "xml_truncated"),
    "two roots": (b"<a/><b/>", "xml_malformed"),
    "tags crossed": (b"<a><b></a></b>", "xml_malformed"),
    "not XML": (b"hello", "xml_malformed"),
    "NUL": (b"<a>\0</a>", "xml_malformed"),
    "undeclared entity": (b"<a>&x;</a>", "xml_malformed"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_XML)
def test_bad_xml_is_refused_with_its_own_reason_and_at_once(name: str) -> None:
    data, code = REFUSED_XML[name]
    started = time.process_time()
    assert refusal(lambda: safe_xml(data)).code == code
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "data",
    [
        message().encode(),
        b"\xef\xbb\xbf" + message().encode(),
        b"\r\n" + message().encode(),
        message().encode("utf-16"),
        message().replace("UTF-8", "UTF-16").encode("utf-16"),
        message().replace("UTF-8", "GBK").encode("gbk"),
        message().replace("UTF-8", "gb2312").encode("gbk"),
        message().replace("旧小轿车", "<![CDATA[旧小轿车]]>").encode(),
        message().replace("旧小轿车", "旧小<!-- <!DOCTYPE x> -->轿车").encode(),
        message().replace("?>\n", "?><!-- <!DOCTYPE x> -->\n").encode(),
    ],
)
def test_honest_xml_reads_alike_in_every_encoding_and_dress(data: bytes) -> None:
    root = safe_xml(data)
    assert local(root.tag) == "DecMessage"
    names = [e.text for e in root.iter() if local(e.tag) == "GName"]
    assert names == ["旧小轿车"] * 12


def test_sixty_four_levels_pass() -> None:
    assert safe_xml(b"<a>" * 64 + b"</a>" * 64).tag == "a"


def test_the_word_doctype_in_cdata_is_text() -> None:
    assert safe_xml(b"<a><![CDATA[<!DOCTYPE a>]]></a>").text == "<!DOCTYPE a>"


def test_the_limit_is_the_callers() -> None:
    assert refusal(lambda: safe_xml(b"<a>1234567890</a>", limit=10)).code == "xml_too_large"


def test_nothing_is_fetched(tmp_path: Path) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text("secret-canary", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        port = server.getsockname()[1]
        style = f'<?xml-stylesheet href="http://127.0.0.1:{port}/s.xsl" type="text/xsl"?>'
        include = f'<x:include href="{canary.as_uri()}" parse="text"/><x:include href="http://127.0.0.1:{port}/"/>'
        root = safe_xml(f'{style}<a xmlns:x="http://www.w3.org/2001/XInclude">{include}</a>'.encode())
        assert "secret-canary" not in "".join(root.itertext()) and len(root) == 2
        refusal(lambda: safe_xml(f'<!DOCTYPE a SYSTEM "http://127.0.0.1:{port}/a.dtd"><a/>'.encode()))
        with pytest.raises(TimeoutError):
            server.accept()


@settings(max_examples=150, deadline=None)
@given(cut=st.integers(0, len(message(2).encode()) - 1))
def test_no_piece_of_a_message_passes_for_a_whole_one(cut: int) -> None:
    assert refusal(lambda: safe_xml(message(2).encode()[:cut])).code in {
        "xml_empty", "xml_truncated", "xml_malformed", "xml_encoding"}  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=200), at=st.integers(0, 400), wide=st.booleans())
def test_any_bytes_end_in_a_tree_or_in_a_refusal(data: bytes, at: int, wide: bool) -> None:
    whole = message(1).encode("utf-16" if wide else "utf-8")
    try:
        safe_xml(whole[:at] + data + whole[at:])
    except Unreadable as error:
        assert error.code.startswith("xml_")


def test_threads_share_nothing() -> None:
    texts = [message(n).encode() for n in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda text: [len(safe_xml(text)[1]) for _ in range(50)], texts))
    assert counts == [[n] * 50 for n in range(1, 9)]


def test_a_message_of_12_kb_costs_little_more_than_the_parser_alone() -> None:
    data = message(19).encode()
    assert 11_500 < len(data) < 13_500
    tries = [(_seconds(lambda: _often(safe_xml, data)), _seconds(lambda: _often(etree.fromstring, data)))
             for _ in range(10)]  # fmt: skip
    safe, plain = (min(spent) for spent in zip(*tries, strict=True))
    assert safe < 3 * plain  # 1.7 times; some 0.2 ms a message on a quiet machine


def _often(read: Callable[[bytes], object], data: bytes) -> list[object]:
    return [read(data) for _ in range(200)]


def _seconds(act: Callable[[], object]) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


def test_local_takes_the_namespace_off() -> None:
    assert (local(f"{{{NAMESPACE}}}DecHead"), local("DecHead")) == ("DecHead", "DecHead")


# Workbooks: what is refused before anything is unpacked, and what the child refuses

OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99
LITTLE_MEMORY = 40 * 2**20
SHEET_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET_XML = f'<worksheet xmlns="{SHEET_NAMESPACE}"><sheetData>{{}}</sheetData></worksheet>'


def rebuilt(path: Path, replace: dict[str, bytes] | None = None, add: dict[str, bytes] | None = None) -> Path:
    """A small honest workbook with some parts replaced or added."""
    source = workbook(path.with_name("honest.xlsx"), [["VIN"], ["LGX00000000000001"]])
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, (replace or {}).get(part.filename, old.read(part)))
        for name, content in (add or {}).items():
            new.writestr(name, content)
    return path


def _steep(path: Path) -> None:
    rebuilt(path, {SHEET: SHEET_XML.format(" " * 30_000_000).encode()})


def _large_by_many_small_parts(path: Path) -> None:
    rebuilt(path, add={f"xl/media/{n}.bin": b"\0" * 1_000_000 for n in range(140)})


def _overlapping(path: Path) -> None:
    """Two directory entries that point at one and the same content."""
    data = rebuilt(path, add={"xl/media/big.bin": random.Random(1).randbytes(200_000)}).read_bytes()
    end = data.rfind(b"PK\x05\x06")
    count, size, offset = struct.unpack("<HII", data[end + 10 : end + 20])
    directory = data[offset : offset + size]
    at = directory.rfind(b"PK\x01\x02")
    twins = b"".join(directory[at:].replace(b"big.bin", b"%03d.bin" % n) for n in range(300))
    record = data[end : end + 8] + struct.pack("<HHII", count + 300, count + 300, size + len(twins), offset)
    path.write_bytes(data[:offset] + directory + twins + record + data[end + 20 :])


def _many_parts(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as book:
        for n in range(100_000):
            book.writestr(zipfile.ZipInfo(f"{n}"), b"")


def _symlink(path: Path) -> None:
    link = zipfile.ZipInfo("xl/media/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    rebuilt(path)
    with zipfile.ZipFile(path, "a") as book:
        book.writestr(link, "/etc/passwd")


def _renamed(name: str) -> Callable[[Path], None]:
    return lambda path: void(rebuilt(path, add={name: b"x"}))


def void(_: object) -> None:
    """Let an expression stand where nothing is to be returned."""


def _zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as book:
        book.writestr("inner", content)
    return buffer.getvalue()


def _twice(path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        rebuilt(path, add={SHEET: b"<worksheet/>"})


def _macro_type(path: Path) -> None:
    types = b'<Types><Override ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>'
    rebuilt(path, {"[Content_Types].xml": types})


def _half(path: Path) -> None:
    path.write_bytes(rebuilt(path).read_bytes()[:3000])


def _encrypted(path: Path) -> None:
    data = bytearray(rebuilt(path).read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)


REFUSED_BOOKS: dict[str, tuple[Callable[[Path], None], str]] = {
    "ratio of a thousand": (_steep, "book_bomb"),
    "140 MB in small parts": (_large_by_many_small_parts, "book_bomb"),
    "overlapping parts": (_overlapping, "book_bomb"),
    "100,000 parts": (_many_parts, "book_parts"),
    "zip by name": (_renamed("xl/embeddings/inner.zip"), "book_nested"),
    "workbook in a workbook": (_renamed("xl/embeddings/Microsoft_Excel_Sheet1.xlsx"), "book_nested"),
    "zip by content": (lambda path: void(rebuilt(path, add={"xl/media/a.png": _zipped(b"x")})), "book_nested"),
    "path upwards": (_renamed("../../etc/cron.d/x"), "book_names"),
    "path upwards with backslashes": (_renamed("xl\\..\\..\\x"), "book_names"),
    "absolute path": (_renamed("/etc/x"), "book_names"),
    "drive letter": (_renamed("C:/x"), "book_names"),
    "symbolic link": (_symlink, "book_names"),
    "a part twice": (_twice, "book_names"),
    "macro": (_renamed("xl/vbaProject.bin"), "book_macro"),
    "macro under a sheet's name": (_renamed("xl/macrosheets/sheet1.xml"), "book_macro"),
    "macro by type": (_macro_type, "book_macro"),
    "old workbook or password": (lambda path: void(path.write_bytes(OLD_WORKBOOK)), "book_old_format"),
    "web page": (lambda path: void(path.write_text("<html><table>", encoding="utf-8")), "book_not_xlsx"),
    "empty file": (lambda path: void(path.write_bytes(b"")), "book_not_xlsx"),
    "zip that is no workbook": (lambda path: void(path.write_bytes(_zipped(b"x"))), "book_not_xlsx"),
    "half a workbook": (_half, "book_damaged"),
    "password of zip": (_encrypted, "book_encrypted"),
    "sheet that is not XML": (lambda path: void(rebuilt(path, {SHEET: b"<worksheet><sheetData>"})), "book_damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_BOOKS)
def test_bad_workbooks_are_refused_with_their_own_reason_and_at_once(name: str, tmp_path: Path) -> None:
    make, code = REFUSED_BOOKS[name]
    path = tmp_path / "book.xlsx"
    make(path)
    started = time.process_time()
    assert refusal(lambda: read_sheet(path)).code == code
    assert time.process_time() - started < 2


def test_a_directory_that_lies_about_sizes_does_no_harm(tmp_path: Path) -> None:
    content = SHEET_XML.format('<row r="1"><c r="A1"><v>2</v></c></row>' * 1_500_000).encode()
    path = rebuilt(tmp_path / "lie.xlsx", {SHEET: content})
    assert refusal(lambda: read_sheet(path)).code == "book_bomb"
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", len(content)), struct.pack("<I", 900)))
    assert refusal(lambda: read_sheet(path)).code in {"book_damaged", "sheet_memory"}


@pytest.mark.skipif(os.name == "nt", reason="Windows 没有进程内存上限，只有时限")
def test_two_far_corners_are_stopped_by_the_childs_memory_limit(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "corners.xlsx"))
    page = book.add_worksheet()
    page.write(0, 0, "a")
    page.write(1_048_575, 16_383, "b")
    book.close()
    assert refusal(lambda: read_sheet(tmp_path / "corners.xlsx")).code == "sheet_memory"


@pytest.mark.skipif(os.name == "nt", reason="Windows 没有进程内存上限，只有时限")
def test_the_childs_memory_is_limited_and_suffices(tmp_path: Path) -> None:
    row = '<row r="{0}"><c r="A{0}" t="str"><v>text that takes some room {0}</v></c></row>'
    content = "".join(row.format(number) for number in range(1, 300_001))
    path = rebuilt(tmp_path / "large.xlsx", {SHEET: SHEET_XML.format(content).encode()})
    small = workbook(tmp_path / "small.xlsx", [["x"]])
    assert read_sheet(small, memory=LITTLE_MEMORY) == [["x"]]
    assert refusal(lambda: read_sheet(path, memory=LITTLE_MEMORY)).code == "sheet_memory"
    assert len(read_sheet(path)) == 300_000


def test_a_directory_of_100000_parts_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    _many_parts(path)
    data = path.read_bytes()
    at = data.rfind(b"PK\x05\x06")
    path.write_bytes(data[: at + 8] + struct.pack("<HH", 5, 5) + data[at + 12 :])  # it says that there are five
    started = time.process_time()
    assert refusal(lambda: read_sheet(path)).code == "book_parts"
    assert time.process_time() - started < 0.1


def test_time_and_rows_have_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "a.xlsx", [["x"]] * 50)
    assert refusal(lambda: read_sheet(path, timeout=0.001)).code == "sheet_timeout"
    monkeypatch.setattr(sheets, "MAX_ROWS", 49)
    assert refusal(lambda: read_sheet(path)).code == "sheet_too_large"
    (tmp_path / "a.csv").write_text("x\n" * 50, encoding="utf-8")
    assert refusal(lambda: read_sheet(tmp_path / "a.csv")).code == "sheet_too_large"


@pytest.mark.parametrize("name", ["a.xls", "a.xlsm", "a.XLSB", "a.ods", "a.et", "a.pdf", "a", "a.docx"])
def test_other_kinds_of_files_are_refused_by_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    assert refusal(lambda: read_sheet(tmp_path / name)).code == "file_type"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(lambda: read_sheet(tmp_path / "gone.xlsx")).code == "file_missing"
    assert refusal(lambda: read_sheet(tmp_path / "gone.csv")).code == "file_missing"


def test_a_child_holds_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = tmp_path / "probe.py"
    probe.write_text(
        "import os, json\nprint(json.dumps({'sheet': ','.join(sorted(os.environ))}))\nprint('{\"end\": true}')",
        encoding="utf-8",
    )
    monkeypatch.setenv("DATABASE_PASSWORD", "canary")
    monkeypatch.setattr(sheets, "_CHILD", probe)
    (name,) = read_book(workbook(tmp_path / "a.xlsx", [["x"]]))
    assert "PASSWORD" not in name and "PATH" not in name.split(",")

"""The guard at the door of exchange: no file of an outside party is parsed before it has passed here."""

import re
import stat
import struct
import threading
import zipfile
import zlib
from functools import lru_cache
from typing import BinaryIO, NoReturn

from lxml import etree

MEGABYTE = 2**20
MAX_XML_BYTES = 20 * MEGABYTE
MAX_XML_DEPTH = 64
MAX_XML_MARKS = 600_000  # "<" signs; a declaration of 50 goods items with 1,000 vehicles has about 20,000
MAX_XML_EQUALS = 300_000  # "=" signs bound the attributes, which cost libxml2 some 350 bytes each

MAX_BOOK_BYTES = 64 * MEGABYTE
MAX_BOOK_UNPACKED = 128 * MEGABYTE  # the largest official code table has 20 MB, 200,000 registrations have 80 MB
MAX_BOOK_RATIO = 200  # sheets written by spreadsheet programs reach about 30
MAX_BOOK_PARTS = 1_000
RATIO_EXEMPT_BYTES = MEGABYTE  # a small part may shrink as much as it likes
MAX_DIRECTORY_BYTES = MEGABYTE // 2

_ARCHIVES = (".zip", ".rar", ".7z", ".gz", ".tar", ".jar", ".xlsx", ".xlsm", ".xlsb", ".xls", ".docx", ".pptx", ".ods")
_BLANK = re.compile(rb"[ \t\r\n]*")
_SKIPPED = ((b"<?", b"?>"), (b"<!--", b"-->"))
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s{0,9}=\s{0,9}["']([^"'>]{1,40})["']""")
_AS_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_AS_GB18030 = frozenset({"gbk", "gb2312", "gb18030", "cp936", "ms936"})
_UNFINISHED = frozenset({45, 47, 63, 77})  # libxml2: comment, instruction, CDATA and element not finished


class Unreadable(Exception):
    """A file cannot be taken in: ``code`` is a short ASCII id for programs, ``str(e)`` tells a clerk why in Chinese."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Tools(threading.local):
    """One parser and one depth probe per thread: lxml makes threads that share them wait for each other."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
            huge_tree=False, remove_comments=True, remove_pis=True, collect_ids=False,
        )  # fmt: skip
        self.too_deep = etree.XPath("boolean(" + "/*" * (MAX_XML_DEPTH + 1) + ")")


_tools = _Tools()


def safe_xml(data: bytes, limit: int = MAX_XML_BYTES) -> etree._Element:
    """Parse an outside party's XML and return its root; comments and processing instructions are left out.

    ``limit`` is in bytes. Raises ``Unreadable`` with one of the codes ``xml_too_large``, ``xml_empty``,
    ``xml_encoding``, ``xml_doctype``, ``xml_too_many``, ``xml_too_deep``, ``xml_truncated``, ``xml_malformed``.
    Entities are never declared, so none is ever expanded; nothing is fetched and XInclude is not carried out.
    """
    if len(data) > limit:
        raise Unreadable("xml_too_large", f"文件太大：{_megabytes(len(data))}，超过上限 {_megabytes(limit)}。")
    text = _as_utf8(data)
    _refuse_doctype(text)
    if text.count(b"<") > MAX_XML_MARKS or text.count(b"=") > MAX_XML_EQUALS:
        raise Unreadable("xml_too_many", "文件中的标签或属性过多，不像是正常的报文，已拒收。")
    return _parsed(text)


@lru_cache(maxsize=4096)
def local(tag: str) -> str:
    """Return a tag's name without its namespace: ``{http://www.chinaport.gov.cn/dec}DecHead`` gives ``DecHead``."""
    return tag.rpartition("}")[2]


def _parsed(text: bytes) -> etree._Element:
    try:
        root = etree.fromstring(text, _tools.parser)
    except etree.XMLSyntaxError as error:
        _explain(error, text)
    if root.getroottree().docinfo.internalDTD is not None:  # the search above should have found it: belt and braces
        raise _doctype()
    if _tools.too_deep(root):
        raise _too_deep()
    return root


def _as_utf8(data: bytes) -> bytes:
    """Bring a file to UTF-8; the parser is told UTF-8 and then ignores what the file declares."""
    if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"<\0\0\0", b"\0\0\0<"):
        raise _encoding("UTF-32")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _recoded(data, "utf-16")
    if data[:2] in (b"<\0", b"\0<"):  # UTF-16 without a mark
        return _recoded(data, "utf-16-le" if data[1:2] == b"\0" else "utf-16-be")
    if data.startswith(b"\xef\xbb\xbf"):  # the mark is evidence, the declaration only a claim
        return data
    return _as_declared(data.lstrip() if data[:1].isspace() else data)


def _as_declared(data: bytes) -> bytes:
    if not data:
        raise Unreadable("xml_empty", "文件是空的。")
    found = _DECLARED.match(data)
    name = found[1].decode("latin-1").lower() if found else "utf-8"
    if name in _AS_UTF8:
        return data
    if name in _AS_GB18030:  # Windows writes GBK with a few characters that only GB18030 has
        return _recoded(data, "gb18030")
    raise _encoding(name)


def _recoded(data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode("utf-8")
    except UnicodeError:
        raise Unreadable("xml_encoding", "文件的文字编码与其声明不符，无法读取。") from None


def _refuse_doctype(text: bytes) -> None:
    """Refuse a document type declaration, without which there are no entities; ``text`` may say the word in CDATA."""
    if b"<!DOCTYPE" in text and text.startswith(b"<!DOCTYPE", _end_of_prolog(text)):
        raise _doctype()


def _end_of_prolog(text: bytes) -> int:
    """Return where the first thing begins that is neither blank, comment nor instruction, in one pass."""
    at = 3 if text.startswith(b"\xef\xbb\xbf") else 0
    while True:
        at += len(_BLANK.match(text, at)[0])  # type: ignore[index]
        close = next((end for start, end in _SKIPPED if text.startswith(start, at)), None)
        if close is None:
            return at
        end = text.find(close, at + 2)
        if end < 0:
            return at  # unfinished: the parser will say so
        at = end + len(close)


def _explain(error: etree.XMLSyntaxError, text: bytes) -> NoReturn:
    code, (line, column) = error.code, error.position
    where = f"（第 {line} 行第 {column} 列附近）"
    if code == 114:  # libxml2's own limits: depth 256, 10 MB in one value
        raise (_too_deep() if "depth" in str(error) else _value_too_long()) from None
    if code == 81:
        raise Unreadable("xml_encoding", f"文件的文字编码与其声明不符，无法读取{where}。") from None
    if code in _UNFINISHED or (code not in (4, 5) and not text.rstrip().endswith(b">")):
        raise Unreadable("xml_truncated", f"文件不完整，末尾缺失，可能是传输中断{where}。请重新导出。") from None
    raise Unreadable("xml_malformed", f"文件不是格式正确的 XML{where}。") from None


def _doctype() -> Unreadable:
    return Unreadable("xml_doctype", "文件带有文档类型或实体声明（DOCTYPE、ENTITY），为安全起见拒收。")


def _too_deep() -> Unreadable:
    return Unreadable("xml_too_deep", f"文件的标签嵌套超过 {MAX_XML_DEPTH} 层，不像是正常的报文，已拒收。")


def _value_too_long() -> Unreadable:
    return Unreadable("xml_too_large", "文件中有一个值超过 10 MB，不像是正常的报文，已拒收。")


def _encoding(name: str) -> Unreadable:
    shown = re.sub(r"[^A-Za-z0-9._-]", "?", name)
    return Unreadable("xml_encoding", f"不支持的文字编码 {shown}，只接受 UTF-8、UTF-16 和 GBK。")


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"


def check_workbook(file: BinaryIO) -> None:
    """Judge an .xlsx by its first bytes and its zip directory, before anything in it is unpacked.

    Raises ``Unreadable`` with one of the codes ``book_old_format``, ``book_not_xlsx``, ``book_too_large``,
    ``book_parts``, ``book_damaged``, ``book_encrypted``, ``book_names``, ``book_bomb``, ``book_macro`` and
    ``book_nested``.
    What the directory says about sizes may be a lie: the reader must still be confined in memory and time.
    """
    size = file.seek(0, 2)
    _check_first_bytes(_read_at(file, 0, 8))
    if size > MAX_BOOK_BYTES:
        raise Unreadable("book_too_large", f"工作簿太大：{_megabytes(size)}，超过上限 {_megabytes(MAX_BOOK_BYTES)}。")
    _check_directory(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            _check_parts(archive.infolist(), size)
            _check_contents(archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError, zlib.error):
        raise Unreadable("book_damaged", "工作簿已损坏，无法打开。请用 Excel 或 WPS 重新保存后再导入。") from None


def _check_first_bytes(head: bytes) -> None:
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("book_old_format", "这是旧版 .xls 工作簿，或加了密码。请去掉密码，另存为 .xlsx 后再导入。")
    if not head.startswith(b"PK\x03\x04"):
        raise _not_xlsx()


def _check_directory(file: BinaryIO, size: int) -> None:
    """Look at the end record alone: reading a directory of a million entries is itself an attack."""
    tail = _read_at(file, max(0, size - 22 - 0xFFFF), 22 + 0xFFFF)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(tail):
        raise Unreadable("book_damaged", "工作簿不完整，可能是下载或传输中断。请重新导出。")
    entries, directory = struct.unpack("<HI", tail[at + 10 : at + 16])
    if entries > MAX_BOOK_PARTS or directory > MAX_DIRECTORY_BYTES:
        raise _too_many_parts()


def _check_parts(parts: list[zipfile.ZipInfo], size: int) -> None:
    if len(parts) > MAX_BOOK_PARTS:
        raise _too_many_parts()
    _check_names(parts)
    packed, unpacked = sum(p.compress_size for p in parts), sum(p.file_size for p in parts)
    steep = any(p.file_size > RATIO_EXEMPT_BYTES and p.file_size > MAX_BOOK_RATIO * p.compress_size for p in parts)
    if steep or unpacked > MAX_BOOK_UNPACKED or packed > size:  # more packed than there is: entries that overlap
        raise Unreadable("book_bomb", f"工作簿解压后约 {_megabytes(unpacked)}，压缩比异常或超过上限，已拒收。")


def _check_names(parts: list[zipfile.ZipInfo]) -> None:
    names = [p.orig_filename.replace("\\", "/").lower() for p in parts]
    if any("vbaproject" in name or name.startswith("xl/macrosheets/") for name in names):
        raise _macro()
    if any(name.startswith("/") or ".." in name.split("/") or ":" in name or "\0" in name for name in names):
        raise Unreadable("book_names", "工作簿内部的文件名指向工作簿之外，已拒收。")
    if len(set(names)) < len(names) or any(stat.S_ISLNK(p.external_attr >> 16) for p in parts):
        raise Unreadable("book_names", "工作簿内部有重名的部件或链接，已拒收。")
    if any(name.endswith(_ARCHIVES) for name in names):
        raise _nested()
    if any(p.flag_bits & 1 for p in parts):
        raise Unreadable("book_encrypted", "工作簿加了密码。请去掉密码后再导入。")


def _check_contents(archive: zipfile.ZipFile) -> None:
    """Look at the first bytes of every part, and at the list of types, which names a macro workbook as such."""
    for part in archive.infolist():
        with archive.open(part) as content:
            if content.read(4) == b"PK\x03\x04":
                raise _nested()
    types = next((p for p in archive.infolist() if p.filename.lower() == "[content_types].xml"), None)
    if types is None or types.file_size > RATIO_EXEMPT_BYTES:
        raise _not_xlsx()
    if b"macroenabled" in archive.read(types).lower():
        raise _macro()


def _read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _not_xlsx() -> Unreadable:
    return Unreadable("book_not_xlsx", "文件内容不是 .xlsx 工作簿，可能只是改了扩展名。请另存为 .xlsx 后再导入。")


def _too_many_parts() -> Unreadable:
    return Unreadable("book_parts", f"工作簿由过多的部件组成（上限 {MAX_BOOK_PARTS} 个），已拒收。")


def _macro() -> Unreadable:
    return Unreadable("book_macro", "工作簿带有宏，为安全起见拒收。请另存为不含宏的 .xlsx 后再导入。")


def _nested() -> Unreadable:
    return Unreadable("book_nested", "工作簿里嵌有另一个压缩包或工作簿，已拒收。请删除嵌入的对象后再导入。")

"""The tables that authorities hand over: recognised by their header, whatever the file is called, read row by row."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from backend.exchange.safety import Unreadable
from backend.exchange.sheets import Rows, read_sheet

HEADER_WITHIN = 20  # titles and notes may stand above the header
FOREVER = "9999-12-31"
_FOR_EVER = {"长期", "长期有效", "永久", "永久有效"}
_DAY = re.compile(
    r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月)(\d{1,2})日?"
    r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?",
    re.ASCII,
)
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_SERIAL_DAY = re.compile(r"([2-7]\d{4})(?:\.\d+)?", re.ASCII)
_MONTH = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})月?|(\d{2}))", re.ASCII)
_NUMBER = re.compile(r"(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.\d{1,10})?", re.ASCII)
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[Ee]\+\d+", re.ASCII)
_AS_TEXT = re.compile(r'="([^"]*)"')
_SPACES = re.compile(r"[\s·•・]+")


# What a cell means. Each function takes a stripped cell that is not empty and raises ValueError with a Chinese reason.


def as_written(cell: str) -> str:
    """Keep names and remarks as they stand."""
    return cell


def identifier(cell: str) -> str:
    """Bring an identifier to half-width capitals without blanks, and take off the dress that keeps it text in Excel."""
    if cell.isascii() and cell.isalnum():
        return cell.upper()
    plain = unicodedata.normalize("NFKC", cell)
    if _SCIENTIFIC.fullmatch(plain):
        raise ValueError("号码被表格软件改成了科学计数法，末尾几位已丢失；请设为文本格式重新填写")
    if dressed := _AS_TEXT.fullmatch(plain):
        plain = dressed[1]
    return _SPACES.sub("", plain.removeprefix("'")).upper()


@lru_cache(maxsize=65_536)
def day(cell: str) -> str:
    """Read a date in any usual spelling, or a spreadsheet's day number, as ISO 8601."""
    plain = unicodedata.normalize("NFKC", cell).strip()
    if plain in _FOR_EVER:
        return FOREVER
    if found := _DAY.fullmatch(plain):
        return _iso(cell, found[1], found[2] or found[3] or found[4] or found[5], found[6])
    if found := _COMPACT_DAY.fullmatch(plain):
        return _iso(cell, *found.groups())
    if found := _SERIAL_DAY.fullmatch(plain):
        return (date(1899, 12, 30) + timedelta(days=int(found[1]))).isoformat()
    raise ValueError(f"日期“{cell[:30]}”看不懂")


@lru_cache(maxsize=4_096)
def month(cell: str) -> str:
    """Read a month, or the month of a date, as YYYY-MM."""
    found = _MONTH.fullmatch(unicodedata.normalize("NFKC", cell))
    return _iso(cell, found[1], found[2] or found[3], "1")[:7] if found else day(cell)[:7]


def number(cell: str) -> str:
    """Check a number that is not negative and keep its digits; commas may only part thousands."""
    plain = unicodedata.normalize("NFKC", cell).strip()
    if not _NUMBER.fullmatch(plain):
        raise ValueError(f"“{cell[:30]}”不是有效的数字")
    return plain.replace(",", "")


def rate(cell: str) -> str:
    """Check a number above zero."""
    plain = number(cell)
    if not plain.strip("0."):
        raise ValueError("汇率不能为零")
    return plain


def _iso(cell: str, year: str, month_: str, day_: str) -> str:
    try:
        found = date(int(year), int(month_), int(day_))
    except ValueError:
        raise ValueError(f"日期“{cell[:30]}”不存在") from None
    if not 1949 <= found.year <= 2100 and found.isoformat() != FOREVER:
        raise ValueError(f"日期“{cell[:30]}”的年份不合理")
    return found.isoformat()


# Which columns a table has. The first alias is what people read in messages; blanks part the aliases.


class Column(NamedTuple):
    """A column: its key, the headers it may have, how a cell is read, and whether column and cell must be there."""

    key: str
    aliases: str
    read: Callable[[str], str] = as_written
    required: bool = False
    filled: bool = False

    @property
    def label(self) -> str:
        return self.aliases.split()[0]


_USCC = """统一社会信用代码 社会信用代码 信用代码 统一信用代码 统一代码 统一社会信用代码(18位) 企业信用代码
    企业统一社会信用代码 出口商统一社会信用代码 出口企业统一社会信用代码 出口商信用代码"""
_VIN = """VIN 车辆识别代号 车辆识别代码 VIN码 VIN号 VIN代码 车架号 车架号码 车辆识别代号(VIN) 车辆识别代码(VIN)
    VIN(车辆识别代号) VIN(车架号) 车架号(VIN) 车辆识别代号/车架号"""
_VALID_TO = """有效期至 有效截止日期 有效期截止 有效期截止日期 有效截止期 有效期止 有效期限 有效期 截止日期 到期日期
    ValidUntil"""

COLUMNS: dict[str, tuple[Column, ...]] = {  # in the order in which they are tried
    "licences": (
        Column("licence_no", """许可证号 出口许可证号 许可证编号 出口许可证编号 许可证号码 许可证证号
               LicenseNo LicenceNumber LicenseNumber""", identifier, True, True),
        Column("exporter", "出口商 出口商名称 出口企业 出口企业名称 出口单位 企业名称 ExporterName"),
        Column("uscc", _USCC, identifier),
        Column("vin", _VIN, identifier, True, True),
        Column("country", """进口国(地区) 进口国 进口国别 进口国家 进口国家(地区) 进口国别(地区)
               进口国/地区 进口国家/地区 目的国 目的国(地区) 最终目的国 最终目的国(地区) 出口目的国 运抵国 运抵国(地区)
               出口国家(地区) DestinationCountry ImportCountry""", identifier, True),
        Column("issued_on", "发证日期 签发日期 发证时间 签证日期 IssueDate", day, True),
        Column("valid_to", _VALID_TO + " 许可证有效期 许可证有效期至", day, True),
        Column("hs_code", "商品编码 商品编号 HS编码 税则号 海关商品编码 商品编码(HS)", identifier),
        Column("quantity", "数量 商品数量 出口数量", number),
        Column("unit", "单位 计量单位 数量单位"),
        Column("unit_price", "单价 商品单价", number),
        Column("total", "总值 总价 金额 商品总值 TotalValue", number),
        Column("currency", "币制 币种 币别 货币", identifier),
        Column("office", "报关口岸 出口口岸 口岸 报关海关 CustomsOffice"),
        Column("contract_no", "合同号 合同协议号 出口合同号 合同编号"),
        Column("authority", "发证机关 发证机构 签发机关 发证机关名称"),
        Column("status", "状态 许可证状态 证书状态"),
    ),
    "registrations": (
        Column("vin", _VIN, identifier, True, True),
        Column("plate", "号牌号码 车牌号 车牌号码 车牌 原号牌号码 号牌 PlateNo PlateNumber", identifier),
        Column("registered_on", """注册登记日期 初次登记日期 初次注册登记日期 首次登记日期 登记日期 注册日期 初登日期
               FirstRegistration""", day, True),
        Column("transfer_on", """转让待出口日期 转让登记待出口日期 转让待出口登记日期 转让待出口登记日 待出口日期
               转让待出口""", day),
        Column("status", "机动车状态 车辆状态 状态"),
        Column("brand", "品牌 车辆品牌 中文品牌 厂牌"),
        Column("model", "型号 车辆型号 厂牌型号 品牌型号"),
        Column("engine_no", "发动机号 发动机号码 发动机编号", identifier),
    ),
    "enterprises": (
        Column("name", """企业名称 公司名称 单位名称 出口企业名称 企业中文名称 备案企业 备案企业名称
               CompanyName EnterpriseName""", as_written, True, True),
        Column("uscc", _USCC, identifier, True, True),
        Column("customs_code", "海关注册编码 海关编码 海关注册登记编码 海关代码 海关十位编码 海关备案编码", identifier),
        Column("area", "所在区县 区县 行政区划 行政区划代码 所在地 所属区县", identifier),
        Column("kind", "企业类型 类型 企业类别 主体类型"),
        Column("filed_on", "备案日期 备案时间 备案登记日期", day),
        Column("valid_to", _VALID_TO + " 备案有效期 备案有效期至", day),
        Column("authority", "备案机构 备案机关 备案部门"),
    ),
    "rates": (
        Column("month", "月份 年月 适用月份 适用年月", month, True, True),
        Column("currency", "币制 币种 币别 货币 货币代码 币制代码 CurrencyCode", identifier, True, True),
        Column("cny_per_unit", """汇率 人民币汇率 海关汇率 折人民币 外币折人民币 一单位外币折人民币 1单位外币折人民币
               每单位外币折人民币""", rate, True, True),
    ),
}  # fmt: skip
EITHER = {"licences": ("exporter", "uscc")}  # a licence without its holder is of no use, but one of the two will do
KIND_NAMES = {"enterprises": "企业备案", "licences": "出口许可证", "registrations": "机动车登记", "rates": "汇率"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read: ``rows`` have every key of their kind, all values are texts, absent ones empty.

    ``numbers[i]`` is the row in the file from which ``rows[i]`` came; ``bad`` holds the rows that could not be used,
    each with its number and reason in Chinese. Blank rows are left out of both.
    """

    kind: str
    rows: list[dict[str, str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)


def read_table(path: Path) -> Table:
    """Read an authority's CSV file or workbook; raises ``Unreadable`` when its header is none that we know."""
    sheet = read_sheet(path)
    header, kind = _recognised(sheet)
    plan = _plan(kind, sheet[header])
    table = Table(kind)
    for number_, row in enumerate(sheet[header + 1 :], header + 2):
        if any(row) and any(cell.strip() for cell in row):
            _take(table, plan, number_, row, number_ in sheet.lossy)
    return table


def _take(table: Table, plan: "_Plan", number_: int, row: list[str], lossy: bool) -> None:
    try:
        if lossy:
            raise ValueError("有超过 15 位的号码存成了数字，末尾几位已丢失；请把该列设为文本格式重新填写")
        record = _record(plan, row)
    except ValueError as reason:
        table.bad.append((number_, str(reason)))
    else:
        table.rows.append(record)
        table.numbers.append(number_)


class _Plan(NamedTuple):
    cells: list[tuple[Column, int]]
    width: int
    blank: dict[str, str]


def _record(plan: _Plan, row: list[str]) -> dict[str, str]:
    if len(row) > plan.width and any(cell.strip() for cell in row[plan.width :]):
        raise ValueError("单元格比表头多，列可能错位")
    record, width = plan.blank.copy(), len(row)
    for column, at in plan.cells:
        cell = row[at].strip() if at < width else ""
        if cell:
            record[column.key] = _read(column, cell)
        elif column.filled:
            raise ValueError(f"缺少{column.label}")
    return record


def _read(column: Column, cell: str) -> str:
    try:
        return column.read(cell)
    except ValueError as reason:
        raise ValueError(f"{column.label}：{reason}") from None


def _plan(kind: str, header: list[str]) -> _Plan:
    places = _places(header)
    found = [(column, _place(places, column)) for column in COLUMNS[kind]]
    cells = [(column, at) for column, at in found if at is not None]
    return _Plan(cells, len(header), {column.key: "" for column in COLUMNS[kind]})


def header_key(header: str) -> str:
    """Make the spellings of one header equal: width of letters and brackets, case, blanks, the star of a duty."""
    plain = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"[\s_*:\ufeff]+", "", plain)


def _places(header: list[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for at, name in enumerate(header):
        places.setdefault(header_key(name), at)
    return places


def _place(places: Mapping[str, int], column: Column) -> int | None:
    return next((places[key] for key in _keys(column) if key in places), None)


@lru_cache(maxsize=256)
def _keys(column: Column) -> tuple[str, ...]:
    return tuple(header_key(alias) for alias in (*column.aliases.split(), column.key))


def _recognised(sheet: Rows) -> tuple[int, str]:
    """Find the header row and the kind of table: the first kind of ``COLUMNS`` that misses no required column."""
    nearest: tuple[int, str, list[str]] = (0, "", [])
    for at, row in enumerate(sheet[:HEADER_WITHIN]):
        places = _places(row)
        for kind in COLUMNS:
            missing, hits = _fit(places, kind)
            if not missing:
                return at, kind
            if hits > nearest[0]:
                nearest = hits, kind, missing
    raise _unknown(*nearest)


def _fit(places: Mapping[str, int], kind: str) -> tuple[list[str], int]:
    """Return what is missing, and by how many columns more is there than is missing."""
    missing = _missing(places, kind)
    if kind == "enterprises" and any(header_key(alias) in places for alias in _VIN.split()):
        return ["VIN"], 0  # a licence table that lost its number must not pass for enterprises
    return missing, sum(_place(places, column) is not None for column in COLUMNS[kind]) - len(missing)


def _missing(places: Mapping[str, int], kind: str) -> list[str]:
    absent = [column for column in COLUMNS[kind] if _place(places, column) is None]
    missing = [column.label for column in absent if column.required]
    either = [column.label for column in absent if column.key in EITHER.get(kind, ())]
    if either and len(either) == len(EITHER[kind]):
        missing.append("或".join(either))
    return missing


def _unknown(hits: int, kind: str, missing: list[str]) -> Unreadable:
    if not hits:
        kinds = "、".join(KIND_NAMES.values())
        return Unreadable("table_unknown", f"认不出这是什么表：表头与{kinds}四种表都不相符。")
    return Unreadable("table_columns", f"像是{KIND_NAMES[kind]}表，但缺少这些列：{'、'.join(missing)}。")

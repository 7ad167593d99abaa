"""The customs' own code-table workbooks, taken in as they are published and recognised by what stands in them."""

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from backend.administration.code_tables import CodeRow
from backend.exchange.safety import MEGABYTE, Unreadable
from backend.exchange.sheets import Rows, read_book, read_sheet

MAX_CODE_BOOK_BYTES = 8 * MEGABYTE  # the largest published one has 1.6 MB
HEADER_WITHIN = 5
OLD_CODE = "原报关代码"
ELEMENTS = "申报要素"
_DIRT = re.compile(r"[\"'\]\[{}\s]+")
_CODE_HEADERS = frozenset({"代码", "编码", "国标码", "customs_code", "code", "HS编码"})
_NAME_HEADERS = frozenset({"中文名称", "名称", "货物名称", "name", "征免性质简称", "类别"})


class Kind(NamedTuple):
    """How a table is known: words of its title, and codes with their names, some of them near the top.

    ``widths`` are the lengths of codes that may begin with zeros, which a number cell loses.
    """

    titles: tuple[str, ...]
    marks: dict[str, str]
    widths: tuple[int, ...] = ()


KINDS: dict[str, Kind] = {
    "customs_office": Kind(("关区",), {"0000": "海关总署", "0100": "北京关区", "9000": "西安关区"}, (4,)),
    "transport_mode": Kind(("运输方式",), {"2": "水路运输", "3": "铁路运输", "4": "公路运输"}),
    "trade_mode": Kind(("监管方式",), {"0110": "一般贸易", "0130": "易货贸易", "1039": "市场采购"}, (4,)),
    "cut_mode": Kind(("征免性质",), {"101": "一般征税", "118": "整车征税"}),
    "country": Kind(("国别",), {"KAZ": "哈萨克斯坦", "AFG": "阿富汗", "ABW": "阿鲁巴"}),
    "foreign_port": Kind(("港口",), {"991101": "北京天竺综合保税区", "991201": "天津出口加工区"}),
    "district5": Kind(("国内地区", "境内目的地"), {"11019": "东城区", "11029": "西城区", "61019": "西安其他"}),
    "trans_mode": Kind(("成交方式",), {"1": "CIF", "3": "FOB", "2": "C&F"}),
    "currency": Kind(("货币",), {"USD": "美元", "CNY": "人民币", "EUR": "欧元"}),
    "container_spec": Kind(("集装箱规格",), {"11": "普通2*标准箱(L)", "21": "普通标准箱(S)"}),
    "unit": Kind(("计量单位",), {"001": "台", "003": "辆", "035": "千克"}, (3,)),
    "duty_mode": Kind(("征减免税方式",), {"1": "照章征税", "2": "折半征税", "3": "全免"}),
    "wrap_type": Kind(("包装种类",), {"00": "散装", "01": "裸装", "99": "其他包装"}, (2,)),
    "domestic_port": Kind(("国内口岸", "入离境"), {"110001": "北京", "110101": "首都国际机场", "650501": "霍尔果斯"}),
    "ciq_office": Kind(("检验检疫机关",), {"110000": "北京海关本部", "115100": "首都机场海关本部"}, (6,)),
    "correlation_reason": Kind(("关联理由",), {"3": "进口复出口", "4": "出口复进口", "6": "登检换证"}),
    "supervision_cert": Kind(("监管证件",), {"1": "进口许可证", "4": "出口许可证", "7": "自动进口许可证"}),
    "qualification": Kind(("企业资质",), {"100": "通关司类", "200": "卫生司类", "300": "动植司类"}, (3,)),
    "purpose": Kind(("用途",), {"11": "种用或繁殖", "12": "食用", "13": "奶用"}),
    "origin_region": Kind(("原产地区",), {"002": "大西洋群岛", "004": "阿富汗"}, (3, 6)),
    "danger_pack_spec": Kind(("危包规格",), {"1A1": "钢制不可拆装桶顶圆桶", "1A2": "钢制可拆装桶顶圆桶"}),
    "goods_attr": Kind(("货物属性",), {"11": "3C目录内", "12": "3C目录外"}),
    "region6": Kind(("国内行政区划",), {"110000": "北京市", "110101": "北京市东城区", "110102": "北京市西城区"}),
    "edoc_type": Kind(("随附单证类别", "随附单据文件类别"), {"00000001": "发票", "00000002": "装箱单"}, (8,)),
    "ciq_name": Kind(
        ("检验检疫名称",), {"0101210010999": "改良种用濒危野马", "0101210090999": "其他改良种用马"}, (13,)
    ),
    "licence_type": Kind(("许可证类别",), {"105": "兽医(卫生)证书", "106": "动物检疫证书", "107": "植物检疫证书"}),
    "hs_goods": Kind(("商品信息",), {"0101210010": "改良种用濒危野马", "0101210090": "其他改良种用马"}, (10,)),
}


@dataclass(frozen=True, slots=True)
class CodeTable:
    """A code table as read: one row a code; ``source_rows`` counts the rows of the sheet that hold codes.

    It is larger than ``len(rows)`` where the customs list one code for imports and again for exports. ``notes`` say in
    Chinese what was mended, joined or left aside.
    """

    table: str
    rows: list[CodeRow]
    source_rows: int
    notes: list[str] = field(default_factory=list)


def read_code_workbook(path: Path) -> CodeTable:
    """Read one published code table; raises ``Unreadable`` when the workbook is none that we know."""
    book = read_book(path)
    for sheet in book.values():
        if (layout := _layout(sheet)) and (table := _recognised(sheet, layout, path.stem)):
            result = _read(table, sheet, layout)
            _add_elements(result, book)
            aside = [name for name, rows in book.items() if rows and rows is not sheet and name != ELEMENTS]
            result.notes.extend(f"工作表“{name}”（{len(book[name])} 行）未读入。" for name in aside)
            return result
    raise Unreadable("code_table_unknown", "认不出这是哪一张海关代码表：表头或内容与已知的 27 张表都不相符。")


def is_code_workbook(path: Path) -> bool:
    """Say whether the file is a code-table workbook; looks at the head of its first sheet only."""
    if path.suffix.lower() != ".xlsx" or not path.is_file() or path.stat().st_size > MAX_CODE_BOOK_BYTES:
        return False
    try:
        sheet = read_sheet(path, head=300)
    except Unreadable:
        return False
    layout = _layout(sheet)
    return layout is not None and _recognised(sheet, layout, path.stem) is not None


class _Layout(NamedTuple):
    """Where things stand: the header's place among the rows, and the columns of code, name and code suffix."""

    header: int
    code: int
    name: int
    suffix: int | None


def _layout(sheet: Rows) -> _Layout | None:
    for at, row in enumerate(sheet[:HEADER_WITHIN]):
        cells = [cell.strip() for cell in row]
        code, name = _column(cells, _CODE_HEADERS, "代码"), _column(cells, _NAME_HEADERS, "名称")
        if code is not None and name is not None and code != name:
            return _Layout(at, code, name, cells.index("类别码") if "类别码" in cells else None)
    return None


def _column(cells: list[str], exact: frozenset[str], ending: str) -> int | None:
    """Find a column by its exact header, else by a header such as 成交方式代码 that ends as it should."""
    places = [at for at, cell in enumerate(cells) if cell in exact and cell != "类别"]
    places += [at for at, cell in enumerate(cells) if cell.endswith(ending) and not cell.startswith("原")]
    places += [at for at, cell in enumerate(cells) if cell in exact]
    return places[0] if places else None


def _recognised(sheet: Rows, layout: _Layout, stem: str) -> str | None:
    """Name the table by codes that it must hold, else by its title; the file name only decides a draw."""
    found = {(code.lstrip("0"), _plain(name)) for code, name in _pairs(sheet, layout)}
    scores = {
        table: sum((code.lstrip("0"), name) in found for code, name in kind.marks.items())
        for table, kind in KINDS.items()
    }
    best = max(scores.values())
    if best >= 2:
        drawn = [table for table, score in scores.items() if score == best]
        return next((table for table in drawn if _titled(table, stem)), drawn[0]) if len(drawn) > 1 else drawn[0]
    title = "".join(cell for row in sheet[: layout.header] for cell in row)
    return next((table for table in KINDS if _titled(table, title)), None)


def _pairs(sheet: Rows, layout: _Layout) -> list[tuple[str, str]]:
    rows = sheet[layout.header + 1 :]
    return [(_code(row, layout), row[layout.name]) for row in rows if len(row) > max(layout.code, layout.name)]


def _titled(table: str, title: str) -> bool:
    return any(_plain(word) in _plain(title) for word in KINDS[table].titles)


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _code(row: list[str], layout: _Layout) -> str:
    suffix = row[layout.suffix] if layout.suffix is not None and layout.suffix < len(row) else ""
    return row[layout.code].strip() + suffix.strip()


def _read(table: str, sheet: Rows, layout: _Layout) -> CodeTable:
    header = [cell.strip() for cell in sheet[layout.header]]
    rows: dict[str, CodeRow] = {}
    result = CodeTable(table, [], 0)
    taken = 0
    for number, cells in enumerate(sheet[layout.header + 1 :], layout.header + 2):
        row = _row(result, header, layout, number, cells)
        if row is not None:
            taken += 1
            rows[row.code] = _joined(rows[row.code], row) if row.code in rows else row
    if taken > len(rows):
        result.notes.append(f"{taken} 行中有 {taken - len(rows)} 行的代码与前面相同（如进口、出口各列一次），已合并。")
    return CodeTable(table, list(rows.values()), taken, result.notes)


def _row(result: CodeTable, header: list[str], layout: _Layout, number: int, cells: list[str]) -> CodeRow | None:
    texts = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
    raw, name = _code(texts, layout), texts[layout.name]
    code = _mended(raw, KINDS[result.table].widths)
    if not (code.isascii() and code and name):
        heading = raw == "".join(texts) and not raw.isascii()  # such as 进口 alone in its row, above a section
        if any(texts) and not heading:
            result.notes.append(f"第 {number} 行没有代码或名称，未读入。")
        return None
    if code != raw:
        result.notes.append(f"第 {number} 行的代码“{raw}”已改正为“{code}”。")
    used = {layout.code, layout.name, layout.suffix}
    attrs = {key: texts[at] for at, key in enumerate(header) if key and at not in used and key != OLD_CODE}
    old = texts[header.index(OLD_CODE)] if OLD_CODE in header else ""
    return CodeRow(result.table, code, name, old, attrs)


def _mended(raw: str, widths: tuple[int, ...]) -> str:
    """Take off marks that are no part of a code, and give back the leading zeros that a number cell has lost."""
    code = _DIRT.sub("", raw)
    width = next((width for width in widths if len(code) <= width), 0)
    return code.zfill(width) if code.isdigit() else code


def _joined(first: CodeRow, again: CodeRow) -> CodeRow:
    """Make one row of two with the same code; what differs is kept side by side."""
    attrs = {key: _both(value, again.attrs.get(key, ""), "、") for key, value in first.attrs.items()}
    name = _both(first.name, again.name, "／")
    return CodeRow(first.table, first.code, name, _both(first.old_code, again.old_code, "、"), attrs)


def _both(first: str, again: str, mark: str) -> str:
    return first if again in first.split(mark) or not again else f"{first}{mark}{again}" if first else again


def _add_elements(result: CodeTable, book: dict[str, Rows]) -> None:
    """Fill declaration elements from their own sheet where the goods sheet leaves them blank (1,784 codes in 2020)."""
    if result.table != "hs_goods" or ELEMENTS not in book:
        return
    header = book[ELEMENTS][0]
    code, text = header.index("商品编码"), header.index(ELEMENTS)
    elements = {row[code]: row[text] for row in book[ELEMENTS][1:]}
    for at, row in enumerate(result.rows):
        if row.attrs.get(ELEMENTS, "") in ("", "0"):
            attrs = {**row.attrs, ELEMENTS: elements.get(row.code, "")}
            result.rows[at] = CodeRow(row.table, row.code, row.name, row.old_code, attrs)

"""Codes are known by content, keep their zeros, and map old numbers to today's codes without a guess."""

import csv
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from backend.administration.code_tables import (
    TABLE_NAMES,
    CodeRow,
    Codes,
    changes,
    country_of,
    currency_of,
    shipped,
    shipped_codes,
)
from backend.exchange.code_workbooks import KINDS, CodeTable, is_code_workbook, read_code_workbook
from backend.exchange.safety import Unreadable

PUBLISHED = {  # file: (table, codes, rows that hold codes)
    "01.关区代码": ("customs_office", 1302, 1302),
    "02.运输方式代码表": ("transport_mode", 18, 18),
    "03.监管方式代码表": ("trade_mode", 99, 99),
    "04.征免性质代码表": ("cut_mode", 78, 78),
    "05.国别（地区）代码表": ("country", 265, 265),
    "06.港口代码表": ("foreign_port", 4270, 4270),
    "07.国内地区（境内目的地）代码表": ("district5", 1021, 1021),
    "08.成交方式代码表": ("trans_mode", 7, 7),
    "09.货币代码表": ("currency", 22, 22),
    "10.集装箱规格代码表": ("container_spec", 8, 8),
    "11.计量单位代码表": ("unit", 123, 123),
    "12.征减免税方式代码表": ("duty_mode", 9, 9),
    "13.包装种类代码表": ("wrap_type", 14, 14),
    "14.国内（入离境）口岸代码表": ("domestic_port", 1321, 1321),
    "15.检验检疫机关代码表": ("ciq_office", 870, 870),
    "16.关联理由代码表": ("correlation_reason", 9, 9),
    "17.监管证件（随附单证）代码表": ("supervision_cert", 51, 51),
    "18.企业资质代码表": ("qualification", 62, 75),
    "19.用途代码表": ("purpose", 24, 24),
    "20.原产地区代码表": ("origin_region", 4038, 4038),
    "21.危包规格代码表": ("danger_pack_spec", 57, 57),
    "22.货物属性代码表": ("goods_attr", 20, 20),
    "23.国内行政区划（目的地）代码": ("region6", 3533, 3533),
    "24.随附单证类别代码": ("edoc_type", 58, 58),
    "25.检验检疫名称参数": ("ciq_name", 22475, 22475),
    "26.许可证类别代码表": ("licence_type", 80, 90),
    "商品信息": ("hs_goods", 11988, 11988),
}
AS_CSV = {  # the same tables as they stand in the reference folder: (file, column of the code, column of the name)
    "customs_office": ("customs_office", "code", "name_cn"),
    "transport_mode": ("transport_mode", "code", "name_cn"),
    "trade_mode": ("trade_mode", "code", "name_cn"),
    "cut_mode": ("cut_mode", "code", "short_cn"),
    "country": ("country", "code_a3", "name_cn"),
    "foreign_port": ("foreign_port", "code", "name_cn"),
    "district5": ("domestic_district5", "code", "name_cn"),
    "currency": ("currency", "code", "name_cn"),
    "unit": ("unit", "code", "name_cn"),
    "wrap_type": ("wrap_type", "code", "name_cn"),
    "domestic_port": ("domestic_port", "code", "name_cn"),
    "supervision_cert": ("supervision_cert", "code", "name_cn"),
    "region6": ("domestic_region6", "code", "name_cn"),
    "edoc_type": ("edoc_type", "code", "name_cn"),
    "trans_mode": ("trans_mode", "code", "name"),
}


@pytest.fixture(scope="module")
def published(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, CodeTable]:
    """All published workbooks by table, each read under a name that says nothing."""
    folder = tmp_path_factory.mktemp("codes")
    found = {}
    for number, name in enumerate(PUBLISHED):
        path = folder / f"{number}.xlsx"
        path.write_bytes((shared_dir / "data" / "customs_xlsx" / f"{name}.xlsx").read_bytes())
        assert is_code_workbook(path), name
        found[name] = read_code_workbook(path)
    return {table.table: table for table in found.values()}


def test_all_27_workbooks_are_known_by_their_content(published: dict[str, CodeTable]) -> None:
    counts = {table: (len(read.rows), read.source_rows) for table, read in published.items()}
    assert counts == {table: (codes, rows) for table, codes, rows in PUBLISHED.values()}
    assert counts.keys() == KINDS.keys() == TABLE_NAMES.keys()


def test_codes_are_whole_unique_and_named(published: dict[str, CodeTable]) -> None:
    for table, read in published.items():
        codes = [row.code for row in read.rows]
        assert len(set(codes)) == len(codes), table
        assert all(code.isalnum() and code.isascii() for code in codes), table
        assert all(row.name and row.name == row.name.strip() and row.table == table for row in read.rows), table


@pytest.mark.parametrize("table", AS_CSV)
def test_every_code_and_name_is_as_published(table: str, published: dict[str, CodeTable], shared_dir: Path) -> None:
    name, code, label = AS_CSV[table]
    with (shared_dir / "data" / "codes" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        expected = {row[code]: row[label].strip() for row in csv.DictReader(file)}
    assert {row.code: row.name for row in published[table].rows} == expected


def test_details_of_published_tables(published: dict[str, CodeTable]) -> None:
    rows = {(table, row.code): row for table, read in published.items() for row in read.rows}
    assert rows["customs_office", "0202"].name == "新港海关"
    assert rows["country", "RUS"].old_code == "344" and rows["country", "RUS"].attrs["原报检代码"] == "643"
    assert rows["currency", "USD"].old_code == "502" and rows["container_spec", "11"].old_code == "L"
    assert rows["edoc_type", "60000011"].name == "化学品进出口环境管理登记证明"
    assert rows["ciq_name", "0101290090102"].attrs["与HS货物名称差别"] == "赛马"
    assert rows["district5", "4724"].name == "襄阳保税物流中心（B型）" and rows["district5", "65909"].name == "新疆其他"
    assert rows["hs_goods", "8703800010"].attrs["许可证代码"] == "46AOxy"
    assert "GTIN" in rows["hs_goods", "8517611030"].attrs["申报要素"]  # blank on its own sheet


def test_one_code_for_imports_and_exports_is_one_row_that_says_both(published: dict[str, CodeTable]) -> None:
    rows = {row.code: row for row in published["licence_type"].rows}
    assert rows["203"].attrs["类别"] == "进口、出口" and rows["105"].attrs["类别"] == "进口"
    assert rows["522"].name == "水果预检验证书／水果冻肉预检验证书"
    assert any("10 行的代码与前面相同" in note for note in published["licence_type"].notes)


def test_shipped_rows_agree_with_the_published_ones(published: dict[str, CodeTable]) -> None:
    own: dict[str, set[str]] = {}
    for table, rows in shipped().items():
        official = {row.code: row for row in published[table].rows}
        own[table] = {row.code for row in rows if row.code not in official}
        for row in (row for row in rows if row.code in official):
            other = official[row.code]
            assert (row.name, row.old_code) == (other.name, other.old_code)
            assert all(other.attrs.get(key, value) == value for key, value in row.attrs.items()), row
    currencies = {row.code for row in shipped()["currency"] if row.attrs["来源"] == "ISO 4217"}
    assert {table: codes for table, codes in own.items() if codes} == {
        "currency": currencies, "trade_mode": {"9710", "9810"}}  # fmt: skip


def test_importing_the_published_table_over_the_shipped_one_changes_nothing_but_what_is_new(
    published: dict[str, CodeTable],
) -> None:
    existing = {(row.table, row.code): row for row in shipped()["country"]}
    added, changed = changes(existing, published["country"].rows)
    assert added == [] and all(row.attrs["原报检代码"] for row in changed)


# Without the published files


def book(path: Path, rows: list[list[object]]) -> Path:
    made = xlsxwriter.Workbook(str(path))
    page = made.add_worksheet()
    for number, row in enumerate(rows):
        page.write_row(number, 0, row)
    made.close()
    return path


def test_zeros_that_number_cells_lost_are_given_back_and_told(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [["中文名称", "代码"], ["台", 1], ["辆", 3], ["千克", 35], ["升", "095"]])
    table = read_code_workbook(path)
    assert (table.table, [row.code for row in table.rows]) == ("unit", ["001", "003", "035", "095"])
    assert [note for note in table.notes if "已改正" in note] == [
        f"第 {n} 行的代码“{raw}”已改正为“{code}”。"
        for n, raw, code in ((2, "1", "001"), (3, "3", "003"), (4, "35", "035"))
    ]


def test_a_table_with_unknown_codes_is_known_by_its_title(tmp_path: Path) -> None:
    rows: list[list[object]] = [["货物属性代码表", ""], ["中文名称", "代码"], ["新属性", 41], ["", 42], ["无码", ""]]
    table = read_code_workbook(book(tmp_path / "a.xlsx", rows))
    assert (table.table, [(row.code, row.name) for row in table.rows]) == ("goods_attr", [("41", "新属性")])
    assert table.notes == [f"第 {number} 行没有代码或名称，未读入。" for number in (4, 5)]


def test_other_workbooks_are_none(tmp_path: Path) -> None:
    rows: list[list[object]] = [["企业名称", "统一社会信用代码"], ["西安某公司", "91610102MAW9731651"]]
    path = book(tmp_path / "01.关区代码.xlsx", rows)
    assert not is_code_workbook(path)
    with pytest.raises(Unreadable) as caught:
        read_code_workbook(path)
    assert caught.value.code == "code_table_unknown"
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04")
    (tmp_path / "b.csv").write_text("中文名称,代码\n台,001\n辆,003\n", encoding="utf-8")
    assert not is_code_workbook(tmp_path / "b.xlsx") and not is_code_workbook(tmp_path / "b.csv")
    assert not is_code_workbook(tmp_path / "gone.xlsx")


# The shipped tables


def test_shipped_tables_are_clean() -> None:
    needed = (
        "country currency customs_office transport_mode trans_mode unit trade_mode wrap_type district5 domestic_port"
    )
    assert set(shipped()) == {*needed.split(), "hs_goods"} and shipped().keys() <= TABLE_NAMES.keys()
    for table, rows in shipped().items():
        assert len({row.code for row in rows}) == len(rows) > 5, table
        for row in rows:
            assert row.name and row.table == table and row.code.isalnum()
            assert not row.valid_from or date.fromisoformat(row.valid_from)


@pytest.mark.parametrize(
    ("code", "country"),
    [("KAZ", "KAZ"), ("145", "KAZ"), ("344", "RUS"), ("146", "KGZ"), ("149", "UZB"), ("147", "TJK"), ("138", "ARE"),
     ("337", "GEO"), ("340", "BLR"), ("117", "JOR"), ("236", "NGA"), ("215", "EGY"), ("107", "KHM"), ("124", "MNG"),
     ("148", "TKM"), ("339", "AZE"), ("114", "IRQ"), ("131", "SAU"), ("106", "MMR"), ("119", "LAO"), ("141", "VNM"),
     ("142", "CHN"), ("哈萨克斯坦", "KAZ"), ("326", "NOR"), ("299", "ZAO"), ("449", None), ("ZZ9", None), ("", None),
     ("kaz", None), ("14", None)],
)  # fmt: skip
def test_countries(code: str, country: str | None) -> None:
    assert country_of(code) == country


@pytest.mark.parametrize(
    ("code", "currency"),
    [("USD", "USD"), ("502", "USD"), ("142", "CNY"), ("300", "EUR"), ("344", "RUB"), ("人民币", "CNY"), ("KZT", "KZT"),
     ("AED", "AED"), ("KGS", "KGS"), ("UZS", "UZS"), ("TJS", "TJS"), ("TMT", "TMT"), ("GEL", "GEL"), ("BYN", "BYN"),
     ("SAR", "SAR"), ("XQX", None), ("", None)],
)  # fmt: skip
def test_currencies(code: str, currency: str | None) -> None:
    assert currency_of(code) == currency


def test_names_of_codes() -> None:
    codes = shipped_codes()
    assert codes.name("customs_office", "9009") == "车站海关" and codes.name("customs_office", "9402") == "霍尔果斯"
    assert codes.name("unit", "003") == "辆" and codes.name("trans_mode", "7") == "EXW"
    assert codes.name("domestic_port", "650501") == "霍尔果斯" and codes.name("district5", "61019") == "西安其他"
    assert codes.name("unit", "3") is None and codes.name("none", "3") is None
    assert codes.known("hs_goods", "8703800010") and not codes.known("hs_goods", "8703800000")


def test_codes_come_from_the_rows_that_are_given() -> None:
    codes = Codes(
        [CodeRow("country", "AAA", "甲国", "901"), CodeRow("currency", "AAC", "甲元"), CodeRow("country", "AAA", "甲")]
    )
    assert codes.country("AAA") == "AAA" and codes.country("甲") == "AAA"
    assert codes.country("901") is None and codes.country("KAZ") is None and codes.currency("甲元") == "AAC"


def test_changes_tell_new_from_altered_rows() -> None:
    def row(code: str, name: str = "甲", old: str = "", **attrs: str) -> CodeRow:
        return CodeRow("unit", code, name, old, attrs)

    existing = {("unit", r.code): r for r in (row("1"), row("2"), row("3"), row("4", a="x", b="y"), row("5", a="x"))}
    incoming = [row("1"), row("2", "乙"), row("3", old="7"), row("4", a="x"), row("5", a="z"), row("6"), row("6", "丙")]
    added, changed = changes(existing, iter(incoming))
    assert [(r.code, r.name) for r in added] == [("6", "丙")]
    assert [r.code for r in changed] == ["2", "3", "5"]

"""Code tables as the customs and the platform use them: the shipped ones, look-ups, and what an import would change."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("codes")
SHARED_BY_TERRITORIES = {"326": "NOR"}  # the old number was the state's; ISO has another code for Bouvet Island
_OTHERS = "Z"  # codes of the customs' own such as ZAO (other African countries) inherit the old number for "others"

TABLE_NAMES = {
    "customs_office": "关区",
    "transport_mode": "运输方式",
    "trade_mode": "监管方式",
    "cut_mode": "征免性质",
    "country": "国别（地区）",
    "foreign_port": "港口",
    "district5": "国内地区",
    "trans_mode": "成交方式",
    "currency": "货币",
    "container_spec": "集装箱规格",
    "unit": "计量单位",
    "duty_mode": "征减免税方式",
    "wrap_type": "包装种类",
    "domestic_port": "国内口岸",
    "ciq_office": "检验检疫机关",
    "correlation_reason": "关联理由",
    "supervision_cert": "监管证件",
    "qualification": "企业资质",
    "purpose": "用途",
    "origin_region": "原产地区",
    "danger_pack_spec": "危包规格",
    "goods_attr": "货物属性",
    "region6": "国内行政区划",
    "edoc_type": "随附单证类别",
    "ciq_name": "检验检疫名称",
    "licence_type": "许可证类别",
    "hs_goods": "商品信息",
}


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code: its text with leading zeros, its name, the code it had before 2018 (or ""), every other column.

    ``valid_from`` is an ISO date, empty where it is not known.
    """

    table: str
    code: str
    name: str
    old_code: str = ""
    attrs: Mapping[str, str] = field(default_factory=dict)
    valid_from: str = ""


@cache
def shipped() -> dict[str, list[CodeRow]]:
    """Return the tables that come with the product by name; they are shared, so do not change them."""
    return {path.stem: _load(path) for path in sorted(FOLDER.glob("*.csv"))}


def _load(path: Path) -> list[CodeRow]:
    with path.open(encoding="utf-8", newline="") as file:
        return [_row(path.stem, record) for record in csv.DictReader(file)]


def _row(table: str, record: dict[str, str]) -> CodeRow:
    code, name, old, since = (record.pop(key) for key in ("code", "name", "old_code", "valid_from"))
    return CodeRow(table, code, name, old, {key: value for key, value in record.items() if value}, since)


class Codes:
    """Immutable look-ups over any set of rows; where a code occurs twice, the later row counts."""

    __slots__ = ("_countries", "_currencies", "_names")

    def __init__(self, rows: Iterable[CodeRow]) -> None:
        tables: dict[str, dict[str, CodeRow]] = defaultdict(dict)
        for row in rows:
            tables[row.table][row.code] = row
        self._names = {table: {row.code: row.name for row in codes.values()} for table, codes in tables.items()}
        self._countries = _spellings(tables["country"].values())
        self._currencies = _spellings(tables["currency"].values())

    def country(self, code: str) -> str | None:
        """Return the alpha-3 code for an alpha-3 code, an old numeric customs code or the table's Chinese name."""
        return self._countries.get(code)

    def currency(self, code: str) -> str | None:
        """Return the ISO 4217 code for an ISO code, an old numeric customs code or the table's Chinese name."""
        return self._currencies.get(code)

    def name(self, table: str, code: str) -> str | None:
        """Return the Chinese name of a code."""
        return self._names.get(table, {}).get(code)

    def known(self, table: str, code: str) -> bool:
        """Say whether the table has the code."""
        return code in self._names.get(table, ())


def _spellings(rows: Iterable[CodeRow]) -> dict[str, str]:
    """Map names, old codes and codes to codes; what stands for several is left out, for nothing is to be guessed."""
    by_old: dict[str, list[str]] = defaultdict(list)
    by_name: dict[str, list[str]] = defaultdict(list)
    own: dict[str, str] = {}
    for row in rows:
        own[row.code] = row.code
        by_old[row.old_code].append(row.code)
        by_name[row.name].append(row.code)
    sole_names = {name: codes[0] for name, codes in by_name.items() if name and len(codes) == 1}
    olds = {old: code for old, codes in by_old.items() if old and (code := _heir(old, codes))}
    return sole_names | olds | own


def _heir(old: str, codes: list[str]) -> str | None:
    """Choose who inherits an old number that several codes carry: the state, or the customs' code for "others"."""
    if len(codes) == 1:
        return codes[0]
    if (state := SHARED_BY_TERRITORIES.get(old)) in codes:
        return state
    others = [code for code in codes if code.startswith(_OTHERS)]
    return others[0] if len(others) == 1 else None


@cache
def shipped_codes() -> Codes:
    """Return the look-ups over the shipped tables."""
    return Codes(row for rows in shipped().values() for row in rows)


def country_of(code: str) -> str | None:
    """Return the alpha-3 country of a code by the shipped tables; ``Codes.country`` for any other set of rows."""
    return shipped_codes().country(code)


def currency_of(code: str) -> str | None:
    """Return the ISO currency of a code by the shipped tables; ``Codes.currency`` for any other set of rows."""
    return shipped_codes().currency(code)


def changes(
    existing: Mapping[tuple[str, str], CodeRow], incoming: Iterable[CodeRow]
) -> tuple[list[CodeRow], list[CodeRow]]:
    """Return the rows that are new and those whose name, old code or any given attribute differs from the existing row.

    ``existing`` is keyed by (table, code). A code that the incoming table lacks is left as it is: an authority's
    table may be an extract. An attribute that the incoming row does not mention is no difference.
    """
    latest = {(row.table, row.code): row for row in incoming}
    added = [row for key, row in latest.items() if key not in existing]
    changed = [row for key, row in latest.items() if key in existing and _differs(existing[key], row)]
    return added, changed


def _differs(old: CodeRow, new: CodeRow) -> bool:
    if (old.name, old.old_code) != (new.name, new.old_code):
        return True
    return any(old.attrs.get(key, "") != value for key, value in new.attrs.items())

"""Judge a declaration before it is taken: everything a figure needs, or the reason why it must wait.

A pure step between reading and storing. It never guesses (statistical rule 5): what cannot be valued is held.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from backend.clearance.message import Goods, Message
from backend.clearance.money import LOSES_FREIGHT, LOSES_INSURANCE, Cents, Cost, fob_cents

NUMBER = re.compile(r"\d{1,17}(\.\d{1,8})?", re.ASCII)
TERMS = {"1", "2", "3", "4", "5", "6", "7"}
COSTS = {"freight": "运费", "insurance": "保费", "other": "杂费"}
VEHICLE_UNIT = "003"
FUELS = (
    ("87032", "PETROL"),
    ("87033", "DIESEL"),
    ("87034", "HEV"),
    ("87035", "HEV"),
    ("87036", "PHEV"),
    ("87037", "PHEV"),
    ("87038", "BEV"),
)


class Held(Exception):
    """The declaration cannot be counted yet; the code is for programs, the text for the clerk."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class CodeBook(Protocol):
    """The two look-ups that a valuation needs; both know the old numeric customs codes too."""

    def country(self, code: str) -> str | None:
        """ISO alpha-3 of a country code."""

    def currency(self, code: str) -> str | None:
        """ISO code of a currency."""


Rates = dict[tuple[str, str], Decimal]


@dataclass(slots=True, frozen=True)
class Item:
    """What one goods item adds to the figures."""

    country: str
    brand: str
    model: str
    fuel: str
    vehicles: int
    cents: Cents


@dataclass(slots=True, frozen=True)
class Assessed:
    """A declaration that can be counted as soon as it is cleared."""

    seq_no: str
    uscc: str
    declared_on: str
    items: list[Item]


def assess(message: Message, codes: CodeBook, rates: Rates, declared: str | None = None) -> Assessed:
    """Decide on one declaration; `declared` is customs' own 申报日期 where the message has none.

    Raises Held with the first reason found, in the order a clerk would check: number, goods, consignor, date, items.
    """
    head = message.head
    seq_no = _required(head.get("seq_no"), "no_number", "没有统一编号（SeqNo），请等单一窗口暂存回执或补填")
    if not message.goods:
        raise Held("no_goods", "没有商品项，报关单至少要有一项商品")
    uscc = _required(head.get("consignor_uscc"), "no_consignor", "没有境内发货人统一社会信用代码（TradeCoScc）")
    if len(uscc) != 18:
        raise Held("bad_consignor", f"境内发货人统一社会信用代码“{uscc[:30]}”不是18位")
    day = _day(head.get("d_date") or declared)
    cents = _cents(message, codes, rates, day[:7])
    items = [
        _item(n, goods, message, codes, c) for n, (goods, c) in enumerate(zip(message.goods, cents, strict=True), 1)
    ]
    return Assessed(seq_no, uscc, day, items)


def _required(text: str | None, code: str, reason: str) -> str:
    if not text:
        raise Held(code, reason)
    return text


def _day(text: str | None) -> str:
    digits = (text or "")[:10].replace("-", "")
    if not digits:
        raise Held("no_date", "没有申报日期（DDate），无法确定汇率月份")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat()
    except ValueError:
        raise Held("bad_date", f"申报日期“{text}”不是日期") from None


def _number(text: str | None, what: str) -> Decimal:
    """A plain non-negative number in ASCII digits; Decimal alone would take NaN, 1e9 and full-width digits."""
    text = (text or "").strip()
    if not NUMBER.fullmatch(text):
        raise Held("bad_number", f"{what}“{text[:30]}”不是数字" if text else f"{what}没有填写")
    return Decimal(text)


def _cents(message: Message, codes: CodeBook, rates: Rates, month: str) -> list[Cents]:
    head = message.head
    values = [_value(n, goods, codes, rates, month) for n, goods in enumerate(message.goods, 1)]
    terms = head.get("trade_terms", "")
    if terms not in TERMS:
        raise Held("bad_terms", f"成交方式“{terms}”不在代码表中，无法换算离岸价")
    costs = _costs(message, codes, rates, month, terms)
    needs_weight = any(cost.mark == "2" for cost in costs.values())
    gross = _number(head.get("gross_weight"), "毛重") if needs_weight else Decimal(0)
    if costs and not sum(values):
        raise Held("no_value", "总价合计为零，无法分摊运费、保费和杂费")
    return fob_cents(values, terms, costs, gross, _rate(rates, month, "USD"))


def _value(line: int, goods: Goods, codes: CodeBook, rates: Rates, month: str) -> Decimal:
    total = _number(goods.fields.get("total_price"), f"第{line}项总价")
    currency = _currency(goods.fields.get("currency"), codes, f"第{line}项币制")
    return total * _rate(rates, month, currency)


def _currency(code: str | None, codes: CodeBook, what: str) -> str:
    currency = codes.currency((code or "").strip())
    if currency is None:
        raise Held("unknown_currency", f"{what}“{code or ''}”不在币制代码表中")
    return currency


def _rate(rates: Rates, month: str, currency: str) -> Decimal:
    rate = rates.get((month, currency))
    if rate is None:
        raise Held("no_rate", f"缺 {month} 月 {currency} 的海关汇率，请导入该月汇率表")
    return rate


def _costs(message: Message, codes: CodeBook, rates: Rates, month: str, terms: str) -> dict[str, Cost]:
    """Only the costs that the terms of delivery bring into the FOB value are read at all."""
    wanted = {"freight": terms in LOSES_FREIGHT, "insurance": terms in LOSES_INSURANCE, "other": True}
    found = {kind: _cost(message, kind, codes, rates, month) for kind, wants in wanted.items() if wants}
    return {kind: cost for kind, cost in found.items() if cost is not None and cost.value}


def _cost(message: Message, kind: str, codes: CodeBook, rates: Rates, month: str) -> Cost | None:
    head, label = message.head, COSTS[kind]
    mark, text = head.get(f"{kind}_mark"), head.get(f"{kind}_value")
    if not mark and not text:
        return None
    value = _number(text, label)
    if mark not in {"1", "2", "3"}:
        raise Held("bad_cost", f"{label}标记“{mark or ''}”不是 1（率）、2（单价）、3（总价）")
    if mark == "1":
        return Cost(mark, value, Decimal(1))
    return Cost(mark, value, _rate(rates, month, _currency(head.get(f"{kind}_currency"), codes, f"{label}币制")))


def _item(line: int, goods: Goods, message: Message, codes: CodeBook, cents: Cents) -> Item:
    fields = goods.fields
    written = (fields.get("destination_country") or message.head.get("trade_country") or "").strip()
    country = codes.country(written)
    if country is None:
        raise Held("unknown_country", f"第{line}项最终目的国“{written}”不在国别代码表中")
    brand, model = fields.get("goods_brand", ""), fields.get("goods_model", "")
    name = f"{brand} {model}" if brand and model else brand or model or fields.get("name", "")
    return Item(country, brand, name, fuel_of(fields.get("hs_code", "")), _vehicles(line, fields), cents)


def _vehicles(line: int, fields: dict[str, str]) -> int:
    quantity = _number(fields.get("first_quantity"), f"第{line}项法定第一数量")
    if (fields.get("first_unit") or "").strip() != VEHICLE_UNIT:
        return 0
    if quantity != quantity.to_integral_value():
        raise Held("bad_number", f"第{line}项车辆数“{quantity}”不是整数")
    return int(quantity)


def fuel_of(hs_code: str) -> str:
    """The drive of a car by its HS code (statistical rule 3); other goods are OTHER."""
    return next((fuel for prefix, fuel in FUELS if hs_code.startswith(prefix)), "OTHER")

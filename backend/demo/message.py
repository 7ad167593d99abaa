"""Writes demo declarations and receipts as the single window's client does (DecMessage 3.1 and DEC_RESULT)."""

import random
import re
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from backend.demo import identifiers
from backend.demo.cargo import Cost, Declaration, Item
from backend.demo.journey import NOTES

NAMESPACE = "http://www.chinaport.gov.cn/dec"
OLD_CURRENCY = {"USD": "502", "CNY": "142", "EUR": "300", "RUB": "344"}
TRADER = "DEMO AUTO TRADING {country} {number:02d}"
AGENT = (identifiers.uscc("610112", 29_790), "西安演示报关服务有限公司")
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Form:
    """The ways in which real messages differ from the tidy form; all False is tidy."""

    mark: bool = False  # begins with a byte-order mark
    bare: bool = False  # no namespace, no version
    prefixed: bool = False  # the namespace has a prefix
    enveloped: bool = False  # inside ImportMessage/SWImpData
    numeric_country: bool = False
    numeric_currency: bool = False
    no_destination: bool = False
    former_names: bool = False  # TradeCodeScc, FreightMark
    shuffled: bool = False  # header elements in another order
    character_data: bool = False  # names as CDATA
    padded: bool = False  # quantities with five decimals


def untidy_form(rng: random.Random) -> Form:
    """Return a form in which each difference is rare, as in real feeds."""
    bare = rng.random() < 0.08
    return Form(
        mark=rng.random() < 0.1, bare=bare, prefixed=not bare and rng.random() < 0.04, enveloped=rng.random() < 0.04,
        numeric_country=rng.random() < 0.06, numeric_currency=rng.random() < 0.06, no_destination=rng.random() < 0.03,
        former_names=rng.random() < 0.15, shuffled=rng.random() < 0.1, character_data=rng.random() < 0.1,
        padded=rng.random() < 0.1,
    )  # fmt: skip


def elements(values: dict[str, object]) -> str:
    """Return one element for each value that is not empty."""
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in values.items() if value != "")


def declaration_file(declaration: Declaration, form: Form, rng: random.Random) -> tuple[str, bytes]:
    """Return the file name and the bytes of a declaration's message."""
    head = list(header(declaration, form).items())
    if form.shuffled:
        rng.shuffle(head)
    goods = "".join(goods_item(declaration, item, number, form) for number, item in enumerate(declaration.items, 1))
    licence = elements({"DocuCode": "4", "CertCode": declaration.licence})
    sign = elements({"OperType": "C", "ClientSeqNo": f"DEMO{declaration.serial:09d}"})
    inside = (
        f"<DecHead>{elements(dict(head))}</DecHead><DecLists>{goods}</DecLists>"
        f"<DecLicenseDocus><LicenseDocu>{licence}</LicenseDocu></DecLicenseDocus><DecSign>{sign}</DecSign>"
    )
    return f"DECDATA{declaration.seq}.xml", wrap(inside, form)


def wrap(inside: str, form: Form) -> bytes:
    """Return the whole message around the declaration's parts."""
    text = f'<DecMessage Version="3.1" xmlns="{NAMESPACE}">{inside}</DecMessage>'
    if form.bare:
        text = f"<DecMessage>{inside}</DecMessage>"
    elif form.prefixed:
        named = re.sub(r"<(/?)(?=[A-Z][A-Za-z]+>)", r"<\1dec:", inside)
        text = f'<dec:DecMessage Version="3.1" xmlns:dec="{NAMESPACE}">{named}</dec:DecMessage>'
    if form.enveloped:
        envelope = elements({"CopMsgId": "DEMO", "MsgType": "SWDEC001", "Version": "3.1"})
        text = f"<ImportMessage><SWImpHead>{envelope}</SWImpHead><SWImpData>{text}</SWImpData></ImportMessage>"
    return (BOM if form.mark else b"") + f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def header(declaration: Declaration, form: Form) -> dict[str, object]:
    """Return the values of DecHead by element name; persons are left out."""
    firm, route = declaration.enterprise, declaration.route
    country = declaration.transit[form.numeric_country]
    trader = declaration.serial % 12 + 1
    return {
        "SeqNo": declaration.seq, "IEFlag": "E", "CustomMaster": route.declared_at, "IEPort": route.exit_office,
        "ContrNo": f"DEMO{declaration.declared:%y%m}{declaration.serial:06d}",
        "DDate": f"{declaration.declared:%Y%m%d}",
        "TradeCodeScc" if form.former_names else "TradeCoScc": firm.uscc, "TradeCode": firm.customs_code,
        "TradeName": firm.name, "OverseasConsigneeCode": f"DEMO-{declaration.transit[0]}-{trader:02d}",
        "OverseasConsigneeEname": TRADER.format(country=declaration.transit[0], number=trader),
        "OwnerCodeScc": firm.uscc,
        "OwnerName": firm.name, "AgentCodeScc": AGENT[0], "AgentName": AGENT[1], "TrafMode": route.mode,
        "TradeMode": "0110", "CutMode": "101", "LicenseNo": declaration.licence, "TradeAreaCode": country,
        "TradeCountry": country, "DistinatePort": route.foreign_port, "EntyPortCode": route.exit_port, "WrapType": "01",
        "PackNo": len(declaration.vehicles), "GrossWet": declaration.gross,
        "NetWt": sum(item.car.kg * item.quantity for item in declaration.items), "TransMode": declaration.terms,
        **cost_elements(declaration.costs, form), "EntryType": "M", "EntryId": declaration.entry, "MarkNo": "N/M",
        "NoteS": "演示数据",
    }  # fmt: skip


def cost_elements(costs: dict[str, Cost], form: Form) -> dict[str, object]:
    """Return mark, value and currency of each cost under the message's names."""
    found: dict[str, object] = {}
    for kind, cost in costs.items():
        prefix = "Freight" if form.former_names and kind == "Fee" else kind
        currency = OLD_CURRENCY[cost.currency] if form.numeric_currency and cost.currency else cost.currency
        found |= {f"{prefix}Mark": cost.mark, f"{prefix}Rate": cost.value, f"{prefix}Curr": currency}
    return found


def goods_item(declaration: Declaration, item: Item, number: int, form: Form) -> str:
    """Return one DecList with its licence and vehicles."""
    quantity = f"{item.quantity}.00000" if form.padded else str(item.quantity)
    destination = "" if no_destination(declaration, form) else declaration.destination[form.numeric_country]
    name = f"<![CDATA[{item.car.trade_name}]]>" if form.character_data else item.car.trade_name
    first = elements({"GNo": number, "CodeTS": item.car.hs})
    rest = elements({
        "GModel": item.car.elements, "GQty": quantity, "GUnit": "003", "DeclPrice": item.price, "DeclTotal": item.total,
        "TradeCurr": OLD_CURRENCY[item.currency] if form.numeric_currency else item.currency, "FirstQty": quantity,
        "FirstUnit": "003", "SecondQty": item.car.kg * item.quantity, "SecondUnit": "035", "OriginCountry": "CHN",
        "DestinationCountry": destination, "DistrictCode": declaration.enterprise.zone, "DestCode": "610100",
        "DutyMode": "1", "GoodsBrand": item.brand, "GoodsModel": item.car.series,
    })  # fmt: skip
    licence = {"GoodsNo": number, "LicTypeCode": "4", "LicenceNo": declaration.licence, "LicWrtofQty": item.quantity}
    vehicles = "".join(vehicle_block(declaration, item, place) for place in range(item.quantity))
    limits = f"<DecGoodsLimits><DecGoodsLimit>{elements(licence)}{vehicles}</DecGoodsLimit></DecGoodsLimits>"
    return f"<DecList>{first}<GName>{name}</GName>{rest}{limits}</DecList>"


def no_destination(declaration: Declaration, form: Form) -> bool:
    """Tell whether 最终目的国 may be left out: only where 运抵国 says the same."""
    return form.no_destination and declaration.destination == declaration.transit


def vehicle_block(declaration: Declaration, item: Item, place: int) -> str:
    """Return the DecGoodsLimitVin of one vehicle."""
    vin = item.vehicles[place].vin
    return "<DecGoodsLimitVin>" + elements({
        "LicenceNo": declaration.licence, "LicTypeCode": "4", "VinNo": place + 1, "MotorNo": f"DM{vin[-8:]}",
        "VinCode": vin, "ChassisNo": vin,
        "ModelEn": f"{item.car.english} {item.car.series}", "PricePerUnit": item.price,
    }) + "</DecGoodsLimitVin>"  # fmt: skip


def receipt_name(seq: str, number: int) -> str:
    """Return the file name of a declaration's receipt number `number`."""
    return f"Receipt_DECCUS004_{seq}_{number:06d}.xml"


def receipt(seq: str, entry: str, declared: datetime, channel: str, when: datetime) -> bytes:
    """Return the bytes of a receipt; before 入库 the customs number does not exist yet."""
    inside = elements({"CUS_CIQ_NO": seq}) + (
        f"<ENTRY_ID>{'' if channel == '7' else entry}</ENTRY_ID><NOTICE_DATE>{when:%Y-%m-%dT%H:%M:%S}</NOTICE_DATE>"
        f"<CHANNEL>{channel}</CHANNEL><NOTE>{NOTES[channel]}</NOTE><CUSTOM_MASTER>{entry[:4]}</CUSTOM_MASTER>"
        f"<I_E_DATE></I_E_DATE><D_DATE>{declared:%Y-%m-%dT%H:%M:%S}</D_DATE>"
    )
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<DEC_RESULT>{inside}</DEC_RESULT>'.encode()

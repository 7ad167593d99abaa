"""The single window's files: DecMessage declarations, DEC_RESULT receipts and DecImportResponse answers.

Accepted as the trade really sends them: any order of elements, with or without namespace, BOM, CDATA, both spellings of
a name, the ImportMessage envelope around the declaration.
"""

from lxml import etree

from backend.clearance.fields import GOODS, GOODS_VIN, HEAD, Field
from backend.clearance.message import Goods, Message, ReceiptMessage, ResponseMessage, Texts
from backend.exchange.safety import Unreadable, safe_xml

Parsed = Message | ReceiptMessage | ResponseMessage


def _names(fields: tuple[Field, ...]) -> dict[str, str]:
    return {name: f.column for f in fields for name in (f.element, *f.aliases)}


HEAD_NAMES, GOODS_NAMES, VIN_NAMES = _names(HEAD), _names(GOODS), _names(GOODS_VIN)
RECEIPT_NAMES = {
    "CUS_CIQ_NO": "seq_no",
    "ENTRY_ID": "entry_id",
    "NOTICE_DATE": "notice_date",
    "CHANNEL": "channel",
    "NOTE": "note",
    "CUSTOM_MASTER": "custom_master",
    "I_E_DATE": "i_e_date",
    "D_DATE": "d_date",
}
RESPONSE_NAMES = {
    "ResponseCode": "response_code",
    "ErrorMessage": "message",
    "ClientSeqNo": "client_seq_no",
    "SeqNo": "seq_no",
}


def read_message(data: bytes) -> Parsed:
    """Read one file of the exchange folder.

    Raises Unreadable with a reason for people: not XML, cut off, dangerous, or none of the three messages.
    """
    root = safe_xml(data)
    name = _local(root)
    if name == "DEC_RESULT":
        return _receipt(root)
    if name == "DecImportResponse":
        return _response(root)
    if name == "ImportMessage":
        root = _find(root, "DecMessage")
        name = "DecMessage" if root is not None else name
    if name != "DecMessage":
        raise Unreadable("unknown_message", f"不是报关单或回执：根元素为 {name[:40]}")
    return _declaration(root)


def _local(node: etree._Element) -> str:
    tag = node.tag
    if not isinstance(tag, str):
        return ""
    return tag.rpartition("}")[2] if tag[0] == "{" else tag


def _find(node: etree._Element, name: str) -> etree._Element | None:
    return next((n for n in node.iter() if _local(n) == name), None)


def _texts(node: etree._Element, names: dict[str, str]) -> Texts:
    """The node's own elements under our names; text is kept as written, empty elements are left out."""
    found: Texts = {}
    for child in node:
        column = names.get(_local(child))
        if column and child.text and column not in found:
            found[column] = child.text
    return found


def _declaration(root: etree._Element) -> Message:
    groups = {_local(child): child for child in root}
    head = groups.get("DecHead")
    goods = groups.get("DecLists")
    free, sign = groups.get("DecFreeTxt"), groups.get("DecSign")
    return Message(
        head=_stripped(_texts(head, HEAD_NAMES)) if head is not None else {},
        goods=[_goods(node) for node in goods if _local(node) == "DecList"] if goods is not None else [],
        voyage_no=_texts(free, {"VoyNo": "x"}).get("x") if free is not None else None,
        client_seq_no=_texts(sign, {"ClientSeqNo": "x"}).get("x") if sign is not None else None,
    )


def _stripped(texts: Texts) -> Texts:
    return {column: text for column, raw in texts.items() if (text := raw.strip())}


def _goods(node: etree._Element) -> Goods:
    goods = Goods(_texts(node, GOODS_NAMES))
    for child in node:
        if _local(child) == "DecGoodsLimits":
            goods.vehicles = [
                _stripped(_texts(vin, VIN_NAMES)) for vin in child.iter() if _local(vin) == "DecGoodsLimitVin"
            ]
    return goods


def _receipt(root: etree._Element) -> ReceiptMessage:
    texts = _stripped(_texts(root, RECEIPT_NAMES))
    for column, label in (("seq_no", "统一编号"), ("channel", "通道"), ("notice_date", "通知时间")):
        if column not in texts:
            raise Unreadable("incomplete_receipt", f"回执缺少{label}")
    return ReceiptMessage(**texts)


def _response(root: etree._Element) -> ResponseMessage:
    texts = _stripped(_texts(root, RESPONSE_NAMES))
    if "response_code" not in texts:
        raise Unreadable("incomplete_response", "暂存回执缺少处理结果代码")
    return ResponseMessage(**texts)

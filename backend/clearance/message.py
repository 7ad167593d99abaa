"""A declaration as it was sent: plain texts under our column names, before anything is judged."""

from dataclasses import dataclass, field

Texts = dict[str, str]


@dataclass(slots=True)
class Goods:
    """One goods item: its own fields, and the vehicles of its VIN block."""

    fields: Texts
    vehicles: list[Texts] = field(default_factory=list)


@dataclass(slots=True)
class Message:
    """A whole declaration; head and goods are keyed by the columns of clearance.fields."""

    head: Texts
    goods: list[Goods]
    voyage_no: str | None = None
    client_seq_no: str | None = None


@dataclass(slots=True)
class ReceiptMessage:
    """A DEC_RESULT receipt as written; times are still text."""

    seq_no: str
    channel: str
    notice_date: str
    entry_id: str = ""
    note: str = ""
    custom_master: str = ""
    i_e_date: str = ""
    d_date: str = ""


@dataclass(slots=True)
class ResponseMessage:
    """A DecImportResponse: whether the single window stored what was sent, and under which number."""

    response_code: str
    message: str = ""
    client_seq_no: str = ""
    seq_no: str = ""

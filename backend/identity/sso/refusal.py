"""Why a sign-in through another system was refused, in words that tell a person what to do next."""

import hmac
from collections.abc import Mapping

AGAIN = "请回到登录页，重新选择“{label}”登录。"
LATER = "请稍后重试，或改用本平台账号登录。"
ADMINISTRATOR = "请联系系统管理员，也可以先用本平台账号登录。"

# HTTP status to show, and the sentences.
REASONS: dict[str, tuple[int, str]] = {
    "wrong_state": (400, "这次登录不是从本平台的登录页开始的，或者登录页打开得太久。" + AGAIN),
    "replayed_code": (400, "这张登录凭证已经用过一次，不能再用。" + AGAIN),
    "expired": (400, "这次登录已经过期。" + AGAIN),
    "wrong_redirect": (502, "{label}登记的返回地址与本平台的不一致。" + ADMINISTRATOR),
    "bad_ticket": (400, "{label}不认这张登录凭证，它可能已经用过或已经过期。" + AGAIN),
    "garbage": (502, "{label}的应答读不懂。" + LATER),
    "silent": (504, "{label}没有应答。" + LATER),
    "clock": (502, "{label}的时间与本平台的时间相差太大，为安全起见没有登录。" + ADMINISTRATOR),
    "cancelled": (400, "您没有在{label}完成登录。请回到登录页重新选择，或改用本平台账号登录。"),
    "unknown_field": (502, "{label}没有给出本平台需要的个人信息。" + ADMINISTRATOR),
    "misconfigured": (502, "{label}不接受本平台的登记信息。" + ADMINISTRATOR),
}
OUT_OF_ORDER = "{label}此刻出了故障。" + LATER

# What identity servers answer: the names of RFC 6749 and of the CAS protocol. Other names mean our settings are wrong.
SPOKEN = {
    "invalid_grant": "bad_ticket",
    "INVALID_TICKET": "bad_ticket",
    "INVALID_TICKET_SPEC": "bad_ticket",
    "redirect_uri_mismatch": "wrong_redirect",
    "INVALID_SERVICE": "wrong_redirect",
    "access_denied": "cancelled",
    "invalid_token": "expired",
    "expired_token": "expired",
}
BROKEN = frozenset({"server_error", "temporarily_unavailable", "INTERNAL_ERROR"})
# Which of the many meanings of invalid_grant; servers that recite all of them at once are not taken at their word.
TELLING = {
    "replayed_code": ("used", "使用过", "已使用", "用过"),
    "expired": ("expire", "过期"),
    "wrong_redirect": ("redirect", "回调地址", "返回地址"),
}


class SsoRefused(Exception):
    """A sign-in that went no further: code for programs, message for people, status of the page that shows it."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def refused(code: str, label: str, words: str = "", status: int = 0) -> SsoRefused:
    """Make the refusal of one of the codes in REASONS; words (with {label}) and status replace the usual ones."""
    usual_status, usual_words = REASONS[code]
    return SsoRefused(code, (words or usual_words).format(label=label), status or usual_status)


def out_of_order(label: str) -> SsoRefused:
    """Make the refusal for a server that answers, but only to say that it is broken."""
    return refused("silent", label, OUT_OF_ORDER, 503)


def spoken(error: object, description: object, label: str) -> SsoRefused:
    """Make the refusal for an error that the identity server names; description may tell which of several it means."""
    if not isinstance(error, str):
        return refused("garbage", label)
    if error in BROKEN:
        return out_of_order(label)
    code = SPOKEN.get(error, "misconfigured")
    if code == "bad_ticket" and isinstance(description, str):
        words = description.lower()
        told = [meaning for meaning, signs in TELLING.items() if any(sign in words for sign in signs)]
        code = told[0] if len(told) == 1 else code
    return refused(code, label)


def check_state(arguments: Mapping[str, str], expected: str, label: str) -> None:
    """Refuse an answer whose state is not the one this browser was sent away with; no state at all is never right."""
    given = arguments.get("state", "")
    if not expected or not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace")):
        raise refused("wrong_state", label)

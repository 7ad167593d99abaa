"""Ways in which a declaration cannot be counted as it stands, each worked into a message that was whole."""

import re

# (what is wrong, pattern in the tidy message, replacement)
KINDS = (
    ("unknown country", r"<(DestinationCountry|TradeCountry)>[^<]*", r"<\1>QQQ"),
    ("unknown currency", r"<TradeCurr>[^<]*", "<TradeCurr>XDR"),
    ("month without a rate", r"<DDate>\d{4}", "<DDate>2018"),
    ("quantity is not a number", r"<FirstQty>[^<]*", "<FirstQty>两辆"),
    ("total is not a number", r"<DeclTotal>[^<]*", "<DeclTotal>NaN"),
    ("truncated file", r"(?s)(.{900}).*", r"\1"),
    ("no goods", r"<DecLists>.*</DecLists>", "<DecLists></DecLists>"),
    ("unknown consignor", r"<(TradeCoScc|TradeCode|TradeName)>[^<]*", r"<\1>"),
)


def spoil(number: int, message: bytes) -> tuple[str, bytes]:
    """Return what is wrong with fault `number` and the spoilt message; ValueError if nothing was there to spoil."""
    kind, pattern, replacement = KINDS[number % len(KINDS)]
    text, changes = re.subn(pattern, replacement, message.decode("utf-8"))
    if not changes:
        raise ValueError(f"演示报文中没有可供破坏的内容：{kind}")
    return kind, text.encode("utf-8")

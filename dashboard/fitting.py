"""Estimates how wide a text will be set, so that a name without room is shortened with … and not cut off."""

ELLIPSIS = "…"
EM = {"upper": 0.68, "lower": 0.58, "digit": 0.57, "space": 0.25, "narrow": 0.38}
NARROW = set("ijlI.,:;'|()-·")


def width(text: str, size: float = 1.25) -> float:
    """Width in rem of a text set in the Chinese face at `size` rem; a little generous, never short for common names."""
    return sum(letter(c) for c in text) * size


def letter(c: str) -> float:
    """Width of one letter in em."""
    if ord(c) > 0x2E7F:
        return 1.0
    if c in NARROW:
        return EM["narrow"]
    if c.isspace():
        return EM["space"]
    if c.isdigit():
        return EM["digit"]
    return EM["upper"] if c.isupper() else EM["lower"]


def fitted(text: str, room: float, size: float = 1.25) -> str:
    """The text, or its beginning and … if it would be wider than `room` rem."""
    if width(text, size) <= room:
        return text
    kept = text
    while kept and width(kept + ELLIPSIS, size) > room:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS

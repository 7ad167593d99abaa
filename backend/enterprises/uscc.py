"""The 统一社会信用代码 of an enterprise: whether a text can be one (GB 32100-2015, GB 11714)."""

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
LENGTH = 18


def uscc_fault(code: str) -> str | None:
    """What is wrong with a code, in words for whoever typed it; None when its form and both check characters are right.

    The code is taken as it stands: upper case, narrow, without blanks.
    """
    if len(code) != LENGTH:
        return f"统一社会信用代码应为 18 位，现在是 {len(code)} 位"
    if strange := sorted(set(code) - set(CHARACTERS)):
        return f"统一社会信用代码中不能有“{'”“'.join(strange)}”；它只用数字和除 I、O、S、V、Z 以外的大写字母"
    if code[16] != organisation_check_character(code[8:16]) or code[17] != check_character(code):
        return "统一社会信用代码的校验位不对，请对照营业执照逐位核对"
    return None


def check_character(code: str) -> str:
    """The eighteenth character that the seventeen before it ask for."""
    total = sum(CHARACTERS.index(character) * weight for character, weight in zip(code, WEIGHTS, strict=False))
    return CHARACTERS[-total % 31]


def organisation_check_character(code: str) -> str:
    """The ninth character of an organisation code for its first eight; letters count from A = 10."""
    total = sum(int(character, 36) * weight for character, weight in zip(code, ORGANISATION_WEIGHTS, strict=True))
    rest = -total % 11
    return "X" if rest == 10 else str(rest)

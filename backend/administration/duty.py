"""What every verb of administration asks first: the permission, and a reason that says something."""

from backend.audit.chain import visible
from backend.identity.principal import Principal
from backend.identity.refusal import Refused, Unfit
from backend.identity.roles import PERMISSIONS

SHORTEST_REASON = 4
LONGEST_REASON = 200


def need(actor: Principal, permission: str) -> None:
    """Raise Refused unless the actor holds the permission."""
    if not actor.may(permission):
        raise Refused(f"您的角色没有“{PERMISSIONS[permission]}”这项权限")


def reason_of(text: str, field: str = "reason") -> str:
    """The reason as it is kept; raises Unfit for one too short to tell anything."""
    return plain(text, field, "理由", SHORTEST_REASON, LONGEST_REASON)


def plain(text: str, field: str, label: str, least: int, most: int) -> str:
    """A text of one line, its blanks tidied; raises Unfit when it is too short, too long or hides characters."""
    tidy = " ".join(text.split())
    if not least <= len(tidy) <= most:
        raise Unfit(f"{label}应为 {least} 到 {most} 个字", field)
    if visible(tidy) != tidy:
        raise Unfit(f"{label}中有看不见的字符，请重新输入，不要粘贴", field)
    return tidy

"""Whom a request speaks for: a person with a session, a screen or a program, with rights and the rows they may see."""

from dataclasses import dataclass, field
from datetime import datetime

from datasources.scope import ALL, NOTHING, Scope

FULL = "full"


@dataclass(frozen=True)
class Principal:
    """Somebody known. `kind` is account, screen or api; `scope` comes from the organisation, never from a request.

    `mark` names the session in audit lines; `csrf` is what a changing request must repeat; `stage` tells how far a
    sign-in has come (factor, change, enrol, full).
    """

    kind: str
    id: str
    name: str
    roles: tuple[str, ...]
    permissions: frozenset[str]
    scope: Scope
    organisation_id: str = ""
    organisation: str = ""
    clearance: int = 0
    mark: str = ""
    csrf: str = ""
    stage: str = FULL
    demo: bool = False
    expires_at: datetime | None = None  # of a token that does not last for ever
    session: str = field(default="", repr=False)  # the digest of the session, the key of its row

    def may(self, permission: str) -> bool:
        """Whether the permission is held; what everybody signed in may do needs none."""
        return permission in ("public", "self") or permission in self.permissions


def scope_of(kind: str, uscc: str | None, district: str | None) -> Scope:
    """The rows that people of an organisation see: a firm its own, a district's office the district, the city all."""
    if kind == "enterprise":
        return Scope("enterprise", uscc or "") if uscc else NOTHING
    if kind == "commerce":
        return Scope("district", district) if district else ALL
    return ALL if kind == "platform" else NOTHING

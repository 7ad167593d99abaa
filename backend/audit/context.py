"""On whose behalf the present request acts; the guard sets it, and every audit line carries it."""

from contextvars import ContextVar
from typing import NamedTuple


class Acting(NamedTuple):
    """Account id, roles, network address, short session mark and request number of who asks; all may be empty."""

    account_id: str | None = None
    role: str | None = None
    address: str | None = None
    session: str | None = None
    request: str | None = None


NOBODY = Acting()
acting: ContextVar[Acting] = ContextVar("acting", default=NOBODY)

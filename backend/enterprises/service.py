"""The register of enterprises: those that filed, and those only seen on a declaration so far."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from backend.clearance.message import Texts
from backend.models import enterprise
from backend.models.insertion import insert_new
from backend.models.versioned import Brought, Row, bring_up_to_date


def see_enterprises(connection: Connection, at: datetime, heads: Iterable[Texts]) -> None:
    """Open a record for each consignor that has none; it counts as not filed until the register says otherwise."""
    rows = {
        head["consignor_uscc"]: {
            "uscc": head["consignor_uscc"],
            "name": head.get("consignor_name") or head["consignor_uscc"],
            "customs_code": head.get("consignor_code"),
            "area": None,
            "filed": False,
            "version": 1,
            "changed_at": at,
        }
        for head in heads
    }
    insert_new(connection, enterprise, list(rows.values()))


def register_enterprises(connection: Connection, at: datetime, rows: Sequence[Row], document_id: int | None) -> Brought:
    """Take the register of filed export enterprises; rows are keyed by the columns of the table enterprise."""
    return bring_up_to_date(connection, at, enterprise, [{**row, "filed": True} for row in rows], document_id)

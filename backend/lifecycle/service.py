"""Taking the registers of licences and of police registrations into the ledger."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from backend.clearance.vehicles import see_vehicles
from backend.models import licence, licence_vehicle, registration
from backend.models.insertion import insert_new
from backend.models.versioned import Brought, Row, bring_up_to_date

OF_LICENCE = ("licence_no", "exporter", "uscc", "country", "issued_on", "valid_to", "status")


def register_licences(connection: Connection, at: datetime, rows: Sequence[Row], document_id: int | None) -> Brought:
    """Take licences; rows come one per vehicle of the licence's 附表, so a licence stands in several."""
    licences = [{**{c: row.get(c) for c in OF_LICENCE}, "details": _details(row)} for row in rows]
    brought = bring_up_to_date(connection, at, licence, licences, document_id)
    vins = [row for row in rows if row.get("vin")]
    fields = ("licence_no", "vin", "issued_on")
    insert_new(connection, licence_vehicle, [{**{c: row.get(c) for c in fields}, "changed_at": at} for row in vins])
    see_vehicles(connection, at, ((row["vin"], "", "") for row in vins))
    return brought


def _details(row: Row) -> Row:
    return {c: v for c, v in row.items() if c not in OF_LICENCE and c != "vin" and v}


def register_registrations(
    connection: Connection, at: datetime, rows: Sequence[Row], document_id: int | None
) -> Brought:
    """Take police registrations, one per VIN."""
    brought = bring_up_to_date(connection, at, registration, rows, document_id)
    see_vehicles(connection, at, ((r["vin"], r.get("brand") or "", r.get("model") or "") for r in rows))
    return brought

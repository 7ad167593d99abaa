"""Customs monthly rates: CNY for one unit of a currency, kept as the decimal text that customs wrote."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from backend.clearance.assess import Rates
from backend.models import customs_rate
from backend.models.versioned import Brought, Row, bring_up_to_date


def load_rates(connection: Connection) -> Rates:
    """Every rate in force, by (month, currency)."""
    r = customs_rate.c
    rows = connection.execute(select(r.month, r.currency, r.cny_per_unit))
    return {(month, currency): Decimal(text) for month, currency, text in rows}


def register_rates(connection: Connection, at: datetime, rows: Sequence[Row], document_id: int | None) -> Brought:
    """Take monthly rates; a corrected one is a new version and its month must be valued again."""
    return bring_up_to_date(connection, at, customs_rate, rows, document_id)

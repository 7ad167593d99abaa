"""The transaction schema, a module for each part of the ledger."""

from backend.models.access import access_token, lease, platform_fact
from backend.models.base import metadata
from backend.models.exchange import audit_line, document
from backend.models.ledger import (
    declaration,
    goods_item,
    goods_vehicle,
    import_response,
    receipt,
    record_version,
    vehicle,
    vehicle_step,
)
from backend.models.registers import code, customs_rate, enterprise, licence, licence_vehicle, registration

__all__ = [
    "access_token",
    "audit_line",
    "code",
    "customs_rate",
    "declaration",
    "document",
    "enterprise",
    "goods_item",
    "goods_vehicle",
    "import_response",
    "lease",
    "licence",
    "licence_vehicle",
    "metadata",
    "platform_fact",
    "receipt",
    "record_version",
    "registration",
    "vehicle",
    "vehicle_step",
]

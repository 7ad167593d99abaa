"""The transaction schema, a module for each part of the ledger."""

from backend.models.access import access_epoch, access_token, lease, platform_fact
from backend.models.audit import audit_chain, audit_line
from backend.models.base import metadata
from backend.models.exchange import document
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
from backend.models.people import (
    account,
    account_factor,
    account_password,
    account_session,
    organisation,
    role_grant,
    sign_in_attempt,
    sign_in_lock,
    sso_binding,
)
from backend.models.registers import code, customs_rate, enterprise, licence, licence_vehicle, registration
from backend.models.screens import screen_playlist, wall_screen
from backend.models.watch import activity, alert, alert_transition, configuration

__all__ = [
    "access_epoch",
    "access_token",
    "account",
    "account_factor",
    "account_password",
    "account_session",
    "activity",
    "alert",
    "alert_transition",
    "audit_chain",
    "audit_line",
    "code",
    "configuration",
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
    "organisation",
    "platform_fact",
    "receipt",
    "record_version",
    "registration",
    "role_grant",
    "screen_playlist",
    "sign_in_attempt",
    "sign_in_lock",
    "sso_binding",
    "vehicle",
    "vehicle_step",
    "wall_screen",
]

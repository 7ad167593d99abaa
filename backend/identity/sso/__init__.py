"""Signing in with 秦务员 or the single window: they vouch for who somebody is; what he may do is decided here."""

from backend.identity.sso.cas import ticket_of_logout_request
from backend.identity.sso.config import SsoConfig
from backend.identity.sso.identity_fields import Person
from backend.identity.sso.providers import Provider, providers_of
from backend.identity.sso.refusal import SsoRefused

__all__ = ["Person", "Provider", "SsoConfig", "SsoRefused", "providers_of", "ticket_of_logout_request"]

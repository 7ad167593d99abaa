"""Stand-ins for identity servers of others, over real HTTP, for the demo and for tests; never for production."""

from backend.exchange.standins.qinwuyuan import QinWuYuanServer
from backend.exchange.standins.serving import IdentityServer, StandIn
from backend.exchange.standins.single_window import SingleWindowServer

__all__ = ["IdentityServer", "QinWuYuanServer", "SingleWindowServer", "StandIn"]

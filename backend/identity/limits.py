"""How often one address may ask for what costs much: sign-in, tokens, exports."""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

# Counted in memory: what must survive a restart (failed sign-ins) is counted in SQL by backend.identity.throttle.
limiter = Limiter(get_remote_address, storage_uri="memory://", default_limits=[])

"""What every way in has in common: where somebody comes from, and the step into the platform."""

from flask import redirect, request
from werkzeug.wrappers import Response as AnyResponse

from backend.identity.cookies import admit_session
from backend.identity.sign_in import Origin


def origin() -> Origin:
    """Where this request comes from."""
    return Origin(request.remote_addr or "", request.headers.get("User-Agent", ""))


def entered(token: str, after: str) -> AnyResponse:
    """Into the platform; the guard leads on to whatever step is still missing."""
    answer = redirect(after, 303)
    admit_session(answer, token)
    answer.headers["Cache-Control"] = "no-store"
    return answer

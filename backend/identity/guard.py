"""The one gate before every request: what nobody declared is refused, and so is whoever may not."""

import hmac
import itertools
import secrets
import time
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from flask import Flask, Request, g, request
from werkzeug.wrappers import Response as AnyResponse

from backend.audit.context import NOBODY, Acting, acting
from backend.frame.allow import permission_of
from backend.identity.admission import Admission
from backend.identity.answers import Verdict, answer
from backend.identity.callback_rights import CallbackRights
from backend.identity.principal import FULL, Principal
from backend.identity.refusals import Refusals
from backend.identity.roles import PEOPLE, PUBLIC, SELF
from backend.identity.sessions import touch

CALLBACKS = "/_dash-update-component"
# A request's number: a random start for each process, then counted; drawing one for each would cost more than judging.
START, NUMBERS = secrets.token_hex(5), itertools.count(1)
SAFE = ("GET", "HEAD", "OPTIONS")
# Folders whose requests come by themselves: they say nothing about whether somebody is there.
BY_ITSELF = (
    "/payload/", "/screen/", "/wall/plain", "/geo/", "/assets/", "/_dash", "/healthz", "/favicon.ico",
    "/_favicon.ico", "/_reload-hash",
)  # fmt: skip
# What only administrators may do is done only from the administrators' networks (GB/T 22239 8.1.4.4 c).
OF_ADMINISTRATORS = frozenset().union(*(r.permissions for r in PEOPLE.values() if r.administrator)) - frozenset().union(
    *(r.permissions for r in PEOPLE.values() if not r.administrator)
)


class Guard:
    """Judges each request by its permission, its visitor, its origin and its network."""

    def __init__(self, app: Flask, admission: Admission, networks: str, public_url: str) -> None:
        self.app = app
        self.admission = admission
        self.rights: CallbackRights = app.extensions.setdefault("callback_rights", CallbackRights())
        self.networks = [ip_network(part.strip()) for part in networks.split(",") if part.strip()]
        self.public = urlsplit(public_url)
        self.refusals = Refusals(admission.engine)
        self.touched: dict[str, float] = {}
        app.before_request(self.admit)
        app.teardown_request(self.leave)

    def admit(self) -> AnyResponse | None:
        """Let the request pass, or answer it with a refusal; runs before any view."""
        # The objects themselves: the look-ups of the proxies cost more than all that is judged here.
        asked: Request = request._get_current_object()  # type: ignore[attr-defined]
        headers, mine = asked.headers, g._get_current_object()
        cookies = headers.get("Cookie", "")
        visitor = self.admission.visitor(asked.path, cookies, headers.get("Authorization", ""))
        mine.principal, mine.csrf = visitor, self.admission.csrf(visitor, cookies)
        mine.request_id = f"{START}{next(NUMBERS):x}"
        mine.asked = asked.get_json(silent=True) if asked.path == CALLBACKS else None
        acting.set(on_behalf_of(visitor, asked.remote_addr, mine.request_id))
        verdict = self.judge(asked, visitor)
        if verdict is None:
            self.note(asked, visitor)
            return None
        if visitor is not None and verdict.status == 403:
            self.refusals.note(visitor, asked.endpoint or asked.path)
        return answer(verdict, visitor)

    def leave(self, _: BaseException | None) -> None:
        """The thread may do other work afterwards: nobody acts in it any more."""
        acting.set(NOBODY)

    def judge(self, asked: Request, visitor: Principal | None) -> Verdict | None:
        """Why the request is refused; None when it may pass."""
        if self.is_plain(asked):
            return Verdict.INSECURE
        permission = self.permission(asked)
        if permission is None:
            return Verdict.ANONYMOUS if visitor is None else Verdict.UNDECLARED
        if permission != PUBLIC:
            if visitor is None:
                return Verdict.ANONYMOUS
            if refused := self.unfit(asked, visitor, permission):
                return refused
        return None if asked.method in SAFE else self.forged(asked, visitor)

    def permission(self, asked: Request) -> str | None:
        """The permission that this request needs."""
        if asked.endpoint is None:
            return SELF  # No such route or method: whoever is known hears so, nobody else learns what there is.
        if asked.path == CALLBACKS:
            return self.rights.permission(g.asked)
        declared = permission_of(self.app, asked.endpoint)
        return self.rights.page(asked.path) if declared == "page" else declared

    def unfit(self, asked: Request, visitor: Principal, permission: str) -> Verdict | None:
        """Why this visitor may not do what needs this permission."""
        view = self.app.view_functions.get(asked.endpoint or "")
        if visitor.stage not in getattr(view, "stages", (FULL,)):
            return Verdict.UNFINISHED
        if not visitor.may(permission):
            return Verdict.FORBIDDEN
        return None if permission not in OF_ADMINISTRATORS or self.in_network(asked) else Verdict.NETWORK

    def in_network(self, asked: Request) -> bool:
        """Whether the request comes from the administrators' networks."""
        try:
            address = ip_address(asked.remote_addr or "")
        except ValueError:
            return False
        return any(address in network for network in self.networks)

    def forged(self, asked: Request, visitor: Principal | None) -> Verdict | None:
        """Why a changing request does not count as the visitor's own will."""
        view = self.app.view_functions.get(asked.endpoint or "")
        if (visitor is not None and visitor.kind == "api") or getattr(view, "from_outside", False):
            return None
        if self.is_foreign(asked):
            return Verdict.FOREIGN
        given = asked.headers.get("X-CSRFToken") or asked.form.get("csrf_token", "")
        right = bool(g.csrf) and hmac.compare_digest(given.encode(), g.csrf.encode())
        return None if right else Verdict.FORGED

    def is_foreign(self, asked: Request) -> bool:
        """Whether another site made the browser send this."""
        if asked.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            return True
        origin = asked.headers.get("Origin")
        return origin is not None and urlsplit(origin).netloc not in {asked.host, self.public.netloc or asked.host}

    def is_plain(self, asked: Request) -> bool:
        """Whether this came unencrypted although the platform is reached over TLS; health is asked from inside."""
        return self.public.scheme == "https" and not asked.is_secure and asked.path != "/healthz"

    def note(self, asked: Request, visitor: Principal | None) -> None:
        """Count what people do, and start their idle clock anew; what a page asks by itself is neither."""
        if visitor is None or visitor.kind != "account":
            return
        if asked.path == CALLBACKS:
            if self.rights.comes_by_itself(g.asked):
                return
        elif asked.path.startswith(BY_ITSELF):
            return
        if asked.method != "GET" or (asked.path.rstrip("/") or "/") not in self.rights.pages:
            # A screen's address comes as a document first and then asks for its page: that counts, and once.
            self.app.extensions["recorder"].count(visitor, self.function(asked))
        if visitor.session and time.monotonic() - self.touched.get(visitor.session, float("-inf")) >= 60:
            if len(self.touched) > 10_000:
                self.touched.clear()
            self.touched[visitor.session] = time.monotonic()
            touch(self.admission.engine, visitor.session)

    def function(self, asked: Request) -> str:
        """What the request uses, as the statistics of behaviour name it."""
        if asked.path != CALLBACKS:
            return (asked.endpoint or asked.path)[:48]
        if g.asked["output"] != self.rights.place:
            return str(g.asked["output"])[:48]
        page = str(g.asked["inputs"][0].get("value") or "/").rstrip("/") or "/"
        return page[:48] if page in self.rights.pages else self.rights.place


def on_behalf_of(visitor: Principal | None, address: str | None, request_id: str) -> Acting:
    """How audit lines of this request name who asks."""
    if visitor is None:
        return Acting(address=address, request=request_id)
    person = visitor.id if visitor.kind == "account" else None
    return Acting(person, ",".join(visitor.roles) or None, address, visitor.mark[:12], request_id)

"""The Flask application of the counter: guard, sign-in, administration, interfaces and health."""

from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify
from flask_caching import Cache
from sqlalchemy import Engine, text
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from backend.administration.behaviour import Recorder
from backend.administration.index_views import index
from backend.administration.people_views import NAVIGATION as OF_PEOPLE
from backend.administration.people_views import people
from backend.administration.system_views import NAVIGATION as OF_SYSTEM
from backend.administration.system_views import system
from backend.alerts.views import NAVIGATION as OF_ALERTS
from backend.alerts.views import alerts
from backend.api.answers import Statistics
from backend.api.views import api
from backend.crypto.keys import Keys
from backend.frame.allow import allow
from backend.frame.page import frame
from backend.identity.admission import Admission
from backend.identity.cookies import keep_cookies
from backend.identity.guard import Guard
from backend.identity.limits import limiter
from backend.identity.screens import screens
from backend.identity.sso import providers_of
from backend.identity.sso_views import sso
from backend.identity.views import door
from backend.screens.playlist_views import playlists
from backend.screens.views import NAVIGATION as OF_WALLS
from backend.screens.views import walls
from cache.published import Published
from dashboard.settings import Settings
from datasources.reader import Readers
from geo.shapes import outline_bytes

OUTLINES = ("world", "dashes", "xian")
MEGABYTE = 2**20
TEMPLATES = Path(__file__).parent / "frame" / "templates"
NAVIGATION = [*OF_PEOPLE, *OF_WALLS, *OF_SYSTEM, *OF_ALERTS]
BLUEPRINTS = (door, screens, sso, api, index, people, system, alerts, walls, playlists)


def create_app(settings: Settings, engine: Engine, published: Published, keys: Keys) -> Flask:
    """Build the application; nothing is open until the guard stands."""
    app = Flask("panorama", static_folder=None, template_folder=str(TEMPLATES))
    configure(app, settings, keys)
    app.extensions.update(engine=engine, keys=keys, settings=settings, recorder=Recorder())
    app.extensions["providers"] = providers_of(settings)
    app.extensions["admission"] = Admission(engine, app.config["COOKIE_PREFIX"])
    app.extensions["guard"] = Guard(app, app.extensions["admission"], settings.admin_networks, settings.public_url)
    limiter.init_app(app)
    keep_cookies(app)
    frame(app, NAVIGATION)
    answers: Any = Cache(app, config={"CACHE_TYPE": "cache.answers.BytesCache", "CACHE_DEFAULT_TIMEOUT": 900})
    app.extensions["readers"] = Readers(settings, published)
    app.extensions["statistics"] = Statistics(app.extensions["readers"], answers.cache)
    for part in BLUEPRINTS:
        app.register_blueprint(part)
    _health(app, engine, published)
    app.get("/geo/<name>.json")(outline)
    return app


def configure(app: Flask, settings: Settings, keys: Keys) -> None:
    """Limits, cookies, and how many proxies may say where a request came from."""
    secure = settings.secure
    app.secret_key = keys.forms
    app.config.update(
        MAX_CONTENT_LENGTH=MEGABYTE,
        MAX_FORM_PARTS=500,
        PUBLIC_URL=settings.public_url,
        COOKIE_PREFIX="__Host-" if secure else "",
        SESSION_COOKIE_NAME=("__Host-" if secure else "") + "panorama_form",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        RATELIMIT_HEADERS_ENABLED=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _health(app: Flask, engine: Engine, published: Published) -> None:
    @app.get("/healthz")
    @allow("public")
    def healthz() -> tuple[AnyResponse, int]:
        """200 once pages can be served; 503 with the reason until then."""
        pointer = published.current()
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except Exception:
            return jsonify(status="database", message="事务数据库没有应答"), 503
        if pointer is None:
            return jsonify(status="starting", message="还没有发布第一代数据"), 503
        fault = published.fault()
        return jsonify(status="fault" if fault else "ok", generation=pointer.generation, as_of=pointer.as_of), 200


@allow("public")
def outline(name: str) -> tuple[AnyResponse, int]:
    """One of the map's outlines; they change only with the program."""
    if name not in OUTLINES:
        return jsonify(error="not_found", message="没有这个轮廓"), 404
    answer = Response(outline_bytes(name), mimetype="application/json")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer, 200

"""The Flask application of the counter: guard, front page, interfaces and health."""

from typing import Any

from flask import Flask, Response, jsonify
from flask_caching import Cache
from sqlalchemy import Engine, text
from werkzeug.wrappers import Response as AnyResponse

from backend.api.answers import Statistics
from backend.api.views import api
from backend.identity.admission import Admission
from backend.identity.views import door, guard
from cache.published import Published
from dashboard.settings import Settings
from datasources.reader import Readers
from geo.shapes import outline_bytes

OUTLINES = ("world", "dashes", "xian")
MEGABYTE = 2**20


def create_app(settings: Settings, engine: Engine, published: Published) -> Flask:
    """Build the application; nothing is open until the guard stands."""
    app = Flask("panorama", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MEGABYTE
    app.config["JSON_AS_ASCII"] = False
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["engine"] = engine
    app.extensions["admission"] = Admission(engine)
    guard(app, app.extensions["admission"])
    answers: Any = Cache(app, config={"CACHE_TYPE": "cache.answers.BytesCache", "CACHE_DEFAULT_TIMEOUT": 900})
    app.extensions["statistics"] = Statistics(Readers(settings, published), answers.cache)
    app.register_blueprint(door)
    app.register_blueprint(api)
    _health(app, engine, published)
    app.get("/geo/<name>.json")(outline)
    return app


def _health(app: Flask, engine: Engine, published: Published) -> None:
    @app.get("/healthz")
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


def outline(name: str) -> tuple[AnyResponse, int]:
    """One of the map's outlines; they change only with the program."""
    if name not in OUTLINES:
        return jsonify(error="not_found", message="没有这个轮廓"), 404
    answer = Response(outline_bytes(name), mimetype="application/json")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer, 200

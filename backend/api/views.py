"""The statistics interface: figures for other programs, from the generation now published."""

from datetime import date

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from backend.api.answers import Statistics
from backend.frame.allow import allow, principal
from backend.identity.limits import limiter

api = Blueprint("api", __name__, url_prefix="/api/v1")
DIMENSIONS = ("month", "country", "model", "enterprise")


class BadQuestion(ValueError):
    """A query parameter is missing or wrong; the text tells the caller what to send."""


@api.errorhandler(BadQuestion)
def bad_question(error: BadQuestion) -> tuple[AnyResponse, int]:
    """400 with a sentence that says what to send instead."""
    return jsonify(error="bad_request", message=str(error)), 400


@api.get("/statistics")
@allow("read:statistics", program=True)
@limiter.limit("1200/minute")
def statistics() -> AnyResponse | tuple[AnyResponse, int]:
    """Figures by month, country, model or enterprise, over clearance days from … to … inclusive."""
    by, start, end = _question()
    source: Statistics = current_app.extensions["statistics"]
    body = source.answer(by, start, end, principal().scope)
    if body is None:
        return jsonify(error="not_ready", message="还没有发布任何一代数据，请稍后再试"), 503
    answer = Response(body, mimetype="application/json")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _question() -> tuple[str, date | None, date | None]:
    if unknown := set(request.args) - {"by", "from", "to"}:
        raise BadQuestion(f"不认识的参数：{'、'.join(sorted(unknown))}；可用 by、from、to")
    by = request.args.get("by", "")
    if by not in DIMENSIONS:
        raise BadQuestion(f"参数 by 应为 {'、'.join(DIMENSIONS)} 之一")
    start, end = _day("from"), _day("to")
    if start and end and start > end:
        raise BadQuestion("参数 from 不能晚于 to")
    return by, start, end


def _day(name: str) -> date | None:
    text = request.args.get(name)
    if text is None:
        return None
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadQuestion(f"参数 {name} 应为日期，如 2026-01-31")

"""The answer of the statistics interface: totals and rows by one dimension over days of clearance, in integers."""

from datetime import date
from typing import Any

from datasources.query import Question, QuestionError, ask
from datasources.reader import Reader
from datasources.scope import Scope

BY = ("month", "country", "model", "enterprise")
SUMS = ("vehicles", "cny_cents", "usd_cents")


def statistics(reader: Reader, by: str, date_from: date | None, date_to: date | None, scope: Scope) -> dict[str, Any]:
    """Return {"generation", "as_of", "total", "rows"}.

    Days are included on both ends. Countries are ISO alpha-3, months YYYY-MM, enterprises USCC, models brand and model
    as written. Rows are sorted by key for months, else by vehicles, value and key. Raises QuestionError.
    """
    if by not in BY:
        raise QuestionError(f"只能按 {'、'.join(BY)} 之一统计,没有 {by}")
    parts = ask(reader, Question(SUMS, (by,), {}, date_from, date_to), scope)
    whole = ask(reader, Question((*SUMS, "declarations"), (), {}, date_from, date_to), scope).total
    rows = [{"key": row[by], **{name: row[name] for name in SUMS}} for row in parts.rows]
    if by != "month":
        rows.sort(key=lambda row: (-row["vehicles"], -row["cny_cents"], row["key"]))
    total = {name: whole[name] for name in ("vehicles", "declarations", "cny_cents", "usd_cents")}
    return {"generation": reader.generation, "as_of": parts.as_of, "total": total, "rows": rows}

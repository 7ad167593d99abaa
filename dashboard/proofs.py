"""The address that proves a figure: what a proof says in the words of people, and who sees single declarations."""

from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from backend.frame.allow import allow, principal
from dashboard import format as f
from datasources.asof import NOW, THEN
from datasources.asof_readers import AsOfReaders, NothingKnown, Past, UnfitMoment
from datasources.figure_keys import MalformedKey, UnknownFigure
from datasources.kept_readers import KeptReaders, NoSuchGeneration
from datasources.names import country_name
from datasources.proof import NoSuchPage, proof
from datasources.reader import Readers
from datasources.snapshots import Manifest

PATH = "/proof"
PARAMETERS = {"figure", "page", "generation", "asof", "known"}
DETAILS = "read:declarations"
RESERVED = "逐笔清单只对有权的账号显示"
PAST = {
    THEN: {"ok": True, "words": "回看：由事实日志取当时最新一代的内容重算，那一代发布前已与事务库逐分对平"},
    NOW: {"ok": True, "words": "回看：由现在的事实重算，现在这一代已与事务库逐分对平"},
}
NAMES = {"cny_cents": "出口额", "vehicles": "出口车辆", "countries": "目的国", "enterprises": "出口企业"}
UNITS = {
    "cny_cents": "元",
    "usd_cents": "美元",
    "vehicles": "台",
    "declarations": "份",
    "countries": "个",
    "enterprises": "家",
}


def add_proof(server: Flask, readers: Readers, moments: AsOfReaders | None = None) -> None:
    """Add GET /proof?figure=KEY[&page=N][&generation=ID], JSON, for whoever may see the wall.

    Instead of the generation a past moment may be given: &asof=2026-03-05T09:00[&known=then|now].

    Errors are {"error", "message"}: 400 for what is written wrongly, 404 for what does not exist, 503 before the first
    generation. Single declarations are listed only for those with `read:declarations`.
    """
    kept, past = KeptReaders(readers), moments or AsOfReaders(readers)

    @server.get(PATH, endpoint="proof")
    @allow("view:wall")
    def view() -> AnyResponse | tuple[AnyResponse, int]:
        if readers.current() is None:
            return refusal("not_ready", "还没有发布任何一代数据，请稍后再试", 503)
        try:
            answer = jsonify(answered_past(past) if "asof" in request.args else answered(kept))
        except (MalformedKey, UnfitMoment) as error:
            return refusal("bad_request", str(error), 400)
        except (UnknownFigure, NoSuchPage, NoSuchGeneration) as error:
            return refusal("not_found", str(error), 404)
        except NothingKnown as error:
            return refusal("not_ready", str(error), 503)
        answer.headers["Cache-Control"] = "private, no-store"
        return answer


def refusal(code: str, words: str, status: int) -> tuple[Response, int]:
    """An answer that says what is wrong."""
    return jsonify(error=code, message=words), status


def answered(kept: KeptReaders) -> dict[str, Any]:
    """The proof that the request asks for."""
    key, page = asked()
    visitor = principal()
    may_list = visitor.may(DETAILS)
    reader = kept.reader(request.args.get("generation", ""))
    found = proof(reader, key, visitor.scope, page if may_list else None)
    state = reconciliation(kept.manifest(reader), kept.readers.published.fault())
    return {**worded(found), "reconciled": state, "reserved": "" if may_list else RESERVED}


def answered_past(moments: AsOfReaders) -> dict[str, Any]:
    """The proof of a figure of a past moment; `past` says what the other knowledge of that moment is (see beside)."""
    key, page = asked()
    visitor = principal()
    may_list = visitor.may(DETAILS)
    if request.args.get("generation"):
        raise MalformedKey("参数 asof 与 generation 只能给一个")
    at, known = moments.fit(request.args["asof"], request.args.get("known", ""))
    with moments.reading():
        past = moments.past(at)
        found = proof(past.reader(known), key, visitor.scope, page if may_list else None)
        other = proof(past.reader(NOW if known == THEN else THEN), key, visitor.scope, None)
    told = {"at": f"{at:%Y-%m-%d %H:%M}", "known": known, **beside(past, known, found, other)}
    return {**worded(found), "reconciled": PAST[known], "reserved": "" if may_list else RESERVED, "past": told}


def beside(past: Past, known: str, found: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The exact figure as known then and now, and whether it was revised, which nothing is before the first data."""
    then, now = (found, other) if known == THEN else (other, found)
    words = {"then_words": exact_words(then), "now_words": exact_words(now)}
    return {**words, "revised": past.began and words["then_words"] != words["now_words"]}


def asked() -> tuple[str, int]:
    """The key and the page of the request; raises MalformedKey."""
    if unknown := set(request.args) - PARAMETERS:
        raise MalformedKey(f"不认识的参数：{'、'.join(sorted(unknown))}；可用 figure、page、generation、asof、known")
    key, page = request.args.get("figure", ""), request.args.get("page", "1")
    if not key:
        raise MalformedKey("请用参数 figure 说明要查哪个数字")
    if not (page.isascii() and page.isdigit() and len(page) <= 6 and int(page)):
        raise MalformedKey("参数 page 应为从 1 起的页码")
    return key, int(page)


def worded(found: dict[str, Any]) -> dict[str, Any]:
    """A proof with its figures as people read them beside the integers."""
    metric = found["metric"]["name"]
    rows = found["rows"]
    return {
        **found,
        "title": title(found),
        "shown": shown(found),
        "exact_words": exact_words(found),
        "found_words": amount(metric, found["found"]),
        "sum_words": {name: amount(name, value) for name, value in found["sums"].items()},
        "rows": None if rows is None else [row_words(row) for row in rows],
    }


def title(found: dict[str, Any]) -> str:
    """出口额 · 哈萨克斯坦: what the figure is and of what; a long list of values is cut."""
    metric = found["metric"]
    name = NAMES.get(metric["name"], metric["label"]) + ("占比" if found["share"] else "")
    parts = [several(one["values"]) for one in found["filters"]]
    return " · ".join([name, *parts])


def several(values: list[str]) -> str:
    """Up to two names, or the first two and how many there are."""
    return "、".join(values) if len(values) <= 2 else f"{'、'.join(values[:2])}等 {len(values)} 项"


def shown(found: dict[str, Any]) -> dict[str, str]:
    """The figure as the wall writes it: rows and months of money share one unit, totals have the one that fits."""
    name, exact = found["metric"]["name"], found["exact"]
    if found["share"]:
        bar = any(one["dimension"] == "fuel" for one in found["filters"])  # A 100 % bar has whole percents.
        return {"text": f.percent(exact / found["whole"] if found["whole"] else None, 0 if bar else 1), "unit": ""}
    if name == "cny_cents":
        total = f.money(exact) if not found["filters"] and found["period"]["name"] in ("year", "month") else None
        return {"text": total.text, "unit": total.unit} if total else {"text": f.wan(exact), "unit": "万元"}
    if name == "usd_cents":
        return {"text": f.wan(exact), "unit": "万美元"}
    return {"text": f.count(exact), "unit": UNITS[name]}


def exact_words(found: dict[str, Any]) -> str:
    """The figure to the cent or to the last one; of a share its two parts."""
    words = amount(found["metric"]["name"], found["exact"])
    return f"{words}，全部 {amount(found['metric']['name'], found['whole'])}" if found["share"] else words


def amount(name: str, value: int) -> str:
    """An exact figure with its unit: 592,345,678.90 元, 5,301 台."""
    return f"{money(value) if name.endswith('_cents') else f'{value:,}'} {UNITS[name]}"


def money(cents: int) -> str:
    """Cents as yuan (or dollars) with two decimals, in integers all the way."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def row_words(row: dict[str, Any]) -> dict[str, Any]:
    """One declaration with the names of its countries and its money in yuan."""
    countries = [country_name(key) for key in row["countries"]]
    return {**row, "countries": countries, "cny": money(row["cny_cents"]), "count": f"{row['vehicles']:,}"}


def reconciliation(manifest: Manifest | None, fault: Any) -> dict[str, Any]:
    """Whether the generation was proved against the transaction database, in words."""
    if manifest is None:
        return {"ok": False, "words": "这一代的对账记录已不再保存"}
    items = manifest.reconcile.get("items")
    if not manifest.reconcile.get("ok"):
        return {"ok": False, "words": "本代数据未能与事务库对平"}
    months = (
        "全部月份的商品项已逐月核对" if items == "all" else f"商品项核对了 {len(items or ())} 个月，其余月份轮流核对"
    )
    words = f"本代数据与事务库逐分相符：报关单合计与各立方一致，{months}"
    if fault:
        words += f"。此后的数据没有发布：{fault.get('message', '发布中断')}"
    return {"ok": True, "words": words}

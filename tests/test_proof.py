"""Every figure of the wall has its proof: the declarations behind it, equal to the cent, within the viewer's scope."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.identity.principal import Principal
from backend.identity.roles import ROLES, permissions_of
from cache.published import Published
from dashboard import panels, panels_process
from dashboard.proofs import RESERVED, add_proof
from datasources.figure_keys import Figure, MalformedKey, UnknownFigure, figure_of, key_of
from datasources.proof import NoSuchPage, proof
from datasources.reader import Reader, Readers
from datasources.scope import ALL, NOTHING, Scope
from tests.ledger_rows import USCCS, Desk, Filing, Item, minutes_later, scattered

FILINGS = scattered(31, 240)
MEASURES = ("vehicles", "cny_cents", "usd_cents")
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A published generation, a third of whose declarations were revised after an earlier one."""
    folder = tmp_path_factory.mktemp("proof")
    desk = Desk(f"sqlite:///{folder / 'ledger.sqlite'}", folder)
    desk.ledger.enterprises({USCCS[0]: ("西安秦岭行汽车进出口有限公司", "610113")})
    desk.ledger.put([Filing(f.id, (Item(),), changed_at=minutes_later(0)) for f in FILINGS[:80]])
    desk.publish()
    later = [replace(filing, revision=2, changed_at=minutes_later(2)) for filing in FILINGS]
    desk.ledger.put(later)
    desk.publish()
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def reader(desk: Desk) -> Reader:
    """The reader of the published generation."""
    return desk.reader()


def every_row(reader: Reader, key: str, scope: Scope = ALL) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A proof with the declarations of all its pages."""
    first = proof(reader, key, scope, 1)
    rest = [proof(reader, key, scope, page)["rows"] for page in range(2, first["pages"] + 1)]
    return first, [row for rows in (first["rows"], *rest) for row in rows]


def holds(reader: Reader, key: str, figure: int, scope: Scope = ALL) -> list[dict[str, Any]]:
    """Insist that a proof proves this figure, row by row; gives the rows."""
    found, rows = every_row(reader, key, scope)
    assert found["exact"] == found["found"] == figure and found["agrees"], key
    assert len(rows) == len({row["seq_no"] for row in rows}) == found["sums"]["declarations"], key
    for name in MEASURES:
        assert sum(row[name] for row in rows) == found["sums"][name], (key, name)
    assert len({country for row in rows for country in row["countries"]}) == found["sums"]["countries"]
    assert len({row["uscc"] for row in rows}) == found["sums"]["enterprises"]
    assert sum(row["items"] for row in rows) == found["items"]
    days = [row["day"] for row in rows]
    assert days == sorted(days, reverse=True)
    return rows


def text_of(tree: Any) -> str:
    """The letters of a tree."""
    if isinstance(tree, list):
        return "".join(text_of(child) for child in tree[2:])
    return str(tree)


# ---- every figure of the wall ------------------------------------------------------------------------------------


def figures_of(wall: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Every figure of the wall that has a proof, with its value."""
    for name in ("cny_cents", "vehicles", "usd_cents", "declarations", "countries", "enterprises"):
        yield key_of("year", name), wall["year"][name]
    for name in ("cny_cents", "vehicles"):
        yield key_of("month", name), wall["month"][name]
    for row in wall["trend"]:
        yield key_of(row["month"], "cny_cents"), row["cny_cents"]
        yield key_of(row["month"], "vehicles"), row["vehicles"]
    ranks = {"countries": "country", "models": "model", "enterprises": "enterprise", "districts": "district"}
    for part, dimension in {**ranks, "zones": "zone"}.items():
        for row in wall[part]:
            for name in ("vehicles", "cny_cents"):
                yield key_of("year", name, **{dimension: row["key"]}), row[name]
    for part, dimension in {"fuel": "fuel", "modes": "transport_mode"}.items():
        for row in wall[part]:
            yield key_of("year", "vehicles", **{dimension: row["key"]}), row["vehicles"]
    for mode in wall["modes"]:
        for port in mode["ports"]:
            key = key_of("year", "vehicles", transport_mode=mode["key"], exit_office=port["key"])
            yield key, port["vehicles"]
    for row in wall["flows"]:
        where = {"country": row["country"], "transport_mode": row["mode"], "exit_office": row["office"]}
        yield key_of("year", "vehicles", **where), row["vehicles"]


def test_every_figure_of_the_wall_is_proved_by_its_rows_to_the_cent(desk: Desk, reader: Reader) -> None:
    figures = list(figures_of(desk.wall()))
    assert len(figures) > 90
    for key, value in figures:
        holds(reader, key, value)


def test_every_key_on_the_wall_proves_the_text_it_stands_on(desk: Desk, reader: Reader) -> None:
    from dashboard.proofs import worded

    figures = desk.wall()
    trees = [
        panels.hero(figures), panels.kpi(figures), panels.countries(figures), panels.models(figures),
        panels.enterprises(figures), panels_process.ports(figures), panels_process.origins(figures),
        panels_process.fuel(figures), panels_process.flow(figures),
    ]  # fmt: skip
    bearers = list(with_key(trees))
    assert len(bearers) > 40
    for node in bearers:
        found = proof(reader, node[1]["data-proof"], ALL, None)
        said = worded(found)["shown"]["text"]
        assert found["agrees"] and text_of(node) == said, (node, said)


def with_key(tree: Any) -> Iterator[list[Any]]:
    """The nodes that carry a key."""
    if isinstance(tree, list):
        if len(tree) > 1 and isinstance(tree[1], dict) and "data-proof" in tree[1]:
            yield tree
        for child in tree:
            yield from with_key(child)


# ---- random filters ----------------------------------------------------------------------------------------------

VALUES = {
    "country": ["KAZ", "KGZ", "UZB", "RUS", "ARE", "XXX"],
    "model": ["BYD Han", "BYD Song Plus", "Toyota Camry", "Geely Coolray", "a/b=c,d%"],
    "enterprise": [*USCCS],
    "exit_office": ["9402", "9404", "0200"],
    "transport_mode": ["3", "4", "2"],
    "fuel": ["BEV", "PHEV", "HEV", "PETROL"],
    "zone": ["61013", "61019", "61012"],
    "district": ["610113", "610104", "610132"],
    "country_group": ["central_asia", "rcep", "gcc"],
    "month": ["2026-03", "2025-11"],
}
FILTERS = st.fixed_dictionaries(
    {}, optional={name: st.lists(st.sampled_from(v), min_size=1, unique=True).map(tuple) for name, v in VALUES.items()}
)
LIMITED = (("enterprise", USCCS[1]), ("district", "610113"), ("exit_office", "9404"))
SCOPES = st.sampled_from([ALL, *(Scope(kind, value) for kind, value in LIMITED)])


def plain(figure: Figure, scope: Scope) -> list[tuple[Filing, Item]]:
    """The items of a figure, chosen in the plainest way."""
    from geo.groups import groups_of

    span = figure.span(TODAY)
    wanted = {**figure.filters}
    found = []
    for filing in FILINGS:
        if not filing.counted or filing.cleared_on is None or not span.first <= filing.cleared_on <= span.last:
            continue
        for item in filing.items:
            own = {
                "country": [item.country], "model": [item.model], "enterprise": [filing.uscc], "fuel": [item.fuel],
                "exit_office": [filing.exit_office], "transport_mode": [filing.transport_mode], "zone": [item.zone],
                "district": [filing.uscc[2:8]], "country_group": list(groups_of(item.country)),
                "month": [f"{filing.cleared_on:%Y-%m}"],
            }  # fmt: skip
            limits = [*wanted.items(), *scope.limits().items()]
            if all(set(own[name]) & set(values) for name, values in limits):
                found.append((filing, item))
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    period=st.sampled_from(["year", "month", "2026-03", "2025-08"]),
    metric=st.sampled_from(["vehicles", "cny_cents", "usd_cents", "declarations", "countries", "enterprises"]),
    filters=FILTERS,
    scope=SCOPES,
)
def test_any_figure_within_any_scope_is_proved_by_its_rows(
    reader: Reader, period: str, metric: str, filters: dict[str, tuple[str, ...]], scope: Scope
) -> None:
    figure = Figure(period, metric, filters)
    assert figure_of(figure.key) == figure
    items = plain(figure, scope)
    filings = {filing.id: filing for filing, _ in items}
    value = {
        "declarations": len(filings),
        "countries": len({item.country for _, item in items}),
        "enterprises": len({filing.uscc for filing in filings.values()}),
    }
    expected = value[metric] if metric in value else sum(getattr(item, metric) for _, item in items)
    rows = holds(reader, figure.key, expected, scope)
    assert {row["seq_no"] for row in rows} == {filing.head()["seq_no"] for filing in filings.values()}


@given(st.text(), st.text())
def test_every_value_has_a_key_of_its_own_that_reads_back(one: str, other: str) -> None:
    try:
        one.encode(), other.encode()
    except UnicodeEncodeError:
        return
    figure = Figure("year", "vehicles", {"model": (one, other)})
    if len(figure.key) <= 4000:
        assert figure_of(figure.key) == figure


@given(st.text(max_size=60))
def test_whatever_is_asked_is_answered_or_refused_in_words(reader: Reader, text: str) -> None:
    for key in (text, f"year/{text}", f"year/vehicles/{text}", f"year/vehicles/model={text}"):
        try:
            assert proof(reader, key, ALL, 1)["agrees"]
        except (MalformedKey, UnknownFigure) as refusal:
            assert str(refusal)


# ---- what a proof says -------------------------------------------------------------------------------------------


def test_the_registered_sql_gives_the_figure_when_it_is_run_again(desk: Desk, reader: Reader) -> None:
    for key, value in list(figures_of(desk.wall()))[:60]:
        found = proof(reader, key, ALL, None)
        again = reader.rows(found["sql"]["text"])[0]
        assert value in again and again[0] == found["items"]
        assert found["period"]["from"] in found["sql"]["words"][1]


def test_a_proof_names_metric_generation_and_moment(reader: Reader) -> None:
    found = proof(reader, key_of("year", "cny_cents", country="KAZ"), ALL, None)
    assert found["metric"]["label"] == "出口额(人民币)" and found["metric"]["definition"].startswith("离岸价")
    assert (found["generation"], found["as_of"]) == (reader.generation, reader.as_of)
    assert found["period"]["from"] == "2026-01-01" and found["filters"][0]["values"] == ["哈萨克斯坦"]
    assert found["rows"] is None


def test_pages_hold_fifty_and_the_one_after_the_last_does_not_exist(reader: Reader) -> None:
    found = proof(reader, "year/cny_cents", ALL, 1)
    assert len(found["rows"]) == 50 and found["pages"] >= 2
    assert proof(reader, "year/cny_cents", ALL, 1)["rows"] == found["rows"]
    with pytest.raises(NoSuchPage):
        proof(reader, "year/cny_cents", ALL, found["pages"] + 1)


def test_a_scope_that_sees_nothing_proves_nothing_and_names_no_declaration(reader: Reader) -> None:
    found = proof(reader, "year/cny_cents", NOTHING, 1)
    assert found["exact"] == found["found"] == 0 and found["rows"] == []


def test_a_false_cube_is_found_out(desk: Desk) -> None:
    reader = desk.reader()
    reader.engine.execute("CREATE OR REPLACE TABLE wrong AS SELECT * FROM cube_model")
    reader.engine.execute("UPDATE wrong SET cny_cents = cny_cents + 1 WHERE model = 'BYD Han' AND month = '2026-03'")
    reader.engine.execute("DROP VIEW cube_model")
    reader.engine.execute("CREATE VIEW cube_model AS SELECT * FROM wrong")
    found = proof(reader, key_of("2026-03", "cny_cents", model="BYD Han"), ALL, 1)
    assert not found["agrees"] and found["exact"] > found["found"]


# ---- the address -------------------------------------------------------------------------------------------------


class Door:
    """A small application with the address of proofs, and somebody who asks."""

    def __init__(self, desk: Desk) -> None:
        self.app = Flask("door")
        self.app.json.ensure_ascii = False  # type: ignore[attr-defined]
        self.role, self.scope = "leader", ALL
        self.app.before_request(self.enter)
        add_proof(self.app, Readers(desk.settings, Published(desk.store)))
        self.client: FlaskClient = self.app.test_client()

    def enter(self) -> None:
        g.principal = Principal("account", "1", "甲", (self.role,), permissions_of((self.role,)), self.scope)

    def ask(self, role: str = "leader", scope: Scope = ALL, **parameters: str) -> tuple[int, dict[str, Any]]:
        """GET the address; status and JSON."""
        self.role, self.scope = role, scope
        answer = self.client.get("/proof", query_string=parameters)
        return answer.status_code, json.loads(answer.data)


@pytest.fixture(scope="module")
def door(desk: Desk) -> Door:
    return Door(desk)


def test_people_with_the_right_see_declarations_and_screens_see_counts_and_sums(door: Door) -> None:
    for role in (name for name, one in ROLES.items() if "view:wall" in one.permissions):
        status, found = door.ask(role, figure="year/cny_cents/country=KAZ")
        may = "read:declarations" in ROLES[role].permissions
        assert status == 200 and found["agrees"] and found["sum_words"]["cny_cents"].endswith(" 元")
        assert (found["rows"] is not None) == may and found["reserved"] == ("" if may else RESERVED)
    _, listed = door.ask("leader", figure="year/cny_cents/country=KAZ")
    _, bare = door.ask("wall", figure="year/cny_cents/country=KAZ")
    marks = {value for row in listed["rows"] for value in (row["seq_no"], row["uscc"], row["enterprise"])}
    assert marks and not [mark for mark in marks if mark in json.dumps(bare, ensure_ascii=False)]


def test_a_viewer_of_one_district_gets_the_proof_of_that_district(door: Door) -> None:
    _, found = door.ask("leader", Scope("district", "610113"), figure="year/cny_cents")
    assert {row["uscc"] for row in found["rows"]} == {USCCS[0]} and found["scope"] == "district"
    assert found["rows"][0]["enterprise"] == "西安秦岭行汽车进出口有限公司"


@pytest.mark.parametrize(
    ("status", "parameters"),
    [
        (400, {}),
        (400, {"figure": "year"}),
        (400, {"figure": "year/vehicles/country"}),
        (400, {"figure": "year/vehicles/model=%FF"}),
        (400, {"figure": "year/vehicles/country=KAZ/country=RUS"}),
        (400, {"figure": "year/vehicles", "page": "0"}),
        (400, {"figure": "year/vehicles", "page": "²"}),
        (400, {"figure": "year/vehicles", "page": "zwei"}),
        (400, {"figure": "year/vehicles", "seite": "1"}),
        (404, {"figure": "century/vehicles"}),
        (404, {"figure": "year/happiness"}),
        (404, {"figure": "year/vehicles/colour=red"}),
        (404, {"figure": "year/vehicles/state=CLEARED"}),
        (404, {"figure": "year/vehicles", "page": "999"}),
        (404, {"figure": "year/vehicles", "generation": "../../etc/passwd"}),
        (404, {"figure": "year/vehicles", "generation": "20200101T000000Z-000001-1"}),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(door: Door, status: int, parameters: dict[str, str]) -> None:
    said, found = door.ask(**parameters)
    assert said == status and any("一" <= letter <= "鿿" for letter in found["message"])


def test_the_generation_that_a_screen_still_shows_can_be_proved(door: Door, desk: Desk, reader: Reader) -> None:
    older = desk.minute.folder.generations()[1]
    _, found = door.ask(figure="year/vehicles", generation=older)
    _, current = door.ask(figure="year/vehicles")
    assert found["generation"] == older != current["generation"] == reader.generation
    assert found["agrees"] and found["exact"] == 80 != current["exact"]
    assert "逐分相符" in found["reconciled"]["words"] and found["reconciled"]["ok"]


def test_a_fault_after_this_generation_is_said(door: Door, desk: Desk) -> None:
    desk.store.put_fault({"code": "reconcile", "message": "相差 0.01 元", "since": "2026-11-23T16:00:00+08:00"})
    fresh = Door(desk)
    assert "相差 0.01 元" in fresh.ask(figure="year/vehicles")[1]["reconciled"]["words"]
    desk.store.clear_fault()


def test_before_the_first_generation_the_answer_says_to_wait(tmp_path: Path) -> None:
    desk = Desk(f"sqlite:///{tmp_path / 'ledger.sqlite'}", tmp_path)
    assert Door(desk).ask(figure="year/vehicles")[0] == 503
    desk.close()

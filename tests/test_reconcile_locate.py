"""A figure that does not reconcile is named: one cent or one car, wherever it was planted, and nothing that agrees."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from backend.models import goods_item
from datasources import reconcile_locate
from datasources.minute import Refused
from tests.ledger_rows import USCCS, Desk, Filing, Item

NOVEMBER, MARCH = "2026-11", "2026-03"
FILINGS = (
    Filing(1, (Item("KAZ"), Item("UZB", model="BYD Song Plus", fuel="PHEV", vehicles=2))),
    Filing(2, (Item("KGZ", model="Toyota Camry", fuel="HEV", zone="61013"),), uscc=USCCS[1], exit_office="9404"),
    Filing(3, (Item("KAZ"),), cleared_on=date(2026, 3, 3), transport_mode="4"),
    Filing(4, (Item("RUS"),), uscc=USCCS[2], transport_mode="2", exit_office="0200"),
)
FIRST = {  # What declaration 1 is counted under, apart from what its two items differ in.
    "enterprise": [USCCS[0]],
    "exit_office": ["9402"],
    "transport_mode": ["3"],
    "district": ["610113"],
    "zone": ["61019"],
}


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A worker whose first generation is published."""
    desk = Desk(database_url, tmp_path)
    desk.ledger.put(FILINGS)
    desk.publish()
    yield desk
    desk.close()


def named(desk: Desk) -> dict[tuple[str, str], dict[str | None, list[str]]]:
    """What the fault says after a tick that is refused: period and metric to dimension to keys."""
    assert isinstance(desk.tick(), Refused)
    fault = desk.store.fault()
    assert fault is not None
    found: dict[tuple[str, str], dict[str | None, list[str]]] = {}
    for entry in fault["figures"]:
        found.setdefault((entry["period"], entry["metric"]), {})[entry["dimension"]] = entry["keys"]
    return found


def healed(desk: Desk) -> None:
    desk.publish()
    assert desk.store.fault() is None


@pytest.mark.db
def test_one_cent_of_a_goods_item_names_that_items_figures_alone(desk: Desk) -> None:
    desk.ledger.falsify_item(1, 2, cny_cents=FILINGS[0].items[1].cny_cents + 1)
    item = {"country": ["UZB"], "model": ["BYD Song Plus"], "fuel": ["PHEV"]}
    assert named(desk) == {(NOVEMBER, "cny_cents"): {None: [], **FIRST, **item}}
    desk.ledger.falsify_item(1, 2, cny_cents=FILINGS[0].items[1].cny_cents)
    healed(desk)


@pytest.mark.db
@pytest.mark.parametrize("measure", ["cny_cents", "vehicles"])
def test_one_cent_of_a_declarations_own_total_names_what_it_was_counted_under(desk: Desk, measure: str) -> None:
    desk.ledger.falsify(1, **{measure: FILINGS[0].total(measure) + 1})
    both = {"country": ["KAZ", "UZB"], "model": ["BYD Han", "BYD Song Plus"], "fuel": ["BEV", "PHEV"]}
    assert named(desk) == {(NOVEMBER, measure): {None: [], **FIRST, **both}}
    desk.ledger.falsify(1, **{measure: FILINGS[0].total(measure)})
    healed(desk)


def test_one_cent_in_a_cube_names_the_rows_that_are_added_from_it(desk: Desk) -> None:
    desk.minute.engine.execute("UPDATE cube_model SET cny_cents = cny_cents + 1 WHERE model = 'Toyota Camry'")
    assert named(desk) == {(NOVEMBER, "cny_cents"): {None: [], "model": ["Toyota Camry"], "fuel": ["HEV"]}}
    healed(desk)


def test_a_fault_of_an_earlier_month_is_of_that_month(desk: Desk) -> None:
    desk.ledger.falsify_item(3, 1, vehicles=7)
    assert set(named(desk)) == {(MARCH, "vehicles")}


@pytest.mark.db
def test_goods_that_vanish_change_how_many_countries_and_enterprises_there_are(desk: Desk) -> None:
    with desk.ledger.engine.begin() as connection:
        connection.execute(delete(goods_item).where(goods_item.c.declaration_id == 4))
    found = named(desk)
    assert found[NOVEMBER, "countries"] == found[NOVEMBER, "enterprises"] == {None: []}
    assert found[NOVEMBER, "vehicles"]["country"] == ["RUS"] and found[NOVEMBER, "cny_cents"]["exit_office"] == ["0200"]


def test_what_is_too_much_to_name_concerns_every_figure(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.ledger.falsify_item(1, 1, cny_cents=1)
    desk.ledger.falsify_item(3, 1, cny_cents=1)
    monkeypatch.setattr(reconcile_locate, "MONTHS_LOCATED", 1)
    found = named(desk)
    assert found[MARCH, "cny_cents"] == {"*": []} and found[NOVEMBER, "cny_cents"]["country"] == ["KAZ"]
    monkeypatch.setattr(reconcile_locate, "MOST_ENTRIES", 8)
    assert named(desk) == {(MARCH, "cny_cents"): {"*": []}, (NOVEMBER, "cny_cents"): {"*": []}}


def test_a_fault_shows_even_when_its_place_can_not_be_found(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.ledger.falsify(2, vehicles=9)
    monkeypatch.setattr(reconcile_locate, "SOURCE_OWN_TOTALS", "SELECT * FROM no_such_table d")
    assert named(desk) == {(NOVEMBER, "vehicles"): {"*": []}}


def test_many_keys_are_one_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = [Filing(100 + n, (Item(model=f"BYD {n}"),)) for n in range(30)]
    desk.ledger.put(crowd)
    desk.publish()
    for filing in crowd:
        desk.ledger.falsify_item(filing.id, 1, usd_cents=1)
    entries: list[dict[str, Any]] = desk_figures(desk)
    assert {"period": NOVEMBER, "metric": "usd_cents", "dimension": "*", "keys": []} in entries
    assert {"period": NOVEMBER, "metric": "usd_cents", "dimension": "country", "keys": ["KAZ"]} in entries


def desk_figures(desk: Desk) -> list[dict[str, Any]]:
    desk.tick()
    fault = desk.store.fault()
    assert fault is not None
    return list(fault["figures"])

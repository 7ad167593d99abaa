"""The wall's other faces: figures against a plain count over inserted rows, and what is drawn of them."""

import copy
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from dashboard import figures_asia, panels_asia, panels_enterprises, panels_operations, panels_ports, publish
from dashboard.blank import blank_text
from dashboard.face_names import FACES
from datasources.proof import proof
from datasources.scope import ALL
from datasources.wall_faces import FIVE
from geo.ports import BY_KEY
from tests.ledger_rows import USCCS, Desk, Filing, Item
from tests.test_figures import words

SAMPLE = Path(__file__).parent / "samples" / "wall_figures.json"
NOW, BEFORE = date(2026, 11, 23), date(2025, 11, 23)
DAY = 1440


def filing(
    id: int, country: str, vehicles: int, uscc: int = 0, cleared: date = date(2026, 10, 8), **more: Any
) -> Filing:
    """A cleared declaration of one item worth 1 万元 a vehicle, declared on the day it cleared."""
    item = Item(country, vehicles=vehicles, cny_cents=vehicles * 1_000_000)
    return Filing(id, (item,), uscc=USCCS[uscc], declared_on=cleared, released_on=cleared, cleared_on=cleared, **more)


LEDGER = [
    filing(1, "KAZ", 6, minutes=2 * DAY, exit_office="9402", transport_mode="3"),
    filing(2, "KAZ", 3, 1, minutes=DAY, exit_office="9404", transport_mode="3"),
    filing(3, "KGZ", 2, 1, minutes=DAY + 1, exit_office="9415", transport_mode="4", cleared=date(2026, 11, 23)),
    filing(4, "RUS", 9, 2, minutes=20 * DAY, exit_office="0602", transport_mode="3"),
    filing(5, "UZB", 4, 0, minutes=9 * DAY, cleared=date(2025, 10, 8)),
    filing(6, "KAZ", 5, 2, minutes=None, cleared=date(2025, 11, 23)),
    # After the same days of last year: in last year's month, but in no comparison of the year to date.
    filing(7, "KAZ", 7, 1, minutes=4 * DAY, cleared=date(2025, 11, 24)),
    filing(8, "TJK", 8, 0, state="LODGED", minutes=None),
    filing(9, "TJK", 8, 0, state="DELETED", minutes=None),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A published generation of a small ledger, whose day is 23 November 2026."""
    folder = tmp_path_factory.mktemp("faces")
    desk = Desk(f"sqlite:///{folder / 'ledger.sqlite'}", folder)
    desk.ledger.enterprises({uscc: (f"西安甲{uscc[-3:]}汽车贸易有限公司", "610113") for uscc in USCCS})
    desk.ledger.put(LEDGER)
    desk.publish()
    yield desk
    desk.close()


@pytest.fixture
def wall(desk: Desk) -> dict[str, Any]:
    """Its published figures."""
    return desk.wall()


@pytest.fixture
def sample() -> dict[str, Any]:
    """One minute's figures by the contract."""
    loaded: dict[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return loaded


def test_the_corridor_sums_its_five_against_the_same_days_of_last_year(wall: dict[str, Any]) -> None:
    total = wall["asia"]["total"]
    assert (total["vehicles"], total["cny_cents"]) == (11, 11_000_000)
    assert total["vehicles_yoy"] == pytest.approx(11 / 9 - 1) and total["cny_yoy"] == pytest.approx(11 / 9 - 1)
    assert total["vehicles_share"] == total["cny_share"] == pytest.approx(11 / 20)
    assert total["average_cny_cents"] == 1_000_000


def test_the_five_are_their_rows_in_the_ranking_of_all_and_none_is_missing(wall: dict[str, Any]) -> None:
    rows = wall["asia"]["countries"]
    ranked = {row["key"]: row for row in wall["countries"]}
    assert {row["key"] for row in rows} == set(FIVE) and [row["key"] for row in rows[:2]] == ["KAZ", "KGZ"]
    assert [row for row in rows if row["vehicles"]] == [ranked["KAZ"], ranked["KGZ"]]
    assert all(row["rank"] is None and row["cny_cents"] == 0 for row in rows[2:])


def test_ports_and_modes_of_the_corridor_add_up_to_it(wall: dict[str, Any]) -> None:
    found = {(row["office"], row["mode"]): row["vehicles"] for row in wall["asia"]["ports"]}
    assert found == {("9402", "3"): 6, ("9404", "3"): 3, ("9415", "4"): 2}
    assert sum(row["share"] for row in wall["asia"]["ports"]) == pytest.approx(1)


def test_months_of_the_corridor_stand_beside_whole_months_of_last_year(wall: dict[str, Any]) -> None:
    asia = wall["asia"]
    october, november = asia["trend"][-2:]
    assert (october["vehicles"], october["last_year_vehicles"]) == (9, 4)
    assert (november["vehicles"], november["last_year_vehicles"]) == (2, 12)
    for i, month in enumerate(asia["trend"]):
        assert month["cny_cents"] == sum(asia["by_country"][key][i]["cny_cents"] for key in FIVE)
    assert asia["by_country"]["TJK"][-2]["vehicles"] == 0  # lodged and deleted ones do not count


def test_the_five_largest_and_the_newcomers(wall: dict[str, Any]) -> None:
    found = wall["enterprise_wall"]
    assert found["top_share"] == 1.0 and found["top"] == [USCCS[2], USCCS[0], USCCS[1]]
    # The second cleared something last year too, but only after these days.
    assert found["entrants"] == 1 and found["entrants_keys"] == [USCCS[1]] and found["entrants_vehicles"] == 5
    first, *others = found["changes"]
    assert (first["key"], first["new"], first["gain"]) == (USCCS[1], True, 5)
    assert {row["key"]: row["gain"] for row in others} == {USCCS[2]: 4, USCCS[0]: 2}


def test_one_enterprise_on_the_average(wall: dict[str, Any]) -> None:
    found = wall["enterprise_wall"]
    assert found["vehicles_each"] == pytest.approx(20 / 3) and found["cny_each_cents"] == 6_666_667
    assert found["vehicles_each_yoy"] == pytest.approx((20 / 3) / (9 / 2) - 1)
    assert [month["active"] for month in found["months"][-2:]] == [3, 1]
    assert [month["last_year"] for month in found["months"][-2:]] == [1, 2]


def test_more_than_five_leave_a_rest(tmp_path: Path) -> None:
    desk = Desk(f"sqlite:///{tmp_path / 'ledger.sqlite'}", tmp_path)
    item = Item(vehicles=1)
    day = {"declared_on": NOW, "released_on": NOW, "cleared_on": NOW}
    desk.ledger.put([Filing(i, (item,) * i, uscc=f"9161011{i}MA6TEST0{i}1", **day) for i in range(1, 8)])
    desk.publish()
    assert desk.wall()["enterprise_wall"]["top_share"] == pytest.approx((7 + 6 + 5 + 4 + 3) / 28)
    desk.close()


def test_times_of_clearance(wall: dict[str, Any]) -> None:
    hours = wall["operations"]["hours"]
    minutes = [2 * DAY, DAY, DAY + 1, 20 * DAY]
    assert hours["median_minutes"] == median(minutes) and hours["declarations"] == 4
    assert hours["p90_minutes"] == 20 * DAY
    assert hours["median_minutes"] / 60 == wall["year"]["median_hours"]
    assert hours["median_minutes_before"] == median([9 * DAY, 4 * DAY])  # last year's months to their end
    months = {month["month"]: month for month in wall["operations"]["medians"]}
    assert months["2026-10"]["median_minutes"] == 2 * DAY and months["2026-10"]["last_year"] == 9 * DAY
    assert months["2026-09"]["median_minutes"] is None


def test_the_histogram_holds_every_declaration_once_and_its_upper_ends(wall: dict[str, Any]) -> None:
    bands = wall["operations"]["bands"]
    assert [band["n"] for band in bands] == [1, 2, 0, 0, 1]  # a day exactly is within a day
    assert [band["share_before"] for band in bands] == [0, 0, 0.5, 0.5, 0]


def test_steps_count_declarations_in_the_month_of_the_step(wall: dict[str, Any]) -> None:
    october = wall["operations"]["steps"][-2]
    # Number 8 is lodged and has a day of release all the same, as the rows here have it; the deleted one is in none.
    assert (october["declared"], october["released"], october["cleared"]) == (4, 4, 3)
    data = wall["operations"]["data"]
    assert data["declarations"] == 4 == data["items"] and data["vehicles"] == wall["year"]["vehicles"]


def test_an_empty_ledger_has_every_face_and_no_figure_that_is_not_there(tmp_path: Path) -> None:
    desk = Desk(f"sqlite:///{tmp_path / 'ledger.sqlite'}", tmp_path)
    desk.publish()
    wall = desk.wall()
    desk.close()
    assert wall["asia"]["total"]["cny_share"] is None and wall["operations"]["hours"]["median_minutes"] is None
    assert wall["enterprise_wall"]["top_share"] is None and wall["enterprise_wall"]["vehicles_each"] is None
    assert publish.wall(wall)["failed"] == {}


def proofs_in(node: Any) -> Iterator[tuple[str, str]]:
    """Every figure of a tree that has a proof: its key and its text."""
    if not isinstance(node, list):
        return
    if len(node) > 2 and isinstance(node[1], dict) and "data-proof" in node[1]:
        yield node[1]["data-proof"], "".join(words(node))
    for child in node:
        yield from proofs_in(child)


def test_every_figure_with_a_proof_is_what_its_declarations_add_up_to(desk: Desk) -> None:
    shown = publish.wall(desk.wall())["text"]
    found = {pair for name, tree in shown.items() if name.split("-")[0] in FACES for pair in proofs_in(tree)}
    reader = desk.reader()
    assert len(found) > 30
    for key, text in sorted(found):
        proved = proof(reader, key, ALL, None)
        assert proved["agrees"], key
        if text.replace(",", "").isdigit() and "/cny_cents" not in key:
            assert int(text.replace(",", "")) == proved["exact"], key
    reader.close()


# What is drawn


def test_the_sample_adds_up(sample: dict[str, Any]) -> None:
    asia = sample["asia"]
    assert sum(row["vehicles"] for row in asia["countries"]) == asia["total"]["vehicles"]
    assert sum(flow["vehicles"] for flow in asia["flows"]) == asia["total"]["vehicles"]
    assert sum(band["n"] for band in sample["operations"]["bands"]) == sample["year"]["declarations"]


def figures_in(node: Any) -> list[int]:
    """All whole numbers of a tree."""
    return [int(text.replace(",", "")) for text in words(node) if text.replace(",", "").isdigit()]


@pytest.mark.parametrize("form", ["base", "wide"])
def test_the_heat_table_adds_up_both_ways(sample: dict[str, Any], form: str) -> None:
    for i in range(12):  # more ports than columns: the last column sums them
        sample["asia"]["flows"].append({"country": "KAZ", "mode": "4", "office": f"99{i:02d}", "vehicles": 1})
    table = next(t for t in panels_asia.matrix(sample)[2:] if t[1] == form)
    *countries, total = [row[2:] for row in table[3][2:]]
    for row in [*countries, total]:
        *cells, end = figures_in(["", "", *row[1:]])
        assert sum(cells) == end
    assert figures_in(total[-1])[0] == sum(flow["vehicles"] for flow in sample["asia"]["flows"])
    assert "其他" in list(words(table[2]))


def test_a_table_of_ports_keeps_its_rows_and_adds_up() -> None:
    rows = [{"office": f"99{i:02d}", "mode": "3", "vehicles": 20 - i, "share": 0.05} for i in range(12)]
    counts = {"base": 5, "wide": 9}
    tables = [panels_ports.port_table(some, counts, "占比", {})[3][2:] for some in ([], rows[:2], rows)]
    assert {len(table) for table in tables} == {11}
    shown = [row for row in tables[2] if row[1] == "" or (isinstance(row[1], dict) and not row[1].get("className"))]
    rest = next(row for row in tables[2] if row[1] == "base")
    assert sum(figures_in(row[4])[0] for row in [*shown, rest]) == sum(row["vehicles"] for row in rows)


def test_enterprises_without_a_row_are_summed(sample: dict[str, Any]) -> None:
    rest = next(row for row in panels_enterprises.table(sample)[3][2:] if row[1] == "base")
    shown = sum(row["vehicles"] for row in sample["enterprises"][:15])
    assert figures_in(rest[5]) == [sample["year"]["vehicles"] - shown]


def test_a_slower_clearance_is_a_rise_and_nothing_to_compare_with_is_none(sample: dict[str, Any]) -> None:
    assert panels_operations.rise(200, 100).text == "▲ 100%"
    assert panels_operations.rise(None, 100).tone == panels_operations.rise(100, None).tone == "flat"


def test_the_corridor_names_every_port_of_the_west_and_only_its_own_flows(sample: dict[str, Any]) -> None:
    base = figures_asia.map_base()
    ports = next(layer for layer in base["series"] if layer["id"] == "ports")
    wanted = {"horgos", "alashankou", "bakhty", "torugart", "irkeshtam", "karasu"}
    assert {item["name"] for item in ports["data"]} == {BY_KEY[key].name for key in wanted}
    lines, dots, names = figures_asia.corridor(sample)["series"]
    assert {dot["key"] for dot in dots["data"]["__by__"]["base"]} <= set(FIVE)
    assert {item["key"] for item in names["data"]} - {""} == {
        row["key"] for row in sample["asia"]["countries"] if row["vehicles"]
    }
    assert len(lines["data"]["__by__"]["wide"]) == len(lines["data"]["__by__"]["base"]) > 0


def test_a_regional_cut_stands_beside_the_whole_map_with_its_dashes(sample: dict[str, Any]) -> None:
    whole = figures_asia.whole_base()
    dashes = next(layer for layer in whole["series"] if layer["id"] == "dashes")
    assert len(dashes["data"]) == 10 and dashes["z"] > 2  # the routes' layer: nothing is drawn over them
    left, bottom, right, top = figures_asia.WHOLE_CROP["base"]
    for line in dashes["data"]:
        assert all(left < x < right and bottom < y < top for x, y in line["coords"])


def test_every_face_has_its_parts_and_one_that_fails_hurts_no_other(sample: dict[str, Any]) -> None:
    made = publish.wall(sample)
    for face in set(FACES) - {"overview"}:
        assert any(name.startswith(face) for name in made["text"]) and any(n.startswith(face) for n in made["charts"])
    broken = copy.deepcopy(sample)
    del broken["asia"]["ports"]
    failed = publish.wall(broken)["failed"]
    assert set(failed) == {"wall-asia-kpi", "wall-asia-ports"}


def test_the_browser_knows_the_same_faces() -> None:
    source = (Path(__file__).parent.parent / "assets" / "js" / "45-faces.js").read_text(encoding="utf-8")
    assert f"FACES = {list(FACES)}" in source


def test_before_the_first_figures_a_face_claims_nothing() -> None:
    told = {name: tree for name, tree in blank_text().items() if name.split("-")[0] in FACES and tree is not None}
    assert len(told) > 10
    for name, tree in told.items():
        assert not any(text.strip() in ("0", "0.0%") for text in words(tree)), name

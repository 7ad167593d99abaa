"""The wall without scripts marks the same figures: those that a fault concerns, and none once it is over."""

import re
from typing import Any

import pytest

from dashboard.plain_page import add_plain
from dashboard.plain_seals import concerned, sealed
from datasources.figure_keys import figure_of
from tests.browser.wall_stand import Stand, build

AS_OF = "2026-11-23T16:37:42+08:00"
CENT: list[dict[str, Any]] = [
    {"period": "2026-11", "metric": "cny_cents", "dimension": None, "keys": []},
    {"period": "2026-11", "metric": "cny_cents", "dimension": "country", "keys": ["KAZ", "UZB"]},
    {"period": "2026-11", "metric": "cny_cents", "dimension": "model", "keys": ["比亚迪 秦PLUS DM-i"]},
]
CARS: list[dict[str, Any]] = [
    {"period": "2026-03", "metric": "vehicles", "dimension": "transport_mode", "keys": ["3"]},
    {"period": "2026-03", "metric": "vehicles", "dimension": "exit_office", "keys": ["9402"]},
    {"period": "2026-02", "metric": "vehicles", "dimension": "exit_office", "keys": ["0200"]},
    {"period": "2025-12", "metric": "vehicles", "dimension": "*", "keys": []},
]
# Every rule of the match, also asked of the browser's half (tests/browser/test_seals.py).
CASES: list[tuple[str, list[dict[str, Any]], bool]] = [
    ("year/cny_cents", CENT, True),
    ("month/cny_cents", CENT, True),
    ("2026-11/cny_cents", CENT, True),
    ("2026-10/cny_cents", CENT, False),
    ("year/vehicles", CENT, False),
    ("year/cny_cents/country=KAZ", CENT, True),
    ("year/cny_cents/country=RUS,UZB", CENT, True),
    ("year/cny_cents/country=RUS", CENT, False),
    ("year/cny_cents/fuel=BEV", CENT, False),
    ("year/cny_cents/model=%E6%AF%94%E4%BA%9A%E8%BF%AA%20%E7%A7%A6PLUS%20DM-i", CENT, True),
    ("month/vehicles", CARS, False),
    ("year/vehicles", CARS, True),
    ("year/vehicles_share/transport_mode=3", CARS, True),
    ("year/vehicles/transport_mode=3/exit_office=9402", CARS, True),
    ("year/vehicles/transport_mode=3/exit_office=0200", CARS, False),
    ("2025-12/vehicles/country=KAZ", CARS, True),
    ("year/countries", CARS, False),
]


@pytest.mark.parametrize(("key", "lines", "expected"), CASES)
def test_a_figure_is_concerned_by_its_metric_its_time_and_all_its_filters(
    key: str, lines: list[dict[str, Any]], expected: bool
) -> None:
    assert concerned(figure_of(key), lines, AS_OF) is expected


def test_the_document_has_the_seals_of_a_fault_and_loses_them_again() -> None:
    stand = Stand()
    app = build(stand)
    add_plain(app, stand)

    def page() -> str:
        return app.test_client().get("/wall/plain").get_data(as_text=True)

    assert "data-unproved" not in page() and " located" not in page()
    lines = [{**line, "period": stand.figures["as_of"][:7]} for line in CENT]
    stand.broken = {"code": "reconcile", "message": "相差 0.01 元", "since": AS_OF, "figures": lines}
    marked = re.findall(r'data-proof="([^"]*)" data-unproved=""', page())
    assert set(marked) == {
        "year/cny_cents",
        "month/cny_cents",
        *(f"year/cny_cents/country={c}" for c in ("KAZ", "UZB")),
    }
    assert "unreconciled located" in page() and "未平的数字" in page()
    stand.broken = None
    assert "data-unproved" not in page()


def test_a_body_without_a_fault_is_left_as_it_is() -> None:
    body = '<b data-proof="nothing that can be read">1</b>'
    assert sealed(body, [], AS_OF) is body

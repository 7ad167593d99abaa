"""Every metric by every dimension, and every figure of the wall, against a plain count over the inserted rows."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from backend.models import licence_vehicle, registration
from datasources import periods
from datasources.dimensions import DIMENSIONS
from datasources.metrics import METRICS
from datasources.names import country_name, short_name
from datasources.periods import Span
from datasources.query import Question, ask
from datasources.reader import Reader
from datasources.scope import ALL
from datasources.sums import middle
from datasources.wall import goal_cents
from geo.groups import groups_of
from tests.ledger_rows import USCCS, Desk, Filing, Item, minutes_later, scattered

FILINGS = scattered(11, 150)
AREAS = {USCCS[0]: "610113", USCCS[1]: None}
TODAY = date(2026, 11, 23)
Row = tuple[Filing, Item]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A published generation of scattered declarations, part of them revised after a first one."""
    folder = tmp_path_factory.mktemp("metrics")
    desk = Desk(f"sqlite:///{folder / 'ledger.sqlite'}", folder, goal_cny_yi="65", map_approval="GS(2026)1号")
    desk.ledger.enterprises({uscc: (f"西安{uscc[-3:]}汽车进出口有限公司", area) for uscc, area in AREAS.items()})
    desk.ledger.put([Filing(f.id, (Item(),), changed_at=minutes_later(0)) for f in FILINGS[:50]])
    desk.publish()
    for start in (0, 75):
        part = [_revised(f) for f in FILINGS[start : start + 75]]
        desk.ledger.put(part)
        desk.publish()
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def reader(desk: Desk) -> Reader:
    """The reader of the published generation."""
    return desk.reader()


def _revised(filing: Filing) -> Filing:
    from dataclasses import replace

    return replace(filing, revision=2, changed_at=minutes_later(2))


def keys(name: str, filing: Filing, item: Item, day: date) -> list[str]:
    """The keys of a dimension that an item belongs to."""
    one: dict[str, Callable[[], str]] = {
        "month": lambda: f"{day:%Y-%m}", "day": lambda: day.isoformat(), "country": lambda: item.country,
        "brand": lambda: item.brand, "model": lambda: item.model, "enterprise": lambda: filing.uscc,
        "exit_office": lambda: filing.exit_office, "transport_mode": lambda: filing.transport_mode,
        "fuel": lambda: item.fuel, "district": lambda: AREAS.get(filing.uscc) or filing.uscc[2:8],
        "zone": lambda: item.zone, "state": lambda: filing.state,
    }  # fmt: skip
    return list(groups_of(item.country)) or ["OTHER"] if name == "country_group" else [one[name]()]


def rounded(cents: int, units: int) -> int | None:
    """Cents for one unit, half up, in exact integers."""
    return (2 * cents + units) // (2 * units) if units else None


def value(metric: str, rows: list[Row]) -> Any:
    """A metric of some items, counted in the plainest way."""
    filings = {filing.id: filing for filing, _ in rows}
    vehicles = sum(item.vehicles for _, item in rows)
    green = sum(item.vehicles for _, item in rows if item.fuel in ("BEV", "PHEV"))
    times = [filing.minutes for filing in filings.values() if filing.minutes is not None]
    return {
        "vehicles": lambda: vehicles,
        "cny_cents": lambda: sum(item.cny_cents for _, item in rows),
        "usd_cents": lambda: sum(item.usd_cents for _, item in rows),
        "declarations": lambda: len(filings),
        "filed": lambda: len(filings),
        "average_usd_cents": lambda: rounded(sum(item.usd_cents for _, item in rows), vehicles),
        "countries": lambda: len({item.country for _, item in rows}),
        "enterprises": lambda: len({filing.uscc for filing, _ in rows}),
        "new_energy_share": lambda: green / vehicles if vehicles else None,
        "median_hours": lambda: median(times) / 60 if times else None,
    }[metric]()


def rows_of(metric: str, basis: str = "cleared") -> list[tuple[Filing, Item, date]]:
    """The items that count for a metric, each with its day."""
    found = []
    for filing in FILINGS:
        day = {"cleared": filing.cleared_on, "released": filing.released_on, "declared": filing.declared_on}[basis]
        if METRICS[metric].rows == "all":
            found += [(filing, item, filing.declared_on) for item in filing.items]
        elif filing.counted and day is not None:
            found += [(filing, item, day) for item in filing.items]
    return found


PAIRS = [(metric, by) for metric, by in product(METRICS, DIMENSIONS) if by in METRICS[metric].dimensions]


@pytest.mark.parametrize(("metric", "by"), PAIRS)
def test_each_metric_by_each_dimension_equals_a_plain_count(reader: Reader, metric: str, by: str) -> None:
    groups: dict[str, list[Row]] = defaultdict(list)
    for filing, item, day in rows_of(metric):
        for key in keys(by, filing, item, day):
            groups[key].append((filing, item))
    answer = ask(reader, Question((metric,), (by,)), ALL)
    found = {row[by]: row[metric] for row in answer.rows}
    assert found == {key: pytest.approx(value(metric, rows)) for key, rows in groups.items()}
    assert len(found) > 1
    assert answer.total[metric] == pytest.approx(value(metric, [(f, i) for f, i, _ in rows_of(metric)]))


@pytest.mark.parametrize("metric", [name for name in METRICS if METRICS[name].rows == "counted"])
@pytest.mark.parametrize("basis", ["released", "declared"])
def test_each_metric_on_the_other_bases(reader: Reader, metric: str, basis: str) -> None:
    first, last = date(2026, 2, 1), date(2026, 8, 31)
    rows = [(f, i) for f, i, day in rows_of(metric, basis) if first <= day <= last]
    answer = ask(reader, Question((metric,), (), {}, first, last, basis), ALL)
    assert answer.total[metric] == pytest.approx(value(metric, rows))


@pytest.mark.parametrize("metric", METRICS)
def test_each_metric_by_two_dimensions_within_filters_and_days(reader: Reader, metric: str) -> None:
    first, last = date(2025, 3, 1), date(2026, 10, 31)
    filters = {"country": ("KAZ", "RUS"), "exit_office": ("9402", "0200")}
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for filing, item, day in rows_of(metric):
        if first <= day <= last and item.country in filters["country"] and filing.exit_office in filters["exit_office"]:
            groups[item.model, filing.uscc].append((filing, item))
    answer = ask(reader, Question((metric,), ("model", "enterprise"), filters, first, last), ALL)
    found = {(row["model"], row["enterprise"]): row[metric] for row in answer.rows}
    assert found == {key: pytest.approx(value(metric, rows)) for key, rows in groups.items()} and len(found) > 3


def test_every_metric_is_explained(reader: Reader) -> None:
    for name, metric in METRICS.items():
        assert metric.name == name and metric.label and metric.unit and metric.definition.endswith("。")
        assert set(metric.dimensions) <= set(DIMENSIONS) and set(metric.drill) <= set(metric.dimensions)


# ---- periods -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "last_year", "last_month"),
    [
        (date(2026, 11, 23), Span(date(2025, 1, 1), date(2025, 11, 23)), Span(date(2026, 10, 1), date(2026, 10, 23))),
        (date(2028, 2, 29), Span(date(2027, 1, 1), date(2027, 2, 28)), Span(date(2028, 1, 1), date(2028, 1, 29))),
        (date(2026, 3, 31), Span(date(2025, 1, 1), date(2025, 3, 31)), Span(date(2026, 2, 1), date(2026, 2, 28))),
        (date(2026, 1, 5), Span(date(2025, 1, 1), date(2025, 1, 5)), Span(date(2025, 12, 1), date(2025, 12, 5))),
    ],
)
def test_running_periods_compare_the_same_elapsed_days(today: date, last_year: Span, last_month: Span) -> None:
    assert periods.year_before(periods.year_to_date(today)) == last_year
    assert periods.month_before(periods.month_to_date(today)) == last_month


def test_twelve_months_back_cross_the_year() -> None:
    assert periods.months_back(date(2026, 2, 28), 3) == ["2025-12", "2026-01", "2026-02"]


def test_ratios_have_no_value_without_a_base_and_money_is_divided_exactly() -> None:
    assert periods.change(5, 0) is None and periods.share(0, 0) is None and periods.cents_each(1, 0) is None
    assert periods.change(150, 100) == 0.5 and periods.cents_each(5, 2) == 3 and periods.cents_each(-5, 2) == -3
    assert periods.cents_each(90_071_992_547_409_931, 10) == 9_007_199_254_740_993


def test_the_median_of_counted_values() -> None:
    assert (
        middle([]) is None
        and middle([(3, 1)]) == 3
        and middle([(1, 2), (10, 2)]) == 5.5
        and middle([(1, 3), (9, 2)]) == 1
    )


def test_the_goal_is_read_without_a_float() -> None:
    assert goal_cents("6.5") == 65_000_000_000 and goal_cents("") is None and goal_cents("六") is None


# ---- the wall ----------------------------------------------------------------------------------------------------


def within(span: Span) -> list[Row]:
    return [(f, i) for f, i, day in rows_of("vehicles") if span.first <= day <= span.last]


YEAR = Span(date(2026, 1, 1), TODAY)
LAST = Span(date(2025, 1, 1), date(2025, 11, 23))


def test_the_year_on_the_wall(desk: Desk) -> None:
    now, base = within(YEAR), within(LAST)
    year = desk.wall()["year"]
    for name in ("vehicles", "cny_cents", "usd_cents", "declarations", "countries", "enterprises", "average_usd_cents"):
        assert year[name] == value(name, now), name
    assert year["cny_yoy"] == pytest.approx(value("cny_cents", now) / value("cny_cents", base) - 1)
    assert year["vehicles_yoy"] == pytest.approx(value("vehicles", now) / value("vehicles", base) - 1)
    assert year["nev_share"] == pytest.approx(value("new_energy_share", now))
    assert year["median_hours"] == pytest.approx(value("median_hours", now))
    assert year["countries_delta"] == value("countries", now) - value("countries", base)
    assert year["label"] == "2026年1—11月累计"


def test_the_month_the_goal_and_the_trend_on_the_wall(desk: Desk) -> None:
    wall = desk.wall()
    now, before = (value("cny_cents", within(Span(date(2026, m, 1), date(2026, m, 23)))) for m in (11, 10))
    last_year = value("cny_cents", within(Span(date(2025, 11, 1), date(2025, 11, 23))))
    assert wall["month"]["cny_cents"] == now and wall["month"]["label"] == "11月"
    assert wall["month"]["cny_mom"] == pytest.approx(now / before - 1)
    assert wall["month"]["cny_yoy"] == pytest.approx(now / last_year - 1)
    assert wall["goal"]["cny_cents"] == 650_000_000_000 and wall["goal"]["label"] == "65 亿元"
    assert wall["goal"]["done"] == pytest.approx(value("cny_cents", within(YEAR)) / 650_000_000_000)
    assert wall["goal"]["time"] == pytest.approx(327 / 365)
    october = next(row for row in wall["trend"] if row["month"] == "2026-10")
    assert october["cny_cents"] == value("cny_cents", within(Span(date(2026, 10, 1), date(2026, 10, 31))))
    assert october["last_year_cny_cents"] == value("cny_cents", within(Span(date(2025, 10, 1), date(2025, 10, 31))))
    assert [row["month"] for row in wall["trend"]] == periods.months_back(TODAY, 12)


@pytest.mark.parametrize(("part", "by"), [("countries", "country"), ("models", "model"), ("enterprises", "enterprise")])
def test_the_rankings_on_the_wall(desk: Desk, part: str, by: str) -> None:
    def grouped(span: Span) -> dict[str, list[Row]]:
        groups: dict[str, list[Row]] = defaultdict(list)
        for filing, item in within(span):
            groups[keys(by, filing, item, TODAY)[0]].append((filing, item))
        return groups

    def order(groups: dict[str, list[Row]]) -> list[str]:
        return sorted(groups, key=lambda k: (-value("vehicles", groups[k]), -value("cny_cents", groups[k]), k))

    now, base = grouped(YEAR), grouped(LAST)
    before = order(base)
    listed = desk.wall()[part]
    assert [row["key"] for row in listed] == order(now) and [row["rank"] for row in listed] == list(
        range(1, len(now) + 1)
    )
    for row in listed:
        assert (row["vehicles"], row["cny_cents"]) == tuple(
            value(n, now[row["key"]]) for n in ("vehicles", "cny_cents")
        )
        assert row["share"] == pytest.approx(row["vehicles"] / value("vehicles", within(YEAR)))
        assert row["yoy"] == pytest.approx(row["vehicles"] / value("vehicles", base[row["key"]]) - 1)
        assert row["move"] == before.index(row["key"]) - row["rank"] + 1


def test_shares_modes_flows_and_places_on_the_wall(desk: Desk) -> None:
    wall, now = desk.wall(), within(YEAR)
    whole = value("vehicles", now)
    for part in ("fuel", "modes"):
        assert sum(row["vehicles"] for row in wall[part]) == whole
        assert sum(row["share"] for row in wall[part]) == pytest.approx(1)
    assert [row["key"] for row in wall["fuel"]] == ["BEV", "PHEV", "HEV", "PETROL"]
    assert [row["key"] for row in wall["modes"]] == ["3", "4", "2"]
    assert all(sum(p["vehicles"] for p in mode["ports"]) == mode["vehicles"] for mode in wall["modes"])
    flows = {(row["country"], row["mode"], row["office"]): row["vehicles"] for row in wall["flows"]}
    plain: dict[tuple[str, str, str], int] = defaultdict(int)
    for filing, item in now:
        plain[item.country, filing.transport_mode, filing.exit_office] += item.vehicles
    assert flows == {key: count for key, count in plain.items() if count}
    assert {row["key"] for row in wall["districts"]} == {"610113", "610104", "610132"}
    assert sum(row["vehicles"] for row in wall["districts"]) == whole
    assert {row["key"] for row in wall["zones"]} == {"61012", "61013"}


def test_the_stages_and_the_ticker_on_the_wall(desk: Desk) -> None:
    stages = {row["key"]: row for row in desk.wall()["stages"]}
    filed = [f for f in FILINGS if f.state != "DELETED" and f.declared_on.year == 2026]
    released = [f for f in FILINGS if f.state != "DELETED" and f.released_on and f.released_on.year == 2026]
    assert stages["declared"]["vehicles"] == sum(f.total("vehicles") for f in filed)
    assert stages["released"]["vehicles"] == sum(f.total("vehicles") for f in released)
    assert stages["cleared"]["vehicles"] == value("vehicles", within(YEAR))
    assert stages["released"]["in_hand"] == sum(f.total("vehicles") for f in FILINGS if f.state == "RELEASED")
    assert [key for key, row in stages.items() if not row["source"]] == [
        "acquired", "transferred", "licensed", "deregistered", "refunded",
    ]  # fmt: skip
    ticker = desk.wall()["ticker"]
    assert len(ticker) == 12 and [row["at"] for row in ticker] == sorted((row["at"] for row in ticker), reverse=True)
    filing = next(f for f in FILINGS if f.head()["seq_no"] == ticker[0]["seq_no"])
    assert ticker[0]["vehicles"] == filing.total("vehicles") and ticker[0]["country"] == country_name(
        filing.items[0].country
    )


@pytest.mark.db
def test_the_registers_fill_their_stages(database_url: str, tmp_path: Path) -> None:
    desk = Desk(database_url, tmp_path)
    desk.publish()
    assert [row["source"] for row in desk.wall()["stages"][1:3]] == [False, False]
    cars = [
        {"vin": f"V{n}", "transfer_on": f"202{5 + n % 2}-05-01", "version": 1, "changed_at": minutes_later(1)}
        for n in range(9)
    ]
    desk.ledger.insert(registration, cars)
    desk.ledger.insert(
        licence_vehicle,
        [
            {"licence_no": "26-XA-000001", "vin": f"V{n}", "issued_on": "2026-06-01", "changed_at": minutes_later(1)}
            for n in range(3)
        ],
    )
    assert desk.minute.changed()
    desk.publish()
    transferred, licensed = desk.wall()["stages"][1:3]
    assert (transferred["vehicles"], licensed["vehicles"]) == (4, 3) and transferred["source"] and licensed["source"]
    desk.close()


def test_an_empty_ledger_has_a_wall_too(database_url: str, tmp_path: Path) -> None:
    desk = Desk(database_url, tmp_path)
    desk.publish()
    year = desk.wall()["year"]
    assert year["vehicles"] == 0 and year["cny_yoy"] is None and year["average_usd_cents"] is None
    assert year["median_hours"] is None and desk.wall()["countries"] == []
    assert all(row["vehicles"] == 0 for row in ask(desk.reader(), Question(("vehicles",)), ALL).rows)
    desk.close()


def test_the_day_turns_in_shanghai(database_url: str, tmp_path: Path) -> None:
    desk = Desk(database_url, tmp_path)
    desk.now = minutes_later(8 * 60 - 2)
    desk.publish()
    assert desk.wall()["today"] == "2026-11-23" and desk.wall()["as_of"].endswith("23:59:00+08:00")
    desk.publish()
    assert desk.wall()["today"] == "2026-11-24"
    desk.close()


def test_short_names() -> None:
    assert short_name("西安秦岭行汽车进出口有限公司") == "秦岭行"
    assert short_name("陕西长安通二手车出口贸易有限公司") and short_name("西安市贸易有限公司")

"""The demo world: right check digits, a truth that its own files bear out, and a trickle that survives a restart."""

import csv
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from backend.demo import identifiers, journey
from backend.demo.catalogue import CARS
from backend.demo.faults import KINDS
from backend.demo.rates import month_after
from backend.demo.trickle import NoWorldHere
from backend.demo.truth import Truth, total
from backend.demo.world import FolderInUse, World
from backend.enterprises import uscc

UNTIL = date(2026, 10, 31)
COUNTRY_CODES = {"145": "KAZ", "146": "KGZ", "344": "RUS", "149": "UZB", "138": "ARE", "147": "TJK", "340": "BLR",
                 "337": "GEO", "339": "AZE", "148": "TKM", "117": "JOR", "131": "SAU", "236": "NGA", "215": "EGY",
                 "124": "MNG"}  # fmt: skip
CURRENCY_CODES = {"502": "USD", "142": "CNY", "300": "EUR", "344": "RUB"}
FUEL_HEADINGS = {"petrol": "870321 870322 870323 870324", "diesel": "870331 870332 870333", "HEV": "870340",
                 "PHEV": "870360", "BEV": "870380"}  # fmt: skip


@dataclass
class Written:
    """A world on disk with its truth."""

    folder: Path
    truth: Truth


@pytest.fixture(scope="module")
def tidy(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("tidy")
    return Written(folder, World(11, UNTIL).write(folder, 900))


@pytest.fixture(scope="module")
def untidy(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("untidy")
    return Written(folder, World(12, UNTIL).write(folder, 900, untidy=True, faults=16))


@dataclass
class Reading:
    """What a second, independent reading of the files finds: exact fractions, no code of the generator."""

    rates: dict[tuple[str, str], Fraction] = field(default_factory=dict)
    channels: dict[str, dict[str, str]] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)
    by_month: Counter[str] = field(default_factory=Counter)
    by_country: Counter[str] = field(default_factory=Counter)


def values(node: etree._Element) -> dict[str, str]:
    """Return the texts of an element's children by local name, Freight… under its newer name Fee…."""
    found = {etree.QName(child).localname: child.text or "" for child in node}
    return {name.replace("Freight", "Fee"): text for name, text in found.items()}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read(folder: Path, held: set[str]) -> Reading:
    """Read the whole folder by the Statistical rules."""
    rates = table(folder / "rates.csv")
    reading = Reading({(row["month"], row["currency"]): Fraction(row["cny_per_unit"]) for row in rates})
    for path in (folder / "receipts").iterdir():
        receipt = values(etree.fromstring(path.read_bytes()))
        reading.channels.setdefault(receipt["CUS_CIQ_NO"], {})[receipt["CHANNEL"]] = receipt["NOTICE_DATE"]
    for path in (folder / "declarations").iterdir():
        if path.name not in held:
            count(reading, etree.fromstring(path.read_bytes()))
    return reading


def count(reading: Reading, root: etree._Element) -> None:
    """Add one declaration's goods if it is cleared and not deleted."""
    head = values(root.find(".//{*}DecHead"))
    channels = reading.channels.get(head["SeqNo"], {})
    if "R" not in channels or {"A", "D"} & set(channels):
        return
    reading.totals["declarations"] += 1
    month = f"{head['DDate'][:4]}-{head['DDate'][4:6]}"
    items = [values(node) for node in root.iterfind(".//{*}DecList")]
    cny = [Fraction(item["DeclTotal"]) * rate(reading, month, item["TradeCurr"]) for item in items]
    net = net_costs(reading, head, month, sum(cny, Fraction(0)))
    for item, value in zip(items, cny, strict=True):
        fob = value - net * value / sum(cny)
        quantity = int(Fraction(item["FirstQty"]))
        country = item.get("DestinationCountry") or head["TradeCountry"]
        reading.totals["vehicles"] += quantity
        reading.totals["cny_cents"] += half_up(fob)
        reading.totals["usd_cents"] += half_up(fob / reading.rates[month, "USD"])
        reading.by_month[channels["R"][:7]] += quantity
        reading.by_country[COUNTRY_CODES.get(country, country)] += quantity


def rate(reading: Reading, month: str, currency: str) -> Fraction:
    return reading.rates[month, CURRENCY_CODES.get(currency, currency)]


def net_costs(reading: Reading, head: dict[str, str], month: str, invoice: Fraction) -> Fraction:
    """Return what is taken off in CNY: freight for CIF and C&F, insurance for CIF and C&I, less other costs."""
    net = Fraction(0)
    for kind, terms, sign in (("Fee", "12", 1), ("Insur", "14", 1), ("Other", "12347", -1)):
        if f"{kind}Mark" in head and head["TransMode"] in terms:
            stated = Fraction(head[f"{kind}Rate"])
            mark = head[f"{kind}Mark"]
            each = invoice * stated / 100 if mark == "1" else stated * rate(reading, month, head[f"{kind}Curr"])
            net += sign * each * (Fraction(head["GrossWet"]) / 1000 if mark == "2" else 1)
    return net


def half_up(value: Fraction) -> int:
    return int((value * 100 + Fraction(1, 2)) // 1)


@given(st.integers(0, 10**7), st.integers(2000, 2026))
def test_vin_carries_its_check_digit(number: int, year: int) -> None:
    code = identifiers.vin("LGX", year, number)
    assert re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", code)
    assert code[8] == identifiers.vin_check_digit(code)
    changed = code[:16] + str((int(code[16]) + 1) % 10)
    assert identifiers.vin_check_digit(changed) != code[8]


def test_check_digits_agree_with_published_codes() -> None:
    # A sample VIN from a public manual, and the codes of three large listed companies.
    assert identifiers.vin_check_digit("LSGPC52H9GF125161") == "9"
    for code in ("91110000802100433B", "9144030071526726XG", "91330100799655058B"):
        assert uscc.check_character(code) == code[17]
        assert uscc.organisation_check_character(code[8:16]) == code[16]


@given(st.integers(0, 29_790))
def test_uscc_carries_both_check_characters(number: int) -> None:
    code = identifiers.uscc("610112", number)
    assert len(code) == 18
    assert code[16] == uscc.organisation_check_character(code[8:16])
    assert code[17] == uscc.check_character(code)


def test_commodity_codes_belong_to_the_fuel() -> None:
    for car in CARS:
        assert len(car.hs) == 10
        assert car.hs[:6] in FUEL_HEADINGS[car.fuel], f"{car.brand} {car.series}: {car.hs}"


def test_receipts_end_in_every_way() -> None:
    endings = {path[-1] for path, _ in journey.FATES}
    assert endings >= set("RPEADL7")
    assert {"C", "G", "K", "H", "T", "Z"} <= {channel for path, _ in journey.FATES for channel in path}


@pytest.mark.parametrize("which", ["tidy", "untidy"])
def test_every_grouping_adds_up_to_the_totals(which: str, request: pytest.FixtureRequest) -> None:
    truth = request.getfixturevalue(which).truth
    whole = {"vehicles": truth.vehicles, "cny_cents": truth.cny_cents, "usd_cents": truth.usd_cents}
    for group in (truth.by_month, truth.by_country, truth.by_model, truth.by_enterprise):
        assert total(group.values()) == whole
    assert truth.declarations + sum(truth.not_counted.values()) == 900


@pytest.mark.parametrize("which", ["tidy", "untidy"])
def test_truth_is_what_the_files_say(which: str, request: pytest.FixtureRequest) -> None:
    written: Written = request.getfixturevalue(which)
    truth = written.truth
    reading = read(written.folder, {each["file"] for each in truth.held})
    assert dict(reading.totals) == {name: getattr(truth, name) for name in reading.totals}
    assert reading.by_month == {month: cell["vehicles"] for month, cell in truth.by_month.items()}
    assert reading.by_country == {country: cell["vehicles"] for country, cell in truth.by_country.items()}


def test_size_and_shape_are_those_of_a_city(tidy: Written) -> None:
    truth = tidy.truth
    assert 3_000 < truth.vehicles < 6_000
    leading = sum(truth.by_country[code]["vehicles"] for code in ("KAZ", "KGZ", "UZB", "RUS", "ARE"))
    assert leading > 0.75 * truth.vehicles
    months = {month: cell["vehicles"] for month, cell in truth.by_month.items()}
    earlier = sum(months.get(f"2025-{number:02d}", 0) for number in range(1, 11))
    later = sum(months.get(f"2026-{number:02d}", 0) for number in range(1, 11))
    assert 1.2 < later / earlier < 3
    assert len(truth.by_enterprise) == 18


def test_all_transport_modes_and_zones_occur(tidy: Written) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (tidy.folder / "declarations").iterdir()]
    assert {re.findall(r"<TrafMode>(.)", text)[0] for text in texts} == set("23459")
    assert {zone for text in texts for zone in re.findall(r"<DistrictCode>(\d+)", text)} >= {"61012", "61013", "61019"}


def test_same_seed_same_world(tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in ("first", "second", "other"))
    one = World(5, UNTIL).write(first, 40, untidy=True, faults=3)
    assert World(5, UNTIL).write(second, 40, untidy=True, faults=3) == one
    assert contents(first) == contents(second)
    assert World(6, UNTIL).write(other, 40).by_model != one.by_model


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_untidiness_is_there_and_still_well_formed(untidy: Written) -> None:
    held = {each["file"]: each["fault"] for each in untidy.truth.held}
    texts = {path.name: path.read_bytes() for path in (untidy.folder / "declarations").iterdir()}
    broken = [name for name, text in texts.items() if not well_formed(text)]
    assert sorted(held[name] for name in broken) == ["truncated file"] * 2
    marks = (b"\xef\xbb\xbf", b"<dec:DecHead>", b"<SWImpData>", b"<![CDATA[", b"TradeCodeScc", b"FreightMark",
             b".00000<", b"<DecMessage><", b"<TradeCurr>502<", b"<TradeCountry>145<")  # fmt: skip
    for mark in marks:
        assert any(mark in text for text in texts.values()), mark


def well_formed(text: bytes) -> bool:
    try:
        etree.fromstring(text)
    except etree.XMLSyntaxError:
        return False
    return True


def test_faults_are_named_and_counted_nowhere(untidy: Written) -> None:
    kinds = Counter(each["fault"] for each in untidy.truth.held)
    assert kinds == {kind: 2 for kind, _, _ in KINDS}
    assert all((untidy.folder / "declarations" / each["file"]).is_file() for each in untidy.truth.held)


def test_identities_do_not_repeat(tidy: Written) -> None:
    registrations = table(tidy.folder / "registrations.csv")
    vins, plates = [row["VIN"] for row in registrations], [row["号牌号码"] for row in registrations]
    assert len(set(vins)) == len(vins) and len(set(plates)) == len(plates)
    assert all(identifiers.vin_check_digit(code) == code[8] for code in vins)
    assert all(re.fullmatch(r"[陕甘晋豫][A-HJ-NP-Z]([DF]?)[A-HJ-NP-Z0-9]\d{4}", each) for each in plates)


def test_vehicles_wait_at_every_stage(tidy: Written) -> None:
    registrations = {row["VIN"]: row for row in table(tidy.folder / "registrations.csv")}
    licensed = {row["VIN"] for row in table(tidy.folder / "licences.csv")}
    declared = {vin for path in (tidy.folder / "declarations").iterdir() for vin in vins_of(path.read_bytes())}
    assert declared < licensed < set(registrations)
    assert any(not row["转让待出口日期"] for row in registrations.values())
    states = Counter(registrations[vin]["机动车状态"] for vin in declared)
    assert states["E"] > states["A"] > 100


def vins_of(text: bytes) -> list[str]:
    return re.findall(r"<VinCode>(\w+)", text.decode("utf-8"))


def test_nothing_names_a_person_and_everything_says_demo(untidy: Written) -> None:
    for row in table(untidy.folder / "enterprises.csv"):
        assert "演示" in row["企业名称"]
    for path in (untidy.folder / "declarations").iterdir():
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        assert not re.search(r"InputerName|DeclareName|OperName|TypistNo|DecUser", text)
        assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text), "a mobile number"
        assert all(name.startswith("DEMO") for name in re.findall(r"OverseasConsigneeEname>([^<]+)<", text))


def test_history_ends_at_the_moment_given(tmp_path: Path) -> None:
    now = datetime(2026, 10, 31, 2, 30, tzinfo=UTC)  # half past ten in the morning in Xi'an
    World(3, now=now).write(tmp_path, 300)
    notices = [values(etree.fromstring(path.read_bytes()))["NOTICE_DATE"] for path in (tmp_path / "receipts").iterdir()]
    assert max(notices) <= "2026-10-31T10:30:00"
    assert max(notices) > "2026-10-25"


def test_a_folder_takes_one_world(tmp_path: Path) -> None:
    World(1, UNTIL).write(tmp_path, 2)
    with pytest.raises(FolderInUse, match="空目录"):
        World(2, UNTIL).write(tmp_path, 2)


def test_writing_is_fast(tmp_path: Path) -> None:
    begin = time.process_time()  # not the clock: other work on the machine must not fail this
    World(4, UNTIL).write(tmp_path, 900, untidy=True)
    assert time.process_time() - begin < 5


def happenings(world: World, start: datetime, times: int) -> Iterator[list[tuple[str, bytes]]]:
    """Let `times` things happen, one every ten minutes."""
    for place in range(times):
        yield world.next_events(start + timedelta(minutes=10 * place))


def test_trickle_goes_on_after_a_restart_without_repeating_a_number(tmp_path: Path) -> None:
    World(8, UNTIL).write(tmp_path, 200, faults=4)
    seen = contents(tmp_path)
    vins = {row["VIN"] for row in table(tmp_path / "registrations.csv")}
    start = datetime(2026, 11, 1, 1, tzinfo=UTC)
    for restart in range(6):
        for files in happenings(World.resume(tmp_path), start + timedelta(days=restart), 25):
            for name, content in files:
                assert name not in seen
                seen[name] = content
                fresh = set(vins_of(content)) if name.startswith("declarations/") else set()
                assert not vins & fresh
                vins |= fresh
    assert sum(name.startswith("declarations/") for name in seen) > 204
    paths = {"".join(channels) for channels in travelled(seen).values()}
    assert all(any(fate.startswith(path) for fate, _ in journey.FATES) for path in paths), paths


def travelled(files: dict[str, bytes]) -> dict[str, list[str]]:
    """Return the channels of each declaration in the order of their notices (ties in the order sent)."""
    receipts = [values(etree.fromstring(text)) for name, text in sorted(files.items()) if name.startswith("receipts/")]
    found: dict[str, list[str]] = {}
    for receipt in sorted(receipts, key=lambda each: each["NOTICE_DATE"]):
        found.setdefault(receipt["CUS_CIQ_NO"], []).append(receipt["CHANNEL"])
    return found


def test_trickle_is_the_same_with_and_without_restarts(tmp_path: Path) -> None:
    start = datetime(2026, 11, 1, 1, tzinfo=UTC)
    World(8, UNTIL).write(tmp_path / "one", 60)
    whole = list(happenings(World.resume(tmp_path / "one"), start, 40))
    World(8, UNTIL).write(tmp_path / "two", 60)
    parts = [World.resume(tmp_path / "two").next_events(start + timedelta(minutes=10 * place)) for place in range(40)]
    assert parts == whole


def test_trickle_clears_declarations_at_the_time_given(tmp_path: Path) -> None:
    world = World(9, UNTIL)
    world.write(tmp_path, 300)
    now = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)  # past midnight in Xi'an: the next day there
    receipts = [content for _ in range(80) for name, content in world.next_events(now) if name.startswith("receipts/")]
    notices = [values(etree.fromstring(content)) for content in receipts]
    cleared = [notice for notice in notices if notice["CHANNEL"] == "R"]
    assert len(cleared) > 5
    assert {notice["NOTICE_DATE"] for notice in cleared} == {"2026-11-03T00:30:00"}


def test_trickle_hands_over_rates_before_a_month_needs_them(tmp_path: Path) -> None:
    world = World(9, UNTIL)
    world.write(tmp_path, 30)
    known = {(row["month"], row["currency"]) for row in table(tmp_path / "rates.csv")}
    now = datetime(2026, 11, 1, tzinfo=UTC)
    for _ in range(10):
        now += timedelta(days=25)
        for name, content in world.next_events(now):
            if name.startswith("rates"):
                rows = list(csv.DictReader(content.decode("utf-8").splitlines()))
                known |= {(row["month"], row["currency"]) for row in rows}
        assert (f"{now:%Y-%m}", "RUB") in known
    months = sorted({month for month, _ in known})
    assert all(month_after(month) == later for month, later in pairwise(months))


def test_trickle_needs_a_world_and_a_time_zone(tmp_path: Path) -> None:
    with pytest.raises(NoWorldHere, match="演示数据"):
        World.resume(tmp_path)
    with pytest.raises(NoWorldHere):
        World(1, UNTIL).next_events(datetime.now(UTC))
    world = World(1, UNTIL)
    world.write(tmp_path, 3)
    with pytest.raises(ValueError, match="时区"):
        world.next_events(datetime(2026, 11, 1))
    assert json.loads((tmp_path / "trickle.json").read_text())["events"] == 0

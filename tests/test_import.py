"""Import of exchange folders: truth to the cent in any order, twice, in halves, after kill -9, and what is held."""

import json
import random
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from backend.administration.codes_service import load_codes
from backend.administration.rates import register_rates
from backend.clearance.service import notices_of
from backend.clearance.states import IllegalMove
from backend.clearance.vehicles import record_step, states_of
from backend.db import now, writing
from backend.demo.world import World
from backend.exchange.batch import retry_batch, take_batch
from backend.exchange.documents import Incoming, held_contents, held_documents
from backend.exchange.importer import Importer
from backend.exchange.tables import read_table
from backend.models import audit_line, customs_rate, declaration, document, goods_item, receipt, record_version
from tests.truths import ledger_truth, same_truth

UNTIL = date(2026, 10, 31)
RECEIPT = "<DEC_RESULT><CUS_CIQ_NO>{}</CUS_CIQ_NO><NOTICE_DATE>{}</NOTICE_DATE><CHANNEL>{}</CHANNEL></DEC_RESULT>"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """An untidy invented world with eight faults, and its truth."""
    folder = tmp_path_factory.mktemp("world")
    return folder, World(7, UNTIL).write(folder, 120, untidy=True, faults=8)


def counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        tables = (declaration, goods_item, receipt, document, record_version, audit_line)
        return {t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


@pytest.mark.db
def test_truth_to_the_cent_and_a_second_run_changes_nothing(ledger: Engine, world: tuple[Path, Any]) -> None:
    folder, truth = world
    report = Importer(ledger).run(folder)
    assert same_truth(ledger_truth(ledger), truth)
    assert report["held_now"] == len(truth.held) == 8
    before = counts(ledger)
    again = Importer(ledger).run(folder)
    assert (again["taken"], again["held"]) == (0, 0)
    assert counts(ledger) == before


@pytest.mark.db
@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_and_two_halves(ledger: Engine, world: tuple[Path, Any], tmp_path: Path, seed: int) -> None:
    folder, truth = world
    files = [path for path in folder.rglob("*") if path.suffix in (".xml", ".csv")]
    random.Random(seed).shuffle(files)
    importer = Importer(ledger)
    for half in (files[: len(files) // 2], files[len(files) // 2 :]):
        tables = [path for path in half if path.suffix == ".csv"]
        importer.take([], [path for path in half if path.suffix == ".xml"])
        importer.take(tables, [])
    assert same_truth(ledger_truth(ledger), truth)
    with ledger.connect() as connection:
        assert sorted(row["name"] for row in held_documents(connection)) == sorted(h["file"] for h in truth.held)


def test_a_held_file_counts_when_its_cause_is_mended(ledger: Engine, world: tuple[Path, Any], tmp_path: Path) -> None:
    folder, truth = world
    shutil.copytree(folder, tmp_path / "w")
    rates = tmp_path / "w" / "rates.csv"
    lines = rates.read_text(encoding="utf-8-sig").splitlines()
    rates.write_text("\n".join(lines[:1]), encoding="utf-8")
    rates.unlink()
    importer = Importer(ledger)
    assert importer.run(tmp_path / "w")["held_now"] > 100
    rates.write_text("\n".join(lines), encoding="utf-8")
    assert importer.run(tmp_path / "w")["freed"] > 100
    assert same_truth(ledger_truth(ledger), truth)


def test_a_corrected_file_of_the_same_name_takes_the_place_of_the_held_one(
    ledger: Engine, world: tuple[Path, Any], tmp_path: Path
) -> None:
    folder, _ = world
    good = next(iter(sorted((folder / "declarations").iterdir()))).read_bytes()
    importer = Importer(ledger)
    importer.run(folder)
    take_batch(ledger, "test", [Incoming("new.xml", good[: len(good) // 3])])
    with ledger.connect() as connection:
        assert "new.xml" in {row["name"] for row in held_documents(connection)}
    take_batch(ledger, "test", [Incoming("new.xml", good + b"\n")])
    with ledger.connect() as connection:
        assert "new.xml" not in {row["name"] for row in held_documents(connection)}


def first(folder: Path) -> tuple[str, str]:
    path = sorted((folder / "declarations").iterdir())[0]
    text = path.read_text(encoding="utf-8-sig")
    return re.search(r"<SeqNo>(\w+)<", text)[1], text  # type: ignore[index]


@pytest.mark.db
def test_an_amended_declaration_is_a_new_version(ledger: Engine, world: tuple[Path, Any]) -> None:
    folder, _ = world
    Importer(ledger).run(folder)
    seq_no, text = first(folder)
    take_batch(ledger, "test", [Incoming("again.xml", text.replace("<MarkNo>N/M", "<MarkNo>N/M 2").encode())])
    with ledger.connect() as connection:
        row = connection.execute(select(declaration).where(declaration.c.seq_no == seq_no)).mappings().one()
        kept = connection.execute(select(record_version.c.document_id).where(record_version.c.key == seq_no)).all()
    assert (row["version"], row["marks"], len(kept)) == (2, "N/M 2", 2)


@pytest.mark.db
def test_a_receipt_may_come_before_its_declaration_and_after_its_deletion(
    ledger: Engine, world: tuple[Path, Any]
) -> None:
    folder, _ = world
    seq_no, text = first(folder)
    send = lambda name, channel, at: take_batch(  # noqa: E731
        ledger, "test", [Incoming(name, RECEIPT.format(seq_no, at, channel).encode())]
    )
    Importer(ledger).take([folder / "rates.csv"], [])
    send("d.xml", "D", "2026-05-02T10:00:00")
    send("r.xml", "R", "2026-05-01T10:00:00")
    take_batch(ledger, "test", [Incoming("dec.xml", text.encode())])
    with ledger.connect() as connection:
        row = connection.execute(select(declaration).where(declaration.c.seq_no == seq_no)).mappings().one()
        assert (row["state"], row["counted"], row["cleared_on"]) == ("DELETED", False, "2026-05-01")
        assert len(notices_of(connection, [seq_no])[seq_no]) == 2


@pytest.mark.db
def test_a_corrected_rate_values_its_month_again(ledger: Engine, world: tuple[Path, Any], tmp_path: Path) -> None:
    folder, truth = world
    Importer(ledger).run(folder)
    good = (folder / "rates.csv").read_text(encoding="utf-8-sig")
    wrong = tmp_path / "rates.csv"
    wrong.write_text(re.sub(r"(2026-0[5-9],USD),[\d.]+", r"\1,9.9", good), encoding="utf-8")
    Importer(ledger).take([wrong], [])
    assert not same_truth(ledger_truth(ledger), truth)
    wrong.write_text(good + "\n", encoding="utf-8")
    Importer(ledger).take([wrong], [])
    assert same_truth(ledger_truth(ledger), truth)
    with ledger.connect() as connection:
        versions = connection.scalars(select(customs_rate.c.version).where(customs_rate.c.month == "2026-06")).all()
    assert 3 in versions


def test_vehicles_take_their_state_from_all_sources(ledger: Engine, world: tuple[Path, Any]) -> None:
    folder, _ = world
    Importer(ledger).run(folder)
    _, text = first(folder)
    vin = re.search(r"<VinCode>(\w+)<", text)[1]  # type: ignore[index]
    with writing(ledger) as connection:
        assert states_of(connection, [vin])[vin] in {
            "LICENSED",
            "DECLARED",
            "PASSED",
            "EXAMINED",
            "RELEASED",
            "CLEARED",
        }


@pytest.mark.shared
@pytest.mark.db
@pytest.mark.parametrize("form", ["--seed=11", "--tidy"])
def test_the_outside_feed_to_the_cent(ledger: Engine, shared_dir: Path, tmp_path: Path, form: str) -> None:
    feed = [sys.executable, str(shared_dir / "feed" / "make_feed.py"), str(tmp_path / "feed")]
    subprocess.run([*feed, form, "--declarations", "400", "--faults", "16"], check=True)
    truth = json.loads((tmp_path / "feed" / "truth.json").read_text(encoding="utf-8"))
    Importer(ledger).run(tmp_path / "feed")
    assert same_truth(ledger_truth(ledger), truth)
    with ledger.connect() as connection:
        held = sorted(row["name"] for row in held_documents(connection))
    assert held == sorted(entry["file"] for entry in truth["held"])


@pytest.mark.shared
@pytest.mark.db
def test_the_official_code_tables_as_they_are(ledger: Engine, shared_dir: Path) -> None:
    report = Importer(ledger).run(shared_dir / "data" / "customs_xlsx")
    assert (report["taken"], report["held_now"]) == (27, 0)
    with ledger.connect() as connection:
        codes = load_codes(connection, ("country", "currency", "customs_office"))
    assert (codes.country("344"), codes.currency("502"), codes.country("KAZ")) == ("RUS", "USD", "KAZ")
    assert codes.name("customs_office", "9009") == "车站海关"
    assert Importer(ledger).run(shared_dir / "data" / "customs_xlsx")["known"] == 27


@pytest.mark.db
def test_a_user_records_steps_in_their_order_only(ledger: Engine) -> None:
    with writing(ledger) as connection:
        record_step(connection, now(), "测试", "LGXC16DF0A0000001", "REGISTERED", "登记证书")
        with pytest.raises(IllegalMove, match="收购登记"):
            record_step(connection, now(), "测试", "LGXC16DF0A0000001", "REFUNDED", "无")
        record_step(connection, now(), "测试", "LGXC16DF0A0000001", "TRANSFERRED", "登记证书签注")
    with ledger.connect() as connection:
        assert states_of(connection, ["LGXC16DF0A0000001"]) == {"LGXC16DF0A0000001": "TRANSFERRED"}


def test_two_importers_that_retry_the_same_file_take_it_once(ledger: Engine, world: tuple[Path, Any]) -> None:
    folder, _ = world
    seq_no, text = first(folder)
    take_batch(ledger, "test", [Incoming("early.xml", text.encode())])
    with ledger.connect() as connection:
        held = held_contents(connection, 0)
    assert len(held) == 1
    with writing(ledger) as connection:
        register_rates(connection, now(), rates_of(folder), None)
    assert (retry_batch(ledger, "one", held), retry_batch(ledger, "other", held)) == (1, 0)
    with ledger.connect() as connection:
        assert connection.scalar(select(declaration.c.version).where(declaration.c.seq_no == seq_no)) == 1


def rates_of(folder: Path) -> list[dict[str, str]]:
    """The rates of a world as rows of the register."""
    return read_table(folder / "rates.csv").rows

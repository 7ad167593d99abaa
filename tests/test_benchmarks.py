"""The benchmarks' report holds what the last run of each one found, and no other figure."""

from tests.bench.__main__ import BENCHES, LONGEST
from tests.bench.report import REPORT, kept, report


def test_the_report_is_made_of_the_kept_results() -> None:
    assert report(kept()) == REPORT.read_text(encoding="utf-8")


def test_every_benchmark_is_bounded_and_nothing_is_kept_of_one_that_is_gone() -> None:
    assert set(BENCHES) == set(LONGEST) >= set(kept()["results"])

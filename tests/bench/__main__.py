"""`python -m tests.bench [name …] [--quick]`: run benchmarks and write BENCHMARKS.md."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.guard import bench_guard
from tests.bench.importing import bench_import
from tests.bench.latency import bench_latency
from tests.bench.outlines import bench_outlines
from tests.bench.payload import bench_payload
from tests.bench.people import bench_people
from tests.bench.report import Result, write
from tests.bench.screens import bench_screens
from tests.bench.soak import bench_soak
from tests.bench.tick import bench_tick

BENCHES: dict[str, Callable[[Path, bool], Result]] = {
    "import": bench_import,
    "latency": bench_latency,
    "payload": bench_payload,
    "tick": bench_tick,
    "guard": bench_guard,
    "people": bench_people,
    "screens": bench_screens,
    "outlines": bench_outlines,
    "soak": bench_soak,
}
# Seconds; the usual run takes a third of it.
LONGEST = {"import": 600, "latency": 420, "payload": 300, "tick": 900, "guard": 300, "people": 420, "screens": 420,
           "outlines": 600, "soak": 3600}  # fmt: skip


@contextmanager
def bounded(name: str) -> Iterator[None]:
    """Break a benchmark off when it takes too long; it then ends its processes as after any error."""

    def too_long(*_: object) -> None:
        raise TimeoutError(f"{name} 超过 {LONGEST[name]} 秒，已中止")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(LONGEST[name])
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def main() -> int:
    """Run the chosen benchmarks one after the other, each in a folder of its own."""
    options = argparse.ArgumentParser(prog="python -m tests.bench")
    options.add_argument("names", nargs="*", choices=[*BENCHES, []], help="不写则全部")
    options.add_argument("--quick", action="store_true", help="小数据量，只看能否跑通，不写报告")
    given = options.parse_args()
    results = []
    for name in given.names or BENCHES:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, bounded(name):
            results.append(BENCHES[name](Path(folder), given.quick))
    if not given.quick:
        write(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())

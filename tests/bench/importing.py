"""How fast an exchange folder is taken in, and whether memory stays flat."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psutil

from backend.demo.world import World
from tests.bench.report import ROOT, Result
from tests.servers import PostgresServer, end_with_parent, running

PROGRESS = re.compile(r"已处理 ([\d,]+) / ([\d,]+)")
QUARTERS = (0.25, 0.5, 0.75, 1.0)


@dataclass
class Run:
    """One import: its own report, and resident bytes against the share of files done."""

    report: dict[str, object] = field(default_factory=dict)
    samples: list[tuple[float, int]] = field(default_factory=list)
    done: float = 0.0

    @property
    def rate(self) -> float:
        """Declarations a second over the whole run, tables and second tries included."""
        return self.report["kinds"]["declaration"] / self.report["seconds"]  # type: ignore[index]

    def peak(self, low: float, high: float) -> int:
        """The largest resident size while the share done was within these bounds."""
        return max(size for share, size in self.samples if low <= share <= high)

    def follow(self, lines: Iterable[str]) -> None:
        """Learn from the progress that the command writes how much of the files is done."""
        for line in lines:
            if found := PROGRESS.search(line):
                done, total = (int(text.replace(",", "")) for text in found.groups())
                self.done = done / total


def bench_import(folder: Path, quick: bool) -> Result:
    """Import a world through the real command; memory is sampled from outside."""
    count, fewer = (1_000, 300) if quick else (20_000, 3_000)
    files = written(folder / "world", count)
    result = Result("import", "导入", f"{count:,} 份报关单，{files:,} 个文件，SQLite，一个进程，文件已写好。")
    run = imported(folder / "world", folder / "var")
    result.add("每秒收下的报关单（连同回执、版本、审计行）", "≥ 300", f"{run.rate:.0f}")
    sizes = " / ".join(f"{run.peak(0, share) / 2**20:.0f}" for share in QUARTERS)
    result.add("内存峰值：收到 25 % / 50 % / 75 % / 100 % 时", "", f"{sizes} MiB")
    for label, low in (("首个四分之一", 0.0), ("第二个四分之一", 0.25)):
        ratio = run.peak(0.75, 1) / run.peak(low, low + 0.25)
        result.add(f"内存：最后四分之一与{label}的峰值之比", "≤ 1.15", f"{ratio:.2f}")
    written(folder / "fewer", fewer)
    with running(PostgresServer) as server:
        assert isinstance(server, PostgresServer)
        run = imported(folder / "fewer", folder / "var2", PANORAMA_DATABASE_URL=server.url(server.create_database()))
    result.add(f"PostgreSQL，{fewer:,} 份，每秒收下的报关单（供参考）", "", f"{run.rate:.0f}")
    return result


def written(folder: Path, count: int) -> int:
    """Write an untidy world; gives the number of its files."""
    World(1, date(2026, 10, 31)).write(folder, count, untidy=True)
    return sum(len(names) for _, _, names in os.walk(folder))


def imported(world: Path, var: Path, **more: str) -> Run:
    """Run the import command and watch it."""
    env = {**os.environ, "PANORAMA_VAR": str(var), **more}
    command = [sys.executable, "-m", "backend", "import", str(world), "--json"]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=end_with_parent(9),
    ) as process:  # fmt: skip
        try:
            run = watched(process)
        finally:
            process.kill()  # Leaves a finished one as it is.
        assert process.stdout is not None
        run.report = json.loads(process.stdout.read())
    return run


def watched(process: subprocess.Popen[str]) -> Run:
    """Sample the resident size ten times a second until the process ends."""
    run, seen = Run(), psutil.Process(process.pid)
    assert process.stderr is not None
    reading = threading.Thread(target=run.follow, args=(process.stderr,), daemon=True)
    reading.start()
    while process.poll() is None:
        run.samples.append((run.done, seen.memory_info().rss))
        time.sleep(0.1)
    reading.join(5)
    return run

"""How fast an exchange folder is taken in, and whether memory stays flat."""

import json
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import psutil

from backend.demo.world import World
from tests.bench.report import ROOT, Result


def bench_import(folder: Path, quick: bool) -> Result:
    """Import a world through the real command; memory is sampled from outside."""
    count = 1_000 if quick else 20_000
    World(1, date(2026, 10, 31)).write(folder / "world", count, untidy=True)
    files = sum(len(names) for _, _, names in os.walk(folder / "world"))
    result = Result("import", "导入", f"{count:,} 份报关单，{files:,} 个文件，SQLite，一个进程，文件已写好。")
    report, samples = imported(folder)
    rate = report["kinds"]["declaration"] / report["seconds"]  # type: ignore[index,operator]
    result.add("每秒收下的报关单（连同回执、版本、审计行）", "≥ 300", f"{rate:.0f}")
    quarter = max(1, len(samples) // 4)
    first, last = max(samples[quarter : 2 * quarter]), max(samples[-quarter:])
    result.add(
        "内存：最后四分之一与第二个四分之一的峰值之比", "≤ 1.15", f"{last / first:.2f}（{last / 2**20:.0f} MiB）"
    )
    return result


def imported(folder: Path) -> tuple[dict[str, object], list[int]]:
    """Run the import; gives its report and the resident sizes over time."""
    env = {**os.environ, "PANORAMA_VAR": str(folder / "var")}
    command = [sys.executable, "-m", "backend", "import", str(folder / "world"), "--json"]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as run:
        process, samples = psutil.Process(run.pid), []
        while run.poll() is None:
            samples.append(process.memory_info().rss)
            time.sleep(0.1)
        assert run.stdout is not None
        return json.loads(run.stdout.read()), samples

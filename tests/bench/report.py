"""What a benchmark found, kept in results.json, and BENCHMARKS.md made of it; no figure there was typed by hand."""

import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from backend.clearance.states import SHANGHAI

ROOT = Path(__file__).resolve().parent.parent.parent
REPORT = ROOT / "BENCHMARKS.md"
KEPT = Path(__file__).parent / "results.json"


@dataclass
class Result:
    """One benchmark: rows of (what, goal, figure), and what was held fixed."""

    name: str
    title: str
    fixed: str
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    at: str = ""

    def add(self, what: str, goal: str, figure: str) -> None:
        """Note a figure and print it."""
        self.rows.append((what, goal, figure))
        print(f"{self.name}: {what} {figure}" + (f"（目标 {goal}）" if goal else ""), flush=True)


def machine() -> str:
    """The machine in a few words: processor, cores, memory, system."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "")
    return f"{model or platform.machine()}，{os.cpu_count()} 核，{memory:.0f} GiB，{platform.system()}"


def commit() -> str:
    """The commit that was measured."""
    words = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True).stdout.strip()


def kept() -> dict[str, Any]:
    """The committed results of all benchmarks, each from its last run: `machine` and `results` by name."""
    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def write(results: list[Result]) -> None:
    """Put the results in the place of earlier ones of the same benchmarks, and write the report of all."""
    found = kept() | {"machine": machine()}
    for result in results:
        result.at = f"{datetime.now(SHANGHAI):%Y-%m-%d %H:%M}，提交 {commit()}"
        found["results"][result.name] = asdict(result)
    KEPT.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    REPORT.write_text(report(found), encoding="utf-8")


def report(found: dict[str, Any]) -> str:
    """BENCHMARKS.md of these results."""
    measured = f"由 `make bench` 测得并写成。机器：{found['machine']}，与他人共用，因此看比值与中位数，不看单次绝对值。"
    lines = ["# 性能", "", measured, *(line for result in found["results"].values() for line in section(result))]
    return "\n".join(lines) + "\n"


def section(result: dict[str, Any]) -> list[str]:
    """One benchmark as Markdown."""
    rows = [f"| {what} | {goal} | {figure} |" for what, goal, figure in result["rows"]]
    table = ["| 项目 | 目标 | 实测 |", "|---|---|---|", *rows]
    return ["", f"## {result['title']}", "", f"{result['at']}。{result['fixed']}", "", *table]

"""What a benchmark found, and BENCHMARKS.md made of it; no figure there was typed by hand."""

import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from backend.clearance.states import SHANGHAI

ROOT = Path(__file__).resolve().parent.parent.parent
REPORT = ROOT / "BENCHMARKS.md"
KEPT = ROOT / "var" / "bench.json"


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


def write(results: list[Result]) -> None:
    """Keep the results beside those of the other benchmarks, and write the report of all."""
    kept = {r["name"]: r for r in json.loads(KEPT.read_text(encoding="utf-8"))} if KEPT.exists() else {}
    for result in results:
        result.at = f"{datetime.now(SHANGHAI):%Y-%m-%d %H:%M}，提交 {commit()}"
        kept[result.name] = asdict(result)
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(list(kept.values()), ensure_ascii=False), encoding="utf-8")
    head = [
        "# 性能",
        "",
        f"由 `make bench` 测得并写成。机器：{machine()}，与他人共用，因此看比值与中位数，不看单次绝对值。",
    ]
    REPORT.write_text(
        "\n".join([*head, *(line for r in kept.values() for line in section(r))]) + "\n", encoding="utf-8"
    )


def section(result: dict[str, object]) -> list[str]:
    """One benchmark as Markdown."""
    rows = result["rows"]
    assert isinstance(rows, list)
    table = ["| 项目 | 目标 | 实测 |", "|---|---|---|", *(f"| {w} | {g} | {f} |" for w, g, f in rows)]
    return ["", f"## {result['title']}", "", f"{result['at']}。{result['fixed']}", "", *table]

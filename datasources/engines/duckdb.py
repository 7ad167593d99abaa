"""The one place that opens DuckDB, with the limits under which the embedded engine may work."""

import os
from pathlib import Path

import duckdb
import psutil

WORKER_SHARE = 0.4
READER_SHARE = 0.1
SMALLEST = 256 << 20
LARGEST = 8 << 30


def memory_limit(share: float) -> int:
    """Return the bytes one connection may use: a share of this machine's memory within fixed bounds."""
    return max(SMALLEST, min(LARGEST, int(psutil.virtual_memory().total * share)))


def connect(spill: Path, share: float, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open an in-memory engine that spills to the folder `spill` and never reaches for the network.

    DuckDB's own defaults take 80 % of the memory for each connection and try to download missing extensions.
    """
    spill.mkdir(parents=True, exist_ok=True)
    settings: dict[str, str | int | bool | float | list[str]] = {
        "memory_limit": f"{memory_limit(share) >> 20}MiB",
        "threads": threads or os.cpu_count() or 1,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": True,
    }
    return duckdb.connect(":memory:", config=settings)

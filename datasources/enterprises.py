"""The enterprise dimension of a generation: names and districts, written anew only when the register changed."""

from pathlib import Path

import duckdb

from datasources.facts import ENTERPRISE_COLUMNS, SOURCE_ENTERPRISE, empty
from datasources.source import Reading

# The district of a consignor whose register entry has none: the area digits of its USCC (GB 32100, digits 3 to 8).
DISTRICT = "COALESCE(NULLIF(e.area, ''), substr({uscc}, 3, 6))"


def relation(root: Path, path: str) -> str:
    """Return the SQL of the enterprise relation of a generation."""
    return f"read_parquet('{root / path}')" if path else empty(ENTERPRISE_COLUMNS)


def write_enterprises(engine: duckdb.DuckDBPyConnection, reading: Reading, root: Path, before: str, name: str) -> str:
    """Read the register into the table `enterprise`; return the path of its file, the former one if it is the same."""
    engine.register("incoming", reading.table(SOURCE_ENTERPRISE))
    made = ", ".join(f"CAST({column} AS {kind}) AS {column}" for column, kind in ENTERPRISE_COLUMNS.items())
    engine.execute(f"CREATE OR REPLACE TABLE enterprise AS SELECT {made} FROM incoming")
    if before and _same(engine, relation(root, before)):
        return before
    path = f"enterprises/{name}.parquet"
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    engine.execute(f"COPY (SELECT * FROM enterprise ORDER BY uscc) TO '{root / path}' (FORMAT parquet)")
    return path


def _same(engine: duckdb.DuckDBPyConnection, other: str) -> bool:
    here, there = "SELECT * FROM enterprise", f"SELECT * FROM {other}"
    gap = f"({here} EXCEPT {there}) UNION ALL ({there} EXCEPT {here})"
    return engine.execute(f"SELECT 1 FROM ({gap}) LIMIT 1").fetchall() == []

"""The worker's cubes in memory: loaded from a generation, changed by signed deltas, written by touched month."""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from datasources.cubes import CUBES, Cube
from datasources.facts import empty


def load(engine: duckdb.DuckDBPyConnection, root: Path, files: dict[str, dict[str, str]]) -> None:
    """Fill the cube tables from the files of a generation."""
    for cube in CUBES:
        paths = [str(root / path) for path in files.get(cube.name, {}).values()]
        cells = f"read_parquet({paths!r})" if paths else empty(cube.columns())
        engine.execute(f"CREATE OR REPLACE TABLE {cube.table} AS SELECT {', '.join(cube.columns())} FROM {cells}")


def rebuild(engine: duckdb.DuckDBPyConnection, facts: str) -> dict[str, set[str]]:
    """Make all cubes anew from the current facts; return every month of each cube, before and after, as touched."""
    touched = {}
    for cube in CUBES:
        before = _months(engine, cube.table)
        engine.execute(f"CREATE OR REPLACE TABLE {cube.table} AS {cube.select(facts, 1)}")
        touched[cube.name] = before | _months(engine, cube.table)
    return touched


def apply(engine: duckdb.DuckDBPyConnection, arrived: str, departed: str) -> dict[str, set[str]]:
    """Add the facts of one relation and take away those of another; return the touched months of each cube."""
    touched = {}
    for cube in CUBES:
        delta = f"{cube.select(arrived, 1)} UNION ALL {cube.select(departed, -1)}"
        engine.execute(f"CREATE OR REPLACE TEMP TABLE delta AS {_changed_cells(cube, delta)}")
        touched[cube.name] = _months(engine, "delta")
        if touched[cube.name]:
            _merge(engine, cube)
    return touched


def _changed_cells(cube: Cube, delta: str) -> str:
    """Return the SQL of the cells that change: a new revision that leaves all figures as they were touches none."""
    dimensions = ", ".join(("month", *cube.dimensions))
    measures = ", ".join(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in cube.measures)
    moved = " OR ".join(f"SUM({name}) <> 0" for name in cube.measures)
    return f"SELECT {dimensions}, {measures} FROM ({delta}) GROUP BY ALL HAVING {moved}"


def _merge(engine: duckdb.DuckDBPyConnection, cube: Cube) -> None:
    """Put the delta into the cube, touching only its months: the other rows stay where they are."""
    inside = "month IN (SELECT month FROM delta)"
    cells = f"SELECT * FROM {cube.table} WHERE {inside} UNION ALL SELECT * FROM delta"
    engine.execute(f"CREATE OR REPLACE TEMP TABLE merged AS {cube.summed(cells)}")
    engine.execute(f"DELETE FROM {cube.table} WHERE {inside}")
    engine.execute(f"INSERT INTO {cube.table} SELECT * FROM merged")


def _months(engine: duckdb.DuckDBPyConnection, relation: str) -> set[str]:
    return {month for (month,) in engine.execute(f"SELECT DISTINCT month FROM {relation}").fetchall()}


def write(
    engine: duckdb.DuckDBPyConnection, cube: Cube, months: set[str], generation: str, root: Path
) -> dict[str, str | None]:
    """Write one file for each touched month; a month that holds nothing any more has None instead of a path."""
    listed = ", ".join(f"'{month}'" for month in sorted(months))
    columns = ", ".join(cube.columns())
    order = ", ".join(("month", *cube.dimensions))
    query = f"SELECT {columns} FROM {cube.table} WHERE month IN ({listed}) ORDER BY {order}"
    cells = engine.sql(query).to_arrow_table() if months else None
    written: dict[str, str | None] = dict.fromkeys(months)
    (root / f"cubes/{cube.name}").mkdir(parents=True, exist_ok=True)
    slices = _slices(cells)
    written |= {month: f"cubes/{cube.name}/{month}-{generation}.parquet" for month, _ in slices}
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # A change of old declarations can touch every month there is.
        list(pool.map(lambda part: pq.write_table(part[1], root / str(written[part[0]]), compression="snappy"), slices))
    return written


def _slices(cells: pa.Table | None) -> list[tuple[str, pa.Table]]:
    """Cut a table sorted by month into one slice a month."""
    if cells is None or not cells.num_rows:
        return []
    runs = cells["month"].combine_chunks().dictionary_encode()
    found: list[tuple[str, pa.Table]] = []
    codes = runs.indices.to_numpy()
    edges = [0, *((codes[1:] != codes[:-1]).nonzero()[0] + 1).tolist(), len(codes)]
    for start, end in pairwise(edges):
        found.append((runs.dictionary[int(codes[start])].as_py(), cells.slice(start, end - start)))
    return found

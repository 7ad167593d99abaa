"""Takes what changed in the transaction database since a watermark into the fact log; twice is as good as once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from datasources.cubes import COLUMNS
from datasources.facts import CURRENT, MARK_COLUMNS, SOURCE_ITEM, SOURCE_ITEM_ORDER, empty, fact_select, fact_types
from datasources.snapshots import Part, sequence_of
from datasources.source import STAMP, Reading

# A transaction that began earlier may commit after the watermark was read, with older times on its rows.
OVERLAP = timedelta(minutes=10)
# After a bulk load the overlap would hold millions of rows and be read again each minute for ten minutes. What a capped
# overlap misses is found by reconciliation, after which everything is compared once.
OVERLAP_ROWS = 20_000
# Up to so many changed declarations are asked for by number; more are read in one pass over the tables.
BY_NUMBER = 5_000
LOG_ROWS = 122_880
# Files of fewer rows than the first number are merged once there are more of them than the second.
TIERS = ((200_000, 64), (4_000_000, 32))


@dataclass(frozen=True)
class Taken:
    """What one tick took: relations of arrived and departed facts in the engine, and the files written for them."""

    arrived: str
    departed: str
    items: int
    declarations: int
    facts: tuple[Part, ...]
    marks: tuple[Part, ...]


def relation(root: Path, parts: tuple[Part, ...], columns: dict[str, str]) -> str:
    """Return the SQL of a parenthesised relation over files, an empty one of the same columns when there are none."""
    if not parts:
        return empty(columns)
    paths = [str(root / part.path) for part in parts]
    return f"(SELECT {', '.join(columns)} FROM read_parquet({paths!r}))"


def current(root: Path, facts: tuple[Part, ...], marks: tuple[Part, ...]) -> str:
    """Return the parenthesised SQL of all facts that no later revision has superseded."""
    log, gone = relation(root, facts, fact_types()), relation(root, marks, MARK_COLUMNS)
    return f"({CURRENT.format(log=log, marks=gone)})" if marks else log


def window(reading: Reading, watermark: str) -> str:
    """Return the condition on changed_at from which to look again, after a watermark (a stamp, empty at first)."""
    if not watermark:
        return ""
    since = f"{_moment(watermark) - OVERLAP:{STAMP}}"
    newest = f"SELECT changed_at FROM declaration WHERE changed_at <= '{watermark}' ORDER BY changed_at DESC"
    crowd = f"({newest} LIMIT 1 OFFSET {OVERLAP_ROWS}) AS crowd"
    crowded = reading.rows(f"SELECT CAST(changed_at AS TEXT) AS at FROM {crowd} WHERE changed_at >= '{since}'")
    return f"changed_at > '{crowded[0]['at']}'" if crowded else f"changed_at >= '{since}'"


def _moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def find(engine: duckdb.DuckDBPyConnection, reading: Reading, condition: str, log: str) -> int:
    """Fill `taking` with the declarations whose revision the log lacks, and the one it has; return how many."""
    where = f" WHERE {condition}" if condition else ""
    with reading.stream(f"SELECT id AS declaration_id, revision FROM declaration{where}") as rows:
        engine.register("incoming", rows)
        engine.execute("CREATE OR REPLACE TEMP TABLE candidate AS SELECT * FROM incoming")
    keys = engine.execute("SELECT declaration_id FROM candidate").fetchnumpy()["declaration_id"] if condition else None
    chosen = _among(
        keys.tolist() if keys is not None else None, "declaration_id IN (SELECT declaration_id FROM candidate)"
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE known AS SELECT DISTINCT declaration_id, revision FROM {log} WHERE {chosen}"
    )
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE taking AS SELECT c.declaration_id, k.revision AS known FROM candidate c "
        "LEFT JOIN known k USING (declaration_id) WHERE k.revision IS DISTINCT FROM c.revision"
    )
    return count(engine, "taking")


def _among(keys: list[int] | None, otherwise: str) -> str:
    """Return a condition on declaration_id; a short list is written out, so that Parquet skips what cannot match."""
    if keys is None or len(keys) > BY_NUMBER:
        return otherwise
    return f"declaration_id IN ({', '.join(map(str, keys))})" if keys else "FALSE"


def count(engine: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Return the number of rows of a relation."""
    return int(engine.execute(f"SELECT COUNT(*) FROM {relation}").fetchall()[0][0])


@contextmanager
def _items(engine: duckdb.DuckDBPyConnection, reading: Reading, condition: str) -> Iterator[Any]:
    """Yield the source's items of the declarations being taken; a long list is read whole and sieved on our side."""
    keys = [key for (key,) in engine.execute(f"SELECT declaration_id FROM taking LIMIT {BY_NUMBER + 1}").fetchall()]
    few = len(keys) <= BY_NUMBER
    where = f"d.id IN ({', '.join(map(str, keys))})" if few else condition and f"d.{condition}"
    with reading.stream(f"{SOURCE_ITEM} {f'WHERE {where}' if where else ''} {SOURCE_ITEM_ORDER}") as rows:
        yield rows


def take(engine: duckdb.DuckDBPyConnection, reading: Reading, condition: str, log: str, root: Path, name: str) -> Taken:
    """Write the new revisions as one fact file and the superseded ones as one mark file."""
    known_from, taken = f"{reading.as_of:{STAMP}}", sequence_of(name)
    fact_path, mark_path = f"facts/{name}.parquet", f"marks/{name}.parquet"
    for path in (fact_path, mark_path):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
    with _items(engine, reading, condition) as rows:
        engine.register("incoming", rows)
        chosen = "(SELECT * FROM incoming WHERE declaration_id IN (SELECT declaration_id FROM taking))"
        _copy(engine, fact_select(chosen, known_from, taken), root / fact_path)
    arrived = relation(root, (Part(fact_path, 0),), fact_types())
    items = count(engine, arrived)
    marks = _supersede(engine, log, known_from, taken, root, mark_path)
    return Taken(arrived, "departed", items, count(engine, "taking"), (Part(fact_path, items),) if items else (), marks)


def _supersede(
    engine: duckdb.DuckDBPyConnection, log: str, known_to: str, taken: int, root: Path, path: str
) -> tuple[Part, ...]:
    """Collect the facts that the taken revisions replace in `departed`, and write their marks."""
    old = "SELECT declaration_id, known AS revision FROM taking WHERE known IS NOT NULL"
    first, last = engine.execute(f"SELECT MIN(declaration_id), MAX(declaration_id) FROM ({old})").fetchall()[0]
    # The bounds let Parquet skip whole row groups; the semi-join then decodes only pages with a match.
    bounds = f"declaration_id BETWEEN {first} AND {last}" if first is not None else "FALSE"
    chosen = f"SELECT * FROM {log} l SEMI JOIN ({old}) o USING (declaration_id) WHERE {bounds}"
    engine.execute(f"CREATE OR REPLACE TEMP TABLE departed AS SELECT {', '.join(COLUMNS)} FROM ({chosen})")
    if first is None:
        return ()
    known = f"TIMESTAMP '{known_to}' AS known_to, CAST({taken} AS BIGINT) AS taken"
    _copy(engine, f"SELECT declaration_id, CAST(revision AS INTEGER) AS revision, {known} FROM ({old})", root / path)
    return (Part(path, count(engine, f"({old})")),)


def _copy(engine: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    where = str(path).replace("'", "''")
    engine.execute(f"COPY ({query}) TO '{where}' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {LOG_ROWS})")


def watermark(reading: Reading, before: str) -> str:
    """Return the newest changed_at of the declarations as a stamp."""
    newest = reading.rows("SELECT COALESCE(CAST(MAX(changed_at) AS TEXT), '') AS at FROM declaration")[0]["at"]
    return f"{_moment(newest):{STAMP}}" if newest else before


def compact(
    engine: duckdb.DuckDBPyConnection, parts: tuple[Part, ...], columns: dict[str, str], root: Path, path: str
) -> tuple[Part, ...]:
    """Merge small files once there are many of them; the old ones stay until no kept generation needs them."""
    for limit, files in TIERS:
        small = tuple(part for part in parts if part.rows < limit)
        if len(small) > files:
            _copy(engine, f"SELECT * FROM {relation(root, small, columns)}", root / path)
            merged = Part(path, sum(part.rows for part in small))
            return (*(part for part in parts if part not in small), merged)
    return parts

"""Reads the fact log as of a past moment: as it was known then, or as it is known now; and says how the two differ."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from datasources import ingest
from datasources.cubes import COLUMNS, COUNTED, CUBES
from datasources.engines import duckdb as engines
from datasources.facts import CURRENT, FACT_COLUMNS, MARK_COLUMNS, fact_types
from datasources.periods import year_to_date
from datasources.reader import Reader
from datasources.snapshots import Manifest
from datasources.source import SHANGHAI, STAMP
from datasources.stages import VOID

THEN, NOW = "then", "now"
# Two engines stand behind each moment, so each has half of what a reader of a published generation may use.
SHARE = engines.READER_SHARE / 2
STEPS = ("declared", "released", "cleared")


@dataclass(frozen=True)
class AsOf:
    """A past moment of the log: `at` is aware, `last` the running number of the generation that was newest then."""

    at: datetime
    last: int
    name: str
    enterprises: str

    @property
    def day(self) -> date:
        """The day of the moment in Xi'an."""
        return self.at.astimezone(SHANGHAI).date()


@dataclass(frozen=True)
class Differences:
    """Declarations of the year to date that were late, revised or removed after the moment."""

    late: int
    revised: int
    removed: int


class AsOfReader(Reader):
    """The views of a reader for a past moment, with cubes made from the log; immutable like every reader.

    *As known then* (`known` is "then") takes the facts of the generations up to the moment that no mark of these
    supersedes. This is the log of the generation that was newest then, so any minute is exact, kept or not.

    *As known now* ("now") takes today's version of each declaration and undoes what had not happened yet. Facts have
    days and no times, so the rule is by days, for the steps declared, released and cleared alike:
    a step on a day before the moment's day counts; a step on that very day counts if it was known at the moment, for
    the day was still under way and a clearance of its evening is not late; a later step does not count. A declaration
    without the first step is left out; without the last it is not counted, and stands as released or at customs. What
    is deleted or rejected now never counts. Where nothing at all was known at the moment (the platform took up its work
    later), its day counts whole.
    """

    def __init__(self, root: Path, manifest: Manifest, moment: AsOf, known: str) -> None:
        self.generation = moment.name.format(known=known)
        self.as_of = moment.at.astimezone(SHANGHAI).isoformat(timespec="seconds")
        self.moment, self.known = moment, known
        self.engine = engines.connect(root / "spill", SHARE)
        self._registers(root, moment.enterprises if known == THEN else manifest.enterprises)
        self._facts(root, manifest)
        for cube in CUBES:
            self.engine.execute(f"CREATE TABLE {cube.table} AS {cube.select('fact', 1)}")
        self.sizes = {cube.table: ingest.count(self.engine, cube.table) for cube in CUBES}

    def _facts(self, root: Path, manifest: Manifest) -> None:
        then = as_known_then(root, manifest, self.moment.last)
        if self.known == THEN:
            self.engine.execute(f"CREATE VIEW fact AS {then}")
            return
        day, now = self.moment.day, ingest.current(root, manifest.facts, manifest.marks)
        log = ingest.relation(root, manifest.facts, fact_types())
        marks = ingest.relation(root, manifest.marks, MARK_COLUMNS)
        after = [f"SELECT declaration_id FROM {one} WHERE taken > {self.moment.last}" for one in (log, marks)]
        self.engine.execute(f"CREATE VIEW fact_then AS {then}")
        self.engine.execute(
            f"CREATE TABLE changed AS SELECT DISTINCT declaration_id FROM ({' UNION ALL '.join(after)})"
        )
        self.engine.execute(f"CREATE TABLE known AS {steps_known_then(now, day)}")
        self.engine.execute(f"CREATE VIEW fact AS {as_known_now(now, day, self.moment.last == 0)}")

    def differences(self) -> Differences:
        """Count what came to be known after the moment; only a reader of what is known now can tell."""
        then, now = (counted_in_year(relation, self.moment.day) for relation in ("fact_then", "fact"))
        late = "NOT COALESCE(t.counted, FALSE)"
        removed = "NOT COALESCE(n.counted, FALSE)"
        revised = f"NOT ({late} OR {removed}) AND t.content IS DISTINCT FROM n.content"
        counts = ", ".join(f"COUNT(*) FILTER ({one})" for one in (late, revised, removed))
        inside = "COALESCE(t.inside, FALSE) OR COALESCE(n.inside, FALSE)"
        sql = f"SELECT {counts} FROM ({then}) t FULL JOIN ({now}) n USING (declaration_id) WHERE {inside}"
        return Differences(*self.rows(sql)[0])


def newest_taken(root: Path, manifest: Manifest, at: datetime) -> str:
    """Return the SQL of the running number of the generation that was newest at a moment, 0 before the first.

    Both the facts and the marks of one generation carry its time. Going by its number from there on keeps every
    answer a state that really was published, even where a clock was set back.
    """
    stamp = f"TIMESTAMP '{at.astimezone(UTC):{STAMP}}'"
    log = ingest.relation(root, manifest.facts, fact_types())
    marks = ingest.relation(root, manifest.marks, MARK_COLUMNS)
    facts, gone = f"FROM {log} WHERE known_from <= {stamp}", f"FROM {marks} WHERE known_to <= {stamp}"
    return f"SELECT COALESCE(MAX(taken), 0) FROM (SELECT taken {facts} UNION ALL SELECT taken {gone})"


def as_known_then(root: Path, manifest: Manifest, last: int) -> str:
    """Return the SQL of the facts that were current in the generation of a running number."""
    log = f"(SELECT * FROM {ingest.relation(root, manifest.facts, fact_types())} WHERE taken <= {last})"
    marks = f"(SELECT * FROM {ingest.relation(root, manifest.marks, MARK_COLUMNS)} WHERE taken <= {last})"
    return CURRENT.format(log=log, marks=marks)


def steps_known_then(now: str, day: date) -> str:
    """Return the SQL of the days of the steps as they were known then, of the declarations with a step on the day."""
    on_the_day = " OR ".join(f"{step}_on = DATE '{day}'" for step in STEPS)
    days = ", ".join(f"{step}_on AS {step}_then" for step in STEPS)
    chosen = f"SELECT declaration_id FROM {now} WHERE {on_the_day}"
    return f"SELECT declaration_id, {days} FROM fact_then WHERE line = 1 AND declaration_id IN ({chosen})"


def as_known_now(now: str, day: date, whole_day: bool) -> str:
    """Return the SQL of today's facts with all undone that had not happened by a day (see AsOfReader)."""
    happened = ", ".join(f"{_happened(step, day, whole_day)} AS is_{step}" for step in STEPS)
    undone = {
        "state": f"CASE WHEN state IN {VOID} OR is_cleared THEN state "
        "WHEN cleared_on IS NOT NULL AND is_released THEN 'RELEASED' "
        "WHEN cleared_on IS NOT NULL OR (released_on IS NOT NULL AND NOT is_released) THEN 'LODGED' ELSE state END",
        "counted": "counted AND is_cleared",
        "released_on": "CASE WHEN is_released OR is_cleared THEN released_on END",
        "cleared_on": "CASE WHEN is_cleared THEN cleared_on END",
        "clearance_minutes": "CASE WHEN is_cleared THEN clearance_minutes END",
    }
    columns = ", ".join(f"{undone[name]} AS {name}" if name in undone else name for name in FACT_COLUMNS)
    steps = f"SELECT c.*, {happened} FROM {now} c LEFT JOIN known k USING (declaration_id)"
    return f"SELECT {columns} FROM ({steps}) WHERE is_declared OR is_cleared OR declared_on IS NULL"


def _happened(step: str, day: date, whole_day: bool) -> str:
    """Return the condition that a step had happened by the day, as far as the day goes."""
    then = "TRUE" if whole_day else f"k.{step}_then <= DATE '{day}'"
    same = f"(c.{step}_on = DATE '{day}' AND {then})"
    return f"COALESCE(c.{step}_on < DATE '{day}' OR {same}, FALSE)"


def counted_in_year(relation: str, day: date) -> str:
    """Return the SQL of the counted declarations that changed later: whether in the year to date, and their content."""
    first, last = year_to_date(day)
    # The items of a declaration as one number that their order does not change; two contents sharing one is no more
    # likely than two files sharing a checksum of 64 bits.
    content = f"bit_xor(hash({', '.join(COLUMNS)}))"
    inside = f"bool_or(cleared_on BETWEEN DATE '{first}' AND DATE '{last}')"
    return (
        f"SELECT declaration_id, TRUE AS counted, {inside} AS inside, {content} AS content FROM {relation} "
        f"WHERE {COUNTED} AND declaration_id IN (SELECT declaration_id FROM changed) GROUP BY declaration_id"
    )

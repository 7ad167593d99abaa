"""The work of a minute: read what changed, count it, prove it against the source, publish it, or undo it all."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import duckdb

from cache.store import Pointer, Store
from dashboard.settings import Settings
from datasources import cubing, ingest, wall
from datasources.cubes import BY_DAY, CUBES
from datasources.engines import duckdb as engines
from datasources.enterprises import write_enterprises
from datasources.facts import MARK_COLUMNS, SOURCE_PULSE, fact_types
from datasources.reconcile import Mismatch, Totals, prove, source_totals
from datasources.reconcile_locate import locate
from datasources.snapshots import Folder, Manifest, Part, SnapshotUnreadable, generation_id, sequence_of
from datasources.source import SHANGHAI, Reading, Source
from datasources.stages import source_stages

Render = Callable[[dict[str, Any]], dict[str, bytes]]
PAYLOADS_KEPT = 30
SWEEP_SECONDS = 600


@dataclass(frozen=True)
class Refused:
    """Why a tick did not publish: code "fence", "lease" or "reconcile", and a message for people."""

    code: str
    message: str


class Minute:
    """Makes and publishes generations, for one thread of the worker.

    All state is the published manifest and its files; what is in memory is read from them and thrown away after any
    failure, so killing the process at any point loses nothing.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        render: Render,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self.store = store
        self.render = render
        self.clock = clock
        self.folder = Folder(settings.var / "analytics")
        self.source = Source(settings.database, clock)
        self.engine = engines.connect(self.folder.root / "spill", engines.WORKER_SHARE)
        self.manifest: Manifest | None = None
        self.suspect = False
        self.pulse: dict[str, Any] | None = None
        self.swept: datetime | None = None
        self.touched: set[str] = set()
        self.control: Totals = {}
        self.flipping = False

    def changed(self) -> bool:
        """Tell whether the transaction database has changed since the last tick, published or refused.

        Raises SourceUnavailable.
        """
        with self.source.reading() as reading:
            return reading.rows(SOURCE_PULSE)[0] != self.pulse

    def tick(self, fence: int, still_leader: Callable[[], bool]) -> Pointer | Refused:
        """Make one generation and publish it.

        A mismatch with the source or a lost lease keeps the published generation and returns Refused; a mismatch also
        raises the visible fault, which the next good tick clears. Raises SourceUnavailable when the source does not
        answer. After anything but success memory and disk are as before.
        """
        present = self.store.pointer()
        if present is not None and present.fence > fence:
            return Refused("fence", "已有更新的分钟工人在发布,本次快照作废")
        self._open(present)
        self.flipping = False
        made: list[str] = []
        try:
            outcome = self._make(fence, present, still_leader, made)
        except Mismatch as mismatch:
            self._undo(made)
            self.suspect = True
            self._raise_fault(mismatch)
            return Refused("reconcile", str(mismatch))
        except BaseException:
            self._undo(made)
            raise
        if isinstance(outcome, Refused):
            self._undo(made)
        else:
            self._settle()
        return outcome

    def _open(self, present: Pointer | None) -> None:
        """Bring memory to the published generation, or the newest readable one; ingest catches up from there."""
        if self.manifest is not None and present is not None and self.manifest.id == present.generation:
            return
        published = [present.generation] if present else []
        older = [name for name in self.folder.generations() if present and name < present.generation]
        for name in (*published, *older):
            with contextlib.suppress(SnapshotUnreadable, duckdb.Error):
                self._load(self.folder.load(name))
                return
        self._load(Manifest("", 0, "", "", ""))

    def _load(self, manifest: Manifest) -> None:
        cubing.load(self.engine, self.folder.root, manifest.cubes)
        self.manifest = manifest

    def _make(
        self, fence: int, present: Pointer | None, still_leader: Callable[[], bool], made: list[str]
    ) -> Pointer | Refused:
        before = self.manifest
        assert before is not None
        with self.source.reading() as reading:
            self.engine.execute("BEGIN")
            self.pulse = reading.rows(SOURCE_PULSE)[0]
            sequence = sequence_of(present.generation) + 1 if present else 1
            name = generation_id(reading.as_of, sequence, fence)
            made.append(name)
            manifest = self._count(before, reading, name, made)
            manifest = self._prove(replace(manifest, fence=fence), before, reading)
            figures = wall.wall_figures(self.engine, wall.moment_of(manifest, reading, self.settings, self.clock()))
        parts = self.render(figures)
        for part, value in parts.items():
            self.store.put(f"{name}/{part}", value)
        self.folder.save(manifest)
        return self._publish(manifest, still_leader)

    def _count(self, before: Manifest, reading: Reading, name: str, made: list[str]) -> Manifest:
        """Take the changes into the log and the cubes; return the new manifest without its proof."""
        root = self.folder.root
        taken = self._take(before, reading, name, made)
        facts = (*before.facts, *(taken.facts if taken else ()))
        marks = (*before.marks, *(taken.marks if taken else ()))
        # The source adds its control totals while this thread works on the cubes and leaves the connection alone.
        with ThreadPoolExecutor(1) as beside:
            control = beside.submit(source_totals, reading)
            touched = self._change_cubes(taken, ingest.current(root, facts, marks))
            cubes = self._write_cubes(before, touched, name, made)
        self.control = control.result()
        self.touched = set().union(*(touched[cube.name] for cube in BY_DAY))
        made += [f"facts/{name}-merged.parquet", f"marks/{name}-merged.parquet", f"enterprises/{name}.parquet"]
        return replace(
            before,
            id=name,
            as_of=reading.as_of.astimezone(SHANGHAI).isoformat(timespec="seconds"),
            watermark=ingest.watermark(reading, before.watermark),
            made_at=self.clock().astimezone(SHANGHAI).isoformat(timespec="seconds"),
            facts=ingest.compact(self.engine, facts, fact_types(), root, f"facts/{name}-merged.parquet"),
            marks=ingest.compact(self.engine, marks, MARK_COLUMNS, root, f"marks/{name}-merged.parquet"),
            cubes=cubes,
            enterprises=write_enterprises(self.engine, reading, root, before.enterprises, name),
            rows=self._rows(taken, facts),
        )

    def _take(self, before: Manifest, reading: Reading, name: str, made: list[str]) -> ingest.Taken | None:
        """Write what changed since the watermark; after a mismatch compare every declaration instead."""
        root = self.folder.root
        log = ingest.current(root, before.facts, before.marks)
        condition = "" if self.suspect else ingest.window(reading, before.watermark)
        made += [f"facts/{name}.parquet", f"marks/{name}.parquet"]
        if not ingest.find(self.engine, reading, condition, log):
            return None
        return ingest.take(self.engine, reading, condition, log, root, name)

    def _rows(self, taken: ingest.Taken | None, facts: tuple[Part, ...]) -> dict[str, int]:
        """Return the row counts of the manifest: items taken, items in the log, cells of each cube."""
        cells = {cube.table: ingest.count(self.engine, cube.table) for cube in CUBES}
        return {"taken": taken.items if taken else 0, "log": sum(part.rows for part in facts), **cells}

    def _change_cubes(self, taken: ingest.Taken | None, log: str) -> dict[str, set[str]]:
        if self.suspect:
            return cubing.rebuild(self.engine, log)
        if taken is None:
            return {cube.name: set() for cube in CUBES}
        return cubing.apply(self.engine, taken.arrived, taken.departed)

    def _write_cubes(
        self, before: Manifest, touched: dict[str, set[str]], name: str, made: list[str]
    ) -> dict[str, dict[str, str]]:
        cubes = {}
        for cube in CUBES:
            months = touched[cube.name]
            made += [f"cubes/{cube.name}/{month}-{name}.parquet" for month in months]
            written = cubing.write(self.engine, cube, months, name, self.folder.root)
            kept = before.cubes.get(cube.name, {}) | written
            cubes[cube.name] = {month: path for month, path in sorted(kept.items()) if path is not None}
        return cubes

    def _prove(self, manifest: Manifest, before: Manifest, reading: Reading) -> Manifest:
        limit = self.settings.reconcile_rows
        try:
            proof = prove(self.engine, reading, self.control, self.touched, before.pending, limit)
        except Mismatch as mismatch:
            mismatch.figures = locate(self.engine, reading, mismatch.differences)
            raise
        today = reading.as_of.astimezone(SHANGHAI).date()
        stages = source_stages(reading, before.stages, self.pulse or {}, today)
        result = {"ok": True, "items": proof.item_months if proof.item_months is not None else "all"}
        return replace(manifest, controls=proof.controls, pending=proof.pending, reconcile=result, stages=stages)

    def _publish(self, manifest: Manifest, still_leader: Callable[[], bool]) -> Pointer | Refused:
        if not still_leader():
            return Refused("lease", "租约已由另一个分钟工人接手,本次快照作废")
        now = self.clock().astimezone(SHANGHAI).isoformat()
        pointer = Pointer(manifest.id, manifest.fence, manifest.as_of, now)
        self.flipping = True
        flipped = self.store.flip(pointer)
        self.flipping = False
        if not flipped:
            return Refused("fence", "已有更新的分钟工人在发布,本次快照作废")
        self.manifest = manifest
        return pointer

    def _settle(self) -> None:
        """After the flip: keep the memory, clear the fault, and now and then sweep what nobody needs."""
        self.engine.execute("COMMIT")
        self.suspect = False
        self.store.clear_fault()
        now = self.clock()
        if self.swept is None or (now - self.swept).total_seconds() >= SWEEP_SECONDS:
            self.swept = now
            self._sweep(now)

    def _sweep(self, now: datetime) -> None:
        assert self.manifest is not None
        self.store.sweep({self.manifest.id, *self.folder.generations()[:PAYLOADS_KEPT]})
        self.folder.sweep(self.manifest.id, now)

    def _undo(self, made: list[str]) -> None:
        """Forget what this tick did. Memory is read anew from the files, for the fault may lie in the memory itself."""
        with contextlib.suppress(duckdb.Error):
            self.engine.execute("ROLLBACK")
        self.manifest = None
        if made and not self.flipping:  # A flip that raised may have happened all the same; the sweep decides later.
            self.folder.discard(made[1:], made[0])

    def _raise_fault(self, mismatch: Mismatch) -> None:
        present = self.store.fault() or {}
        since = present.get("since") or self.clock().astimezone(SHANGHAI).isoformat()
        fault = {"code": "reconcile", "message": str(mismatch), "since": since, "figures": mismatch.figures}
        self.store.put_fault(fault)

    def close(self) -> None:
        """Close the engine and the connection."""
        self.engine.close()
        self.source.close()

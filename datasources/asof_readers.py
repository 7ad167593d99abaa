"""Opens past moments of the published log: refuses what cannot be looked back at, and keeps the few used last."""

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from datasources import ingest
from datasources.asof import NOW, THEN, AsOf, AsOfReader, Differences, newest_taken
from datasources.facts import fact_types
from datasources.reader import Reader, Readers
from datasources.snapshots import Folder, Manifest, SnapshotUnreadable
from datasources.source import SHANGHAI
from datasources.wall import Moment, goal_cents, wall_figures

MOST_OPEN = 2  # Each moment holds two engines.
WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
MINUTE = "%Y-%m-%dT%H:%M"
# With another form of the answers the names change too, so that no kept answer of an earlier form is handed out.
FORM = 1


class UnfitMoment(ValueError):
    """The moment is written wrongly or lies outside of what can be looked back at; the message is for people."""


class NothingKnown(LookupError):
    """Nothing has been published yet, or it cannot be read at the moment; the message is for people."""


@dataclass(frozen=True)
class Extent:
    """How far one can look back: when the platform began to know, the first clearance, and the newest data."""

    earliest: datetime
    first_day: date
    latest: datetime


@dataclass(frozen=True)
class Past:
    """A moment opened: both readers, how they differ, and the registers' stages of then and of today."""

    then: AsOfReader
    now: AsOfReader
    differences: Differences
    stages: dict[str, Any]
    sources: dict[str, Any]

    @property
    def began(self) -> bool:
        """Whether anything was known at the moment; before that there is no knowledge of then to compare with."""
        return self.then.moment.last > 0

    def reader(self, known: str) -> AsOfReader:
        """Return the reader of what is known "then" or "now"."""
        return self.then if known == THEN else self.now


def moment_of(text: str) -> datetime:
    """Read a moment of Xi'an written 2026-03-05T09:00; raises UnfitMoment."""
    try:
        if WRITTEN.fullmatch(text):
            return datetime.strptime(text, MINUTE).replace(tzinfo=SHANGHAI)
    except ValueError:
        pass
    raise UnfitMoment("回看的时刻应写作 2026-03-05T09:00（北京时间，到分）")


def beginning(extent: Extent) -> datetime:
    """Return the first whole minute at which something was known."""
    minute = extent.earliest.replace(second=0, microsecond=0)
    return minute if minute == extent.earliest else minute + timedelta(minutes=1)


class AsOfReaders:
    """Past moments of the published log for all threads of a process.

    One moment is opened at a time: whoever scrubs faster than the machine waits in line and does not add work. A moment
    that is replaced is left to the garbage collector, for another thread may still be asking it.
    """

    def __init__(self, readers: Readers) -> None:
        self.readers = readers
        self.settings = readers.settings
        self.folder = Folder(readers.settings.var / "analytics")
        self._open: OrderedDict[str, Past] = OrderedDict()
        self._opening = threading.Lock()
        self._manifest: Manifest | None = None
        self._extents: dict[tuple[str, ...], Extent] = {}

    def manifest(self) -> tuple[Reader, Manifest]:
        """Return the published generation's reader and manifest; raises NothingKnown and SnapshotUnreadable."""
        reader = self.readers.current()
        if reader is None:
            raise NothingKnown("还没有发布任何一代数据，请稍后再试")
        if self._manifest is None or self._manifest.id != reader.generation:
            self._manifest = self.folder.load(reader.generation)
        return reader, self._manifest

    def extent(self) -> Extent:
        """Return how far one can look back; raises NothingKnown."""
        reader, manifest = self.manifest()
        latest = datetime.fromisoformat(manifest.as_of).astimezone(SHANGHAI)
        key = tuple(part.path for part in manifest.facts)
        if key not in self._extents:
            log = ingest.relation(self.folder.root, manifest.facts, fact_types())
            known = reader.rows(f"SELECT MIN(known_from) FROM {log}")[0][0]
            first = reader.rows("SELECT MIN(day) FROM cube_country")[0][0]
            if known is None or first is None:
                raise NothingKnown("还没有结关的报关单，没有可以回看的数据")
            self._extents = {key: Extent(known.replace(tzinfo=UTC).astimezone(SHANGHAI), first, latest)}
        found = self._extents[key]
        return Extent(found.earliest, found.first_day, latest)

    def fit(self, text: str, known: str) -> tuple[datetime, str]:
        """Read a moment and which knowledge of it is asked for; without one that of then, where there was any.

        Raises UnfitMoment and NothingKnown.
        """
        at, extent = moment_of(text), self.extent()
        if known not in ("", THEN, NOW):
            raise UnfitMoment("参数 known 应为 then（按当时所知）或 now（按现在所知）")
        if at > extent.latest:
            raise UnfitMoment(f"不能回看还没有到的时刻：数据截至 {extent.latest:%Y-%m-%d %H:%M}")
        if at.date() < extent.first_day:
            raise UnfitMoment(f"最早可以回看 {extent.first_day}，此前没有结关的报关单")
        if known == THEN and at < extent.earliest:
            first = f"{beginning(extent):%Y-%m-%d %H:%M}"
            raise UnfitMoment(f"本平台自 {first} 起收到数据，此前的时刻只能按现在所知回看")
        return at, known or (THEN if at >= extent.earliest else NOW)

    def name(self, at: datetime) -> str:
        """Return what a moment is called, with {known} to be filled in: equal names show equal figures."""
        _, manifest = self.manifest()
        parts = [part.path for part in (*manifest.facts, *manifest.marks)]
        switches = (self.settings.map_approval, self.settings.goal_cny_yi, str(manifest.fence), str(FORM))
        stages = _sources(manifest.stages) if (kept := self._kept(at)) is None else kept.id
        whole = "\n".join([*parts, manifest.enterprises, *switches, str(stages)])
        return f"asof-{at:%Y%m%dT%H%M}-{{known}}-{hashlib.sha256(whole.encode()).hexdigest()[:12]}"

    def past(self, at: datetime) -> Past:
        """Open a moment; raises NothingKnown and SnapshotUnreadable."""
        name = self.name(at)
        with self._opening:
            found = self._open.pop(name, None) or self._opened(at, name)
            self._open[name] = found
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        return found

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn files that were swept away under an open moment into NothingKnown; the next reading opens them anew."""
        try:
            yield
        except (SnapshotUnreadable, duckdb.Error) as reason:
            with self._opening:
                self._open.clear()
                self._manifest = None
            raise NothingKnown("这一刻的数据暂时读不出来，请稍后再试") from reason

    def _opened(self, at: datetime, name: str) -> Past:
        reader, manifest = self.manifest()
        root, kept = self.folder.root, self._kept(at)
        last = int(reader.rows(newest_taken(root, manifest, at))[0][0])
        moment = AsOf(at, last, name, kept.enterprises if kept else manifest.enterprises)
        then, now = (AsOfReader(root, manifest, moment, known) for known in (THEN, NOW))
        same_year = kept is not None and kept.moment.astimezone(SHANGHAI).year == at.year
        stages = kept.stages if kept and same_year else {}
        return Past(then, now, now.differences(), stages, _sources(manifest.stages))

    def _kept(self, at: datetime) -> Manifest | None:
        """Return the newest kept generation of a moment, if one is left: the registers have no log of their own."""
        stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}~"  # sorts behind every name of this second
        for generation in self.folder.generations():
            if generation <= stamp:
                try:
                    return self.folder.load(generation)
                except SnapshotUnreadable:
                    continue
        return None


def _sources(stages: dict[str, Any]) -> dict[str, Any]:
    """Return which registers feed a stage today."""
    return {"transferred": bool(stages.get("registrations")), "licensed": bool(stages.get("licences"))}


def past_figures(past: Past, known: str, settings: Any, demo: bool) -> dict[str, Any]:
    """Return the figures of the wall for a past moment, as datasources.wall.wall_figures gives them; no events.

    The registers' stages are those of the newest kept generation of the moment, whichever knowledge is asked for, and
    None where none is kept; only a stage that nothing feeds to this day is one without a source.
    """
    reader = past.reader(known)
    at, goal = reader.moment.at, goal_cents(settings.goal_cny_yi)
    moment = Moment(reader.generation, at, at, demo, settings.map_approval, goal, past.stages, [])
    with reader.engine.cursor() as cursor:
        figures = wall_figures(cursor, moment)
    fed = [{**stage, "source": stage["source"] or past.sources.get(stage["key"], False)} for stage in figures["stages"]]
    return {**figures, "stages": fed}

"""Generations on disk: the manifest that names a generation's immutable files, what is kept, and what is swept away."""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

FORMAT = 1
MINUTES_KEPT = timedelta(hours=24)
HOURS_KEPT = timedelta(days=31)
# A file this young may belong to a tick that has not published yet.
YOUNG = timedelta(minutes=10)
FOLDERS = ("facts", "marks", "cubes", "enterprises")


class SnapshotUnreadable(RuntimeError):
    """A generation's manifest or one of its files is missing or was written by another format."""


@dataclass(frozen=True)
class Part:
    """One immutable Parquet file, relative to the analytics folder, with its number of rows."""

    path: str
    rows: int


@dataclass(frozen=True)
class Manifest:
    """Everything a generation is made of; no other state exists, so a new worker needs nothing else."""

    id: str
    fence: int
    as_of: str
    watermark: str
    made_at: str
    facts: tuple[Part, ...] = ()
    marks: tuple[Part, ...] = ()
    cubes: dict[str, dict[str, str]] = field(default_factory=dict)
    enterprises: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    controls: dict[str, dict[str, int]] = field(default_factory=dict)
    reconcile: dict[str, Any] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    stages: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    def files(self) -> set[str]:
        """Return the paths of all files this generation needs."""
        cubes = {path for months in self.cubes.values() for path in months.values()}
        return {part.path for part in (*self.facts, *self.marks)} | cubes | ({self.enterprises} - {""})

    @property
    def moment(self) -> datetime:
        """The moment the data is of."""
        return datetime.fromisoformat(self.as_of)


def generation_id(as_of: datetime, sequence: int, fence: int) -> str:
    """Name a generation so that names sort by time, and two workers in the same second never choose the same one."""
    return f"{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}-{sequence:06d}-{fence}"


def sequence_of(generation: str) -> int:
    """Return the running number in a generation's name."""
    return int(generation.split("-")[1])


class Folder:
    """The folder `var/analytics` with its manifests and files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.known: dict[str, tuple[datetime, frozenset[str]]] = {}

    def path(self, relative: str) -> Path:
        """Return where a file of a manifest lies; its folder exists afterwards."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def save(self, manifest: Manifest) -> None:
        """Write a manifest in one step that a power failure cannot halve."""
        target = self.path(f"generations/{manifest.id}.json")
        aside = target.with_suffix(".part")
        with aside.open("wb") as file:
            file.write(orjson.dumps(asdict(manifest)))
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, target)

    def load(self, generation: str) -> Manifest:
        """Read a manifest and see that its files are there; raises SnapshotUnreadable."""
        try:
            raw = orjson.loads((self.root / f"generations/{generation}.json").read_bytes())
        except (OSError, ValueError) as reason:
            raise SnapshotUnreadable(f"快照 {generation} 的清单无法读取") from reason
        if raw.get("format") != FORMAT:
            raise SnapshotUnreadable(f"快照 {generation} 的格式不是 {FORMAT}")
        raw["facts"], raw["marks"] = (tuple(Part(**part) for part in raw[name]) for name in ("facts", "marks"))
        manifest = Manifest(**(raw | {"pending": tuple(raw["pending"])}))
        missing = [name for name in manifest.files() if not (self.root / name).is_file()]
        if missing:
            raise SnapshotUnreadable(f"快照 {generation} 缺少文件 {sorted(missing)[0]}")
        return manifest

    def generations(self) -> list[str]:
        """Return the names of all generations on disk, newest first."""
        return sorted((path.stem for path in (self.root / "generations").glob("*.json")), reverse=True)

    def discard(self, files: Iterable[str], generation: str) -> None:
        """Remove what an unpublished tick wrote."""
        for name in (*files, f"generations/{generation}.json"):
            (self.root / name).unlink(missing_ok=True)

    def _references(self, generation: str) -> tuple[datetime, frozenset[str]] | None:
        """Return a generation's moment and files; manifests never change, so each is read once."""
        if generation not in self.known:
            try:
                raw = orjson.loads((self.root / f"generations/{generation}.json").read_bytes())
                parts = [part["path"] for part in (*raw["facts"], *raw["marks"])]
                cubes = [path for months in raw["cubes"].values() for path in months.values()]
                self.known[generation] = (
                    datetime.fromisoformat(raw["as_of"]),
                    frozenset([*parts, *cubes, raw["enterprises"]]),
                )
            except (OSError, ValueError, KeyError):
                return None
        return self.known[generation]

    def sweep(self, current: str, now: datetime) -> int:
        """Drop generations past their time and files that none of the rest needs; return how many files went."""
        moments = {name: seen[0] for name in self.generations() if (seen := self._references(name))}
        keep = (
            kept(moments, now) | {current} | {name for name in moments if self._young(f"generations/{name}.json", now)}
        )
        for name in set(self.generations()) - keep:
            (self.root / f"generations/{name}.json").unlink(missing_ok=True)
            self.known.pop(name, None)
        needed = {path for name in keep if (seen := self._references(name)) for path in seen[1]}
        return sum(self._sweep_folder(folder, needed, now) for folder in FOLDERS)

    def _sweep_folder(self, folder: str, needed: set[str], now: datetime) -> int:
        gone = 0
        for path in (self.root / folder).rglob("*.*"):
            name = path.relative_to(self.root).as_posix()
            if name not in needed and not self._young(name, now):
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _young(self, name: str, now: datetime) -> bool:
        """Tell whether a file may belong to a tick that has not published yet; one that is gone needs no care."""
        try:
            return (self.root / name).stat().st_mtime > (now - YOUNG).timestamp()
        except FileNotFoundError:
            return False


def kept(moments: dict[str, datetime], now: datetime) -> set[str]:
    """Choose the generations to keep: all of 24 hours, the last of each hour of 31 days, the last of each day ever.

    Of several manifests with one running number only the last was published; the others are what a killed tick left.
    """
    last = {sequence_of(name): name for name in sorted(moments)}
    chosen: dict[tuple[str, str], str] = {}
    for name in sorted(last.values()):
        moment, age = moments[name].astimezone(UTC), now - moments[name]
        every = name if age <= MINUTES_KEPT else f"{moment:%Y%m%d%H}" if age <= HOURS_KEPT else f"{moment:%Y%m%d}"
        chosen["each", every] = name
        chosen["day", f"{moment:%Y%m%d}"] = name
    return set(chosen.values())

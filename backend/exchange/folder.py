"""The exchange folder: which files in it are for us."""

from collections.abc import Iterator
from pathlib import Path

TABLE_SUFFIXES = {".csv", ".xlsx", ".xlsm", ".xls"}
PARTS = ("", "declarations", "receipts")  # Other sub-folders, such as `later`, hold what has not been sent yet.


def find_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """Tables and messages of an exchange folder, each in the order of their names.

    Raises FileNotFoundError with a sentence for people when the folder is not there.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"没有这个目录：{folder}")
    files = [path for part in PARTS for path in _files(folder / part)]
    tables = [path for path in files if path.suffix.lower() in TABLE_SUFFIXES]
    return tables, [path for path in files if path.suffix.lower() == ".xml"]


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "~")))

"""The floor of browsers: our own scripts read as ES2019, what leads away from the wall as ES5, sheets without news."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import unavailable

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"
# What Chromium 84, the floor of the wall, does not know; the sheet of /wall/plain must also do without what came later
# than Chromium 49.
AFTER_84 = r"[ ;{]inset:|aspect-ratio:|:is\(|:where\(|:has\(|color-mix\(|@layer|@container|\ddvh|text-wrap"
AFTER_49 = (
    AFTER_84 + r"|display: (inline-)?grid|[ ;{](row-|column-)?gap:|(min|max|clamp)\(|place-items|accent-color|inset"
)


def faults(year: int, files: list[Path]) -> list[str]:
    """What a parser of that year's language can not read."""
    node = shutil.which("node")
    if node is None:
        unavailable("本机没有安装 Node.js，脚本的语言版本无法检验")
    assert node is not None and files
    command = [node, str(ROOT / "tests" / "read_scripts.cjs"), str(year), *map(str, files)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def bare(sheet: Path) -> str:
    """A style sheet without its comments and media queries' heads."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"@media[^{]*", "@media ", text)


def test_our_own_scripts_are_es2019() -> None:
    assert faults(2019, sorted([*ASSETS.glob("js/*.js"), *ASSETS.glob("head/*.js")])) == []


def test_what_leads_older_browsers_away_is_es5() -> None:
    assert faults(5, [ASSETS / "head" / "floor.js"]) == []


def test_the_reader_knows_what_is_too_new(tmp_path: Path) -> None:
    new = tmp_path / "new.js"
    new.write_text("var a = window?.b;", encoding="utf-8")
    assert len(faults(2019, [new])) == 1 and faults(2020, [new]) == []


@pytest.mark.parametrize("sheet", ["30-wall.css", "31-wall-wide.css"])
def test_the_walls_sheets_keep_to_the_floor(sheet: str) -> None:
    assert re.findall(AFTER_84, bare(ASSETS / sheet)) == []


def test_the_sheet_of_the_wall_without_scripts_keeps_to_much_older_browsers() -> None:
    assert re.findall(AFTER_49, bare(ASSETS / "head" / "plain.css")) == []

"""Brings the third-party files of the screens (charts, fonts, styles) from node_modules to assets/vendor/."""

import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FONT_FILE = re.compile(r"url\(\./(files/[\w.-]+\.woff2)\)")
# The older .woff form is only named as a fallback: no browser that the platform supports asks for it.
WOFF_FALLBACK = re.compile(r",\s*url\(\./files/[\w.-]+\.woff\) format\('woff'\)")
SOURCE_MAP = re.compile(r"\n?/\*# sourceMappingURL=\S+ \*/\s*$|\n?//# sourceMappingURL=\S+\s*$")


class VendorFileMissing(FileNotFoundError):
    """A file that a package should hold is not there; the message says what the reader can do."""


@dataclass(frozen=True)
class Package:
    """One npm package: which of its files go to which folder of assets/vendor/."""

    name: str
    target: str
    files: tuple[str, ...]
    style_sheets: tuple[str, ...] = field(default=())  # fonts: the sheets are edited, and bring the files they name


FIGURE_WEIGHTS = ("400.css", "500.css", "600.css")
PACKAGES = (
    Package("echarts", "echarts", ("dist/echarts.min.js",)),
    Package("bootstrap", "bootstrap", ("dist/css/bootstrap.min.css",)),
    Package("@fontsource-variable/noto-sans-sc", "fonts/noto-sans-sc", (), ("index.css",)),
    Package("@fontsource-variable/noto-serif-sc", "fonts/noto-serif-sc", (), ("index.css",)),
    Package("@fontsource/ibm-plex-sans-condensed", "fonts/ibm-plex-sans-condensed", (), FIGURE_WEIGHTS),
)


def copy_all(modules: Path, vendor: Path) -> int:
    """Copy every package's files afresh and return how many; raise VendorFileMissing before anything is removed."""
    missing = [package.name for package in PACKAGES if not (modules / package.name / "package.json").is_file()]
    if missing:
        raise VendorFileMissing(f"缺少第三方文件：{'、'.join(missing)}。请先在工程根目录执行 npm ci，再重试。")
    # A fresh neighbour folder takes the place of the old one, so that an interrupted copy leaves the old files whole.
    fresh = vendor.with_name(vendor.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    count = sum(copy_package(modules / package.name, fresh / package.target, package) for package in PACKAGES)
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)
    return count


def copy_package(source: Path, target: Path, package: Package) -> int:
    """Copy one package's files and its licence into a flat folder; return the number of files."""
    target.mkdir(parents=True, exist_ok=True)
    for name in package.files:
        text = existing(source / name).read_text(encoding="utf-8")
        # Without its map file beside it, the pointer to it only makes a browser's developer tools ask in vain.
        (target / Path(name).name).write_text(SOURCE_MAP.sub("\n", text), encoding="utf-8")
    fonts = sum(copy_font_sheet(source, target, sheet) for sheet in package.style_sheets)
    shutil.copyfile(existing(source / "LICENSE"), target / "LICENSE")
    return len(package.files) + len(package.style_sheets) + fonts + 1


def copy_font_sheet(source: Path, target: Path, sheet: str) -> int:
    """Copy a font's style sheet and every woff2 file it names; return the number of font files."""
    text = WOFF_FALLBACK.sub("", existing(source / sheet).read_text(encoding="utf-8"))
    (target / sheet).write_text(text, encoding="utf-8")
    (target / "files").mkdir(exist_ok=True)
    names = sorted(set(FONT_FILE.findall(text)))
    for name in names:
        shutil.copyfile(existing(source / name), target / name)
    return len(names)


def existing(path: Path) -> Path:
    """Return the path if a file is there, else raise VendorFileMissing."""
    if not path.is_file():
        raise VendorFileMissing(f"第三方包不完整，缺少文件：{path}。请删除 node_modules 后重新执行 npm ci。")
    return path


def run() -> int:
    """Copy into this project's assets/vendor/; the exit status is 0, or 1 with the reason on standard error."""
    try:
        count = copy_all(ROOT / "node_modules", ROOT / "assets" / "vendor")
    except OSError as reason:
        print(f"第三方文件没有复制成功：{reason}", file=sys.stderr)
        return 1
    print(f"第三方文件已就绪：assets/vendor/ 共 {count} 个文件。")
    return 0


if __name__ == "__main__":
    raise SystemExit(run())

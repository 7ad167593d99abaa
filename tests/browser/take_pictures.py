"""Takes the pictures of the wall in assets/screenshots/ from a demo platform: python -m tests.browser.take_pictures."""

import base64
import shutil
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from dashboard.face_names import FACES
from tests.conftest import BROWSER_ARGUMENTS
from tests.running import ROOT, Platform

FOLDER = ROOT / "assets" / "screenshots"
PALETTE = (Path(__file__).parent / "palette.js").read_text(encoding="utf-8")
OVERVIEW = "overview"
SHOTS = (
    ((1366, 768), "dark", OVERVIEW),
    ((1920, 1080), "dark", OVERVIEW),
    ((3840, 2160), "dark", OVERVIEW),
    ((7680, 2160), "dark", OVERVIEW),
    ((1920, 1080), "light", OVERVIEW),
    ((1920, 1080), "print", OVERVIEW),
    *(((1920, 1080), "dark", face) for face in FACES if face != OVERVIEW),
)
DRAWN = "() => [...document.querySelectorAll('.plot')].every(e => !e.clientWidth || e.dataset.drawn === 'data')"


def file_of(size: tuple[int, int], theme: str, face: str) -> Path:
    """wall-1920x1080-dark.png, for another face than the overview wall-asia-1920x1080-dark.png."""
    name = "" if face == OVERVIEW else f"-{face}"
    return FOLDER / f"wall{name}-{size[0]}x{size[1]}-{theme}.png"


def picture(browser: Browser, url: str, size: tuple[int, int], theme: str, face: str) -> bytes:
    """One face of the wall, drawn and at rest, as PNG of 256 colours."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{url}/")
    page.click("a[href='/demo/screen']")
    page.wait_for_url("**/wall")
    page.goto(f"{url}/wall?theme={theme}&show={face}")
    page.wait_for_selector("body[data-generation]", timeout=60_000)
    page.wait_for_function(DRAWN, timeout=60_000)
    page.wait_for_timeout(3000)
    taken = page.screenshot()
    page.goto("about:blank")
    few = few_colours(page, taken)
    context.close()
    return few


def few_colours(page: Page, taken: bytes) -> bytes:
    """A PNG of at most 256 colours; the browser picks them, since it is there and reads PNG."""
    found: dict[str, Any] = page.evaluate(PALETTE, base64.b64encode(taken).decode())
    head = struct.pack(">IIBBBBB", found["width"], found["height"], 8, 3, 0, 0, 0)
    rows = zlib.compress(zlib.decompress(base64.b64decode(found["rows"])), 9)
    chunks = ((b"IHDR", head), (b"PLTE", bytes(found["palette"])), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in chunks)


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def take(url: str, executable: str) -> None:
    """All pictures of a running demo."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=BROWSER_ARGUMENTS)
        for shot in SHOTS:
            target = file_of(*shot)
            target.write_bytes(picture(browser, url, *shot))
            print(target.relative_to(ROOT), target.stat().st_size)
        browser.close()


def main() -> None:
    """Start a demo of its own, or use the one whose address is given."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    if len(sys.argv) > 1:
        take(sys.argv[1].rstrip("/"), executable)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        Platform(Path(folder) / "var", demo="on", goal_cny_yi="3") as platform,
    ):
        take(platform.url, executable)


if __name__ == "__main__":
    main()

"""Demo data: two invented years taken in through the import path, then something new every few seconds."""

import logging
import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select

from backend.administration.facts import DEMO, platform_fact_of, set_platform_fact
from backend.clearance.states import SHANGHAI
from backend.demo.world import World
from backend.exchange.importer import Importer, Progress, quiet
from backend.models import declaration, document
from dashboard.settings import Settings

SEED = 20260101
SEEDED = "seeded"
log = logging.getLogger("panorama.demo")


def is_demo(engine: Engine) -> bool:
    """Whether this database holds demo data; then every page says so."""
    return platform_fact_of(engine, DEMO) is not None


def seed_if_new(settings: Settings, engine: Engine, progress: Progress = quiet) -> bool:
    """Fill an empty database with demo data when the settings allow it; begun and broken off, it is finished."""
    begun = is_demo(engine)
    if settings.demo == "off" or (not begun and not _is_empty(engine)):
        return False
    folder = settings.var / "demo"
    if begun and (folder / SEEDED).exists():
        return False
    set_platform_fact(engine, DEMO, datetime.now(SHANGHAI).date().isoformat())
    if not folder.exists():
        _write_world(folder, settings.demo_declarations)
    Importer(engine, "演示数据", progress=progress).run(folder)
    (folder / SEEDED).touch()
    return True


def _write_world(folder: Path, declarations: int) -> None:
    """Write beside and rename, so that a start broken off half-way leaves no half world."""
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    World(SEED, datetime.now(SHANGHAI).date() - timedelta(days=1)).write(part, declarations)
    part.rename(folder)


def _is_empty(engine: Engine) -> bool:
    with engine.connect() as connection:
        counts = [connection.scalar(select(func.count()).select_from(table)) for table in (document, declaration)]
    return not any(counts)


class Trickle:
    """Lets the next small thing of the demo world happen, by way of the exchange folder."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self.folder: Path = settings.var / "demo"
        self.next_at = time.monotonic()
        self.world: World | None = None
        self.importer = Importer(engine, "演示数据")

    def maybe(self) -> None:
        """Take the next event when it is due; a failure is logged and tried again later."""
        if self.settings.demo == "off" or time.monotonic() < self.next_at or not is_demo(self.engine):
            return
        self.next_at = time.monotonic() + self.settings.demo_every
        try:
            self._happen()
        except Exception:
            log.exception("演示数据没有更新")

    def _happen(self) -> None:
        if self.world is None:
            self.world = World.resume(self.folder)
        paths = []
        for name, data in self.world.next_events(datetime.now(SHANGHAI)):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            paths.append(path)
        self.importer.take([p for p in paths if p.suffix == ".csv"], [p for p in paths if p.suffix == ".xml"])

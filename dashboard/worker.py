"""The minute worker: leads by lease, looks for changes, and publishes a generation at least every minute."""

import logging
import os
import secrets
import signal
import socket
import threading
import time

from sqlalchemy import Engine

from backend.administration.lease import give_back, holds_lease, take_lease
from backend.crypto.keys import open_keys
from backend.db import make_engine
from backend.screens.watch import ScreenWatch
from cache.store import open_store
from dashboard.demo import Trickle
from dashboard.duties import Duties
from dashboard.family import stop_with_parent
from dashboard.publish import render
from dashboard.settings import Settings
from datasources.minute import Minute

LEASE = "minute"
PATIENCE = 120  # Seconds a tick may take before the worker counts as hung and lets the lease run out.
log = logging.getLogger("panorama.worker")


class Leadership:
    """Holds the lease in a thread of its own, so that a long tick does not lose it, and a frozen process does."""

    def __init__(self, engine: Engine, seconds: float) -> None:
        self.engine = engine
        self.seconds = seconds
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.fence: int | None = None
        self.alive_at = time.monotonic()
        self.stopped = threading.Event()

    def keep(self) -> None:
        """Take and renew the lease until stopped."""
        while not self.stopped.is_set():
            if time.monotonic() - self.alive_at < PATIENCE:
                self._renew()
            self.stopped.wait(self.seconds / 4)

    def _renew(self) -> None:
        try:
            self.fence = take_lease(self.engine, LEASE, self.holder, self.seconds)
        except Exception:
            log.exception("续租失败，稍后再试")

    def still(self) -> bool:
        """Whether this worker may publish right now, asked of the database itself."""
        return self.fence is not None and holds_lease(self.engine, LEASE, self.holder, self.fence)

    def resign(self) -> None:
        """Stop renewing and give the lease back."""
        self.stopped.set()
        give_back(self.engine, LEASE, self.holder)


def run_worker(settings: Settings) -> None:
    """Work until the process is told to stop or its parent is gone."""
    stop_with_parent()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    engine = make_engine(settings.database)
    leadership = Leadership(engine, settings.lease)
    threading.Thread(target=leadership.keep, name="lease", daemon=True).start()
    screens = ScreenWatch(engine)
    trickle, duties = Trickle(settings, engine), Duties(settings, engine, open_keys(settings.key_folder))
    minute: Minute | None = None
    ticked = 0.0
    try:
        while True:
            leadership.alive_at = time.monotonic()
            fence = leadership.fence
            if fence is None:
                minute = None  # Another worker leads; what we remember of the last generation grows stale.
                time.sleep(settings.poll)
                continue
            minute = minute or Minute(settings, open_store(settings), render)
            trickle.maybe()
            duties.maybe()
            screens.maybe()
            if ticked_now(minute, leadership, fence, time.monotonic() - ticked >= settings.minute - settings.poll):
                ticked = time.monotonic()
            time.sleep(settings.poll)
    except KeyboardInterrupt:
        leadership.resign()


def ticked_now(minute: Minute, leadership: Leadership, fence: int, due: bool) -> bool:
    """Publish when the minute is over or something changed; an error leaves the last generation on the screens."""
    try:
        if not due and not minute.changed():
            return False
        outcome = minute.tick(fence, leadership.still)
        log.info("%s", outcome)
        return True
    except Exception:
        log.exception("这一分钟没有发布，屏上仍是上一代数据")
        return False

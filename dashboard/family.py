"""Processes that belong together: a child does not outlive its parent, a parent starts a dead child again."""

import logging
import os
import subprocess
import sys
import threading
import time

import psutil

log = logging.getLogger("panorama.family")


def stop_with_parent() -> None:
    """End this process when its parent is gone, also when the parent was killed without a chance to say so."""
    parent = os.getppid()

    def watch() -> None:
        # Elsewhere the orphan gets another parent; on Windows it keeps the number of the dead one.
        while os.getppid() == parent and psutil.pid_exists(parent):
            time.sleep(1)
        os._exit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()


class Child:
    """A command of this program in a process of its own, started again whenever it ends."""

    def __init__(self, *command: str) -> None:
        self.command = [sys.executable, "-m", *command]
        self.process: subprocess.Popen[bytes] | None = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._keep, name=" ".join(command), daemon=True)

    def start(self) -> None:
        """Start the process and go on watching it."""
        self.thread.start()

    def _keep(self) -> None:
        while not self.stopping.is_set():
            self.process = subprocess.Popen(self.command)
            self.process.wait()
            if not self.stopping.is_set():
                log.warning("%s 意外结束，重新启动", " ".join(self.command[2:]))
                self.stopping.wait(1)

    def stop(self) -> None:
        """End the process; it gets five seconds to do so by itself."""
        self.stopping.set()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()

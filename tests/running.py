"""A running platform of a test's own: the real command, a real port, its processes known by number."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from tests.servers import end_with_parent, free_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60


class Platform:
    """`python -m dashboard run` with its state in one folder; settings are given as keyword arguments."""

    def __init__(self, var: Path, **settings: object) -> None:
        self.var = var
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        given = {"var": var, "port": self.port, "demo": "off", **settings}
        bare = {name: value for name, value in os.environ.items() if not name.startswith("PANORAMA_")}
        self.env = {**bare, **{f"PANORAMA_{name.upper()}": str(value) for name, value in given.items()}}
        self.process: subprocess.Popen[bytes] | None = None
        self.token = ""

    def __enter__(self) -> "Platform":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until it can serve."""
        self.var.mkdir(parents=True, exist_ok=True)
        with open(self.var / "platform.log", "ab") as log:
            command = [sys.executable, "-m", "dashboard", "run"]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdout=log, stderr=log, preexec_fn=end_with_parent(signal.SIGTERM)
            )
        self.await_health()

    def await_health(self) -> None:
        """Wait until /healthz says that pages can be served."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.get("/healthz")[0] == 200:
                return
            time.sleep(0.1)
        raise TimeoutError(self.log())

    def log(self) -> str:
        """The end of what its processes wrote."""
        return (self.var / "platform.log").read_text(encoding="utf-8")[-4000:]

    def stop(self) -> None:
        """End it with all its processes."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def command(self, *words: str) -> str:
        """Run one of the backend's commands and give what it printed."""
        done = subprocess.run(self.backend(*words), cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def backend(self, *words: str) -> list[str]:
        """The command line of a backend command."""
        return [sys.executable, "-m", "backend", *words]

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, dict[str, str]]:
        """GET a path; gives status (0 when nobody answers), body and headers."""
        request = urllib.request.Request(self.url + path, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read(), dict(error.headers)
        except OSError:
            return 0, b"", {}

    def statistics(self, by: str, **days: str) -> dict[str, Any]:
        """Ask the statistics interface with a token of the role commerce."""
        if not self.token:
            self.token = self.command("token", "create", "--name", "测试", "--role", "commerce").splitlines()[-1]
        query = "&".join([f"by={by}", *(f"{name.rstrip('_')}={day}" for name, day in days.items())])
        status, body, _ = self.get(f"/api/v1/statistics?{query}", {"Authorization": f"Bearer {self.token}"})
        assert status == 200, body
        found: dict[str, Any] = json.loads(body)
        return found

    def await_figures(self, truth: dict[str, Any], seconds: float = 30) -> None:
        """Wait until the interface shows a truth; fails with the last figures seen."""
        deadline = time.monotonic() + seconds
        while not api_shows(self, truth):
            assert time.monotonic() < deadline, f"{self.statistics('month')['total']} {truth['vehicles']}\n{self.log()}"
            time.sleep(0.3)

    def child(self, word: str) -> psutil.Process:
        """A child process by the word of its command line: worker for the minute worker, web for the web server."""
        assert self.process is not None
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for child in psutil.Process(self.process.pid).children(recursive=True):
                try:
                    if word in child.cmdline():
                        return child
                except psutil.Error:
                    continue
            time.sleep(0.1)
        raise TimeoutError(word)


def api_shows(platform: Platform, truth: dict[str, Any]) -> bool:
    """Whether the interface equals a truth in total and by every dimension."""
    for by in ("month", "country", "model", "enterprise"):
        answer = platform.statistics(by)
        cells = {row.pop("key"): row for row in answer["rows"]}
        total = {name: truth[name] for name in ("vehicles", "declarations", "cny_cents", "usd_cents")}
        if cells != truth[f"by_{by}"] or answer["total"] != total:
            return False
    return True

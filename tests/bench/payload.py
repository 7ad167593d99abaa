"""Bytes of the wall under fifty connections, against one nginx worker that serves the same bytes from a file."""

import http.client
import json
import re
import socket
import statistics
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from backend.db import make_engine
from backend.demo.world import World
from backend.identity.sessions import csrf_of
from backend.identity.tokens import create_token
from dashboard import ids
from tests.bench.report import Result
from tests.running import Platform
from tests.servers import free_port

NGINX = """
worker_processes 1; daemon off; master_process on; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000; default_type application/json;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ root {folder}/www; }} }} }}
"""
SLOW_CLIENTS = 40
ASIDE = {"/payload/wall": "取字节", "/healthz": "问健康"}


def bench_payload(folder: Path, quick: bool) -> Result:
    """Alternate nginx, byte route and Dash callback in several rounds; then look aside while clients send slowly."""
    rounds, seconds = (1, 2) if quick else (3, 5)
    World(3, date.today()).write(folder / "world", 300 if quick else 3_000)
    with Platform(folder / "var", demo="off", threads=8, processes=2) as platform:
        platform.command("import", str(folder / "world"))
        time.sleep(4)
        engine = make_engine(f"sqlite:///{platform.var / 'ledger.sqlite'}")
        cookie = f"panorama_screen={create_token(engine, 'screen', '压测', 'wall')}"
        body = platform.get("/payload/wall", {"Cookie": cookie})[1]
        padded = pad(platform, body)
        text = f"大屏字节 {len(padded):,}（真实 {len(body):,}），50 个长连接，{rounds} 轮各 {seconds} 秒，同一次运行；"
        result = Result(
            "payload", "大屏字节的吞吐", text + "granian ASGI 2 进程各 8 线程对 nginx 1 个工作进程，均不压缩、无 TLS。"
        )
        rates = measured(folder, platform, cookie, padded, rounds, seconds)
        for name, goal in (("nginx", ""), ("byte", "≥ 60 %"), ("dash", "≥ 12 %")):
            label = {"nginx": "nginx 静态文件", "byte": "守卫之后的字节通道", "dash": "普通 Dash 回调"}[name]
            share = statistics.median(a / b for a, b in zip(rates[name], rates["nginx"], strict=True))
            figure = f"{statistics.median(rates[name]):,.0f} 次/秒" + (f"，为 nginx 的 {share:.1%}" if goal else "")
            result.add(label, goal, figure)
        calm, slow = slow_bodies(platform, cookie)
        for path, label in ASIDE.items():
            figure = f"{slow[path] * 1000:.1f} 毫秒（平时 {calm[path] * 1000:.1f} 毫秒）"
            result.add(f"{SLOW_CLIENTS} 个慢客户端期间{label} p95", "不受影响", figure)
    return result


def pad(platform: Platform, body: bytes) -> bytes:
    """The published wall part, made at least 100 kB by spaces in place, so that all three serve the same bytes."""
    padded = body[:-1] + b" " * max(0, 100_000 - len(body)) + b"}"
    platform.child("worker").suspend()  # It publishes a generation a minute, with bytes that are not padded.
    generation = json.loads(platform.get("/healthz")[1])["generation"]
    path = platform.var / "published" / generation / "wall"
    path.write_bytes(padded)
    platform.child("web").kill()  # Its memory holds the old bytes; nothing else changes.
    time.sleep(1)
    platform.await_health()
    return padded


def measured(
    folder: Path, platform: Platform, cookie: str, body: bytes, rounds: int, seconds: int
) -> dict[str, list[float]]:
    """Requests a second of each server, round by round."""
    script = folder / "dash.lua"
    script.write_text(lua(platform.url, cookie), encoding="utf-8")
    rates: dict[str, list[float]] = {"nginx": [], "byte": [], "dash": []}
    size = len(body)
    with nginx(folder, body) as port:
        for _ in range(rounds):
            rates["nginx"].append(wrk(f"http://127.0.0.1:{port}/wall", size, seconds))
            rates["byte"].append(wrk(f"{platform.url}/payload/wall", size, seconds, "-H", f"Cookie: {cookie}"))
            rates["dash"].append(wrk(f"{platform.url}/_dash-update-component", size, seconds, "-s", str(script)))
    return rates


@contextmanager
def nginx(folder: Path, body: bytes) -> Iterator[int]:
    """One worker of nginx that serves these bytes at /wall from a file; gives its port."""
    folder.chmod(0o755)  # The worker of nginx is another user.
    (folder / "www").mkdir()
    (folder / "www" / "wall").write_bytes(body)
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port), encoding="utf-8")
    process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        yield port
    finally:
        process.terminate()
        process.wait()


def lua(url: str, cookie: str, least: int = 100_000) -> str:
    """The script that makes wrk call the wall's plain callback."""
    asked = {
        "output": f"{ids.WALL_PAYLOAD}.data",
        "outputs": {"id": ids.WALL_PAYLOAD, "property": "data"},
        "inputs": [{"id": ids.WALL_ASK, "property": "data", "value": "x"}],
        "changedPropIds": [f"{ids.WALL_ASK}.data"],
    }
    sent = json.dumps(asked, separators=(",", ":"))  # As a browser writes it.
    request = urllib.request.Request(
        f"{url}/_dash-update-component",
        sent.encode(),
        {"Cookie": cookie, "Content-Type": "application/json", "X-CSRFToken": csrf_of(cookie.partition("=")[2])},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert len(answer.read()) >= least
    headers = f'wrk.headers["Content-Type"]="application/json"\nwrk.headers["Cookie"]="{cookie}"'
    headers += f'\nwrk.headers["X-CSRFToken"]="{csrf_of(cookie.partition("=")[2])}"'
    return f"wrk.method='POST'\nwrk.body=[[{sent}]]\n{headers}\n"


def wrk(url: str, size: int, seconds: int, *more: str) -> float:
    """Requests a second over fifty connections; every answer must be a good one and hold at least `size` bytes."""
    command = ["wrk", "-t1", "-c50", f"-d{seconds}s", *more, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    found = re.search(r"(\d+) requests in [\d.]+\w+, ([\d.]+)([KMG])B read\s+Requests/sec:\s+([\d.]+)", said)
    assert found is not None, said
    answers, read = int(found[1]), float(found[2]) * 1024 ** " KMG".index(found[3])
    assert read > 0.98 * size * answers, f"答复比应有的 {size:,} 字节短：{said}"
    return float(found[4])


def slow_bodies(platform: Platform, cookie: str) -> tuple[dict[str, float], dict[str, float]]:
    """The 95th percentiles of both paths, before and while clients send a body byte by byte."""
    calm, stop = p95(platform, cookie), threading.Event()
    senders = [
        threading.Thread(target=dribble, args=(platform.port, cookie, stop), daemon=True) for _ in range(SLOW_CLIENTS)
    ]
    for sender in senders:
        sender.start()
    time.sleep(1)
    try:
        slow = p95(platform, cookie)
        assert all(sender.is_alive() for sender in senders), "慢客户端没有全部连着，这一项没有测成"
        return calm, slow
    finally:
        stop.set()
        for sender in senders:
            sender.join(5)


def dribble(port: int, cookie: str, stop: threading.Event) -> None:
    """Send a callback's body one byte a second."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = f"POST /_dash-update-component HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head.encode())
        while not stop.wait(1):
            connection.sendall(b" ")


def p95(platform: Platform, cookie: str) -> dict[str, float]:
    """Seconds of 200 fetches of each path, one after the other over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=10)
    times: dict[str, list[float]] = {path: [] for path in ASIDE}
    for path in [*ASIDE] * 200:
        started = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        times[path].append(time.perf_counter() - started)
    connection.close()
    return {path: sorted(found)[int(len(found) * 0.95)] for path, found in times.items()}

"""A browser as small as a load needs: one kept connection, cookies, forms, Dash callbacks, and how long each took."""

import asyncio
import json
import re
import time
from collections import defaultdict
from typing import Any
from urllib.parse import urlencode

TOKEN = re.compile(rb'name="csrf_token" value="(\w+)"')


class Clock:
    """Seconds by kind of request, and what went wrong."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []

    def at(self, kind: str, share: float) -> float:
        """The time within which this share of the requests was answered."""
        ordered = sorted(self.seconds[kind])
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    def shown(self, kind: str) -> str:
        """Half, 95 % and 99 % of the requests were answered within so many seconds."""
        return " / ".join(f"{self.at(kind, share):.2f}" for share in (0.5, 0.95, 0.99))


class Browser:
    """One person's browser on 127.0.0.1."""

    def __init__(self, port: int, clock: Clock) -> None:
        self.port = port
        self.clock = clock
        self.cookies: dict[str, str] = {}
        self.fresh = True
        self.ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, kind: str, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Send one request and read its whole answer; its time counts under `kind`."""
        began = time.perf_counter()
        try:
            try:
                status, answer = await self._exchange(method, path, body, headers)
            except (OSError, asyncio.IncompleteReadError):
                if self.fresh:
                    raise
                self.ends = None  # A connection kept idle may be closed by now; a browser opens another one.
                status, answer = await self._exchange(method, path, body, headers)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.ends = None
            self.clock.errors.append(f"{kind} {error!r}")
            return 0, b""
        self.clock.seconds[kind].append(time.perf_counter() - began)
        if status >= 400:
            self.clock.errors.append(f"{kind} {path} {status}")
        return status, answer

    async def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        self.fresh = self.ends is None
        if self.ends is None:
            self.ends = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.ends
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Content-Length: {len(body)}"]
        lines += [f"Cookie: {cookie}", "Accept: text/html,application/json"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        size = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        for name, value in re.findall(r"set-cookie: ([^=]+)=([^;\r]*)", head, re.IGNORECASE):
            self.cookies[name] = value
        return int(head.split(" ", 2)[1]), await reader.readexactly(int(size.group(1)) if size else 0)

    async def sign_in(self, login: str, password: str) -> bool:
        """Fill in the form."""
        _, page = await self.ask("打开登录页", "GET", "/sign-in")
        found = TOKEN.search(page)
        form = {"login": login, "password": password, "csrf_token": found.group(1).decode() if found else ""}
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        return (await self.ask("登录", "POST", "/sign-in", urlencode(form).encode(), **kind))[0] == 303

    async def open_home(self) -> None:
        """The front page with what it then asks for by itself; the time of the whole counts as well."""
        began = time.perf_counter()
        for path in ("/", "/_dash-layout", "/_dash-dependencies"):
            await self.ask("文档", "GET", path)
        await self.callback("content.children", [part("place.pathname", "/")])
        await self.tick()
        for output in ("ribbon.tree", "home-figures.tree"):
            await self.callback(output, [part("generation.data", None)])
        self.clock.seconds["打开首页（全部请求）"].append(time.perf_counter() - began)

    async def tick(self, known: str | None = None, kind: str = "回调") -> bytes:
        """What every open page asks every few seconds; it knows a generation and hears only of another one."""
        inputs, state = [part("tick.n_intervals", 1)], [part("generation.data", known)]
        return await self.callback("..generation.data...pulse.data..", inputs, state, ("tick.n_intervals",), kind)

    async def callback(
        self,
        output: str,
        inputs: list[dict[str, Any]],
        state: list[Any] | None = None,
        changed: tuple[str, ...] = (),
        kind: str = "回调",
    ) -> bytes:
        """One Dash callback; gives its answer."""
        named = [part(one, None) for one in output.strip(".").split("...")]
        for one in named:
            del one["value"]
        body = {"output": output, "outputs": named if output.startswith("..") else named[0], "inputs": inputs}
        body |= {"state": state or [], "changedPropIds": changed}
        return (await self.post(kind, "/_dash-update-component", body))[1]

    async def post(self, kind: str, path: str, body: Any) -> tuple[int, bytes]:
        """Send JSON as the scripts of a page do."""
        headers = {"Content_Type": "application/json", "X_CSRFToken": self.cookies.get("panorama_csrf", "")}
        return await self.ask(kind, "POST", path, json.dumps(body, separators=(",", ":")).encode(), **headers)


def part(name: str, value: Any) -> dict[str, Any]:
    """An input or state of a callback."""
    identity, _, prop = name.rpartition(".")
    return {"id": identity, "property": prop, "value": value}

"""Run both stand-ins until interrupted, and say which settings make the platform use them."""

import argparse
import sys
import threading
from contextlib import ExitStack

from backend.exchange.standins import IdentityServer, QinWuYuanServer, SingleWindowServer, StandIn
from backend.exchange.standins.serving import CLIENT, SECRET
from dashboard.settings import PREFIX

PORT_TAKEN = 69  # EX_UNAVAILABLE, as when the platform's own port is taken


def main(words: list[str] | None = None) -> int:
    """Serve on 127.0.0.1 and return the exit status."""
    asked = arguments(words)
    kinds: tuple[tuple[str, int, type[IdentityServer]], ...] = (
        ("qinwuyuan", asked.port_qinwuyuan, QinWuYuanServer),
        ("single_window", asked.port_single_window, SingleWindowServer),
    )
    with ExitStack() as running:
        for key, port, kind in kinds:
            back = asked.redirect_uri or [f"{asked.platform.rstrip('/')}/sso/{key}/callback"]
            try:
                url = running.enter_context(StandIn(kind, port=port, redirect_uris=back)).url
            except SystemExit:  # Werkzeug ends the program when it cannot listen.
                print(f"端口 {port} 已被别的程序占用，请换一个：--port-{key.replace('_', '-')} 端口号", file=sys.stderr)
                return PORT_TAKEN
            print_settings(key, url, back)
        wait()
    return 0


def arguments(words: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser("python -m backend.exchange.standins", description="演示用的两个统一身份认证替身")
    parser.add_argument("--port-qinwuyuan", type=int, default=8061, help="秦务员替身的端口，0 为任取一个")
    parser.add_argument("--port-single-window", type=int, default=8062, help="车辆出口通关替身的端口，0 为任取一个")
    parser.add_argument("--platform", default="http://127.0.0.1:8050", help="本平台的地址")
    parser.add_argument("--redirect-uri", action="append", help="登记的返回地址，可重复；不写则由本平台的地址推出")
    return parser.parse_args(words)


def print_settings(key: str, url: str, back: list[str]) -> None:
    """Print the environment that makes the platform use one stand-in."""
    name = f"{PREFIX}SSO_{key.upper()}"
    print(f"# 登记的返回地址：{'，'.join(back)}")
    print(f"{name}_URL={url}\n{name}_CLIENT={CLIENT}\n{name}_SECRET={SECRET}", flush=True)


def wait() -> None:
    """Wait until somebody interrupts."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print("已停止。")


if __name__ == "__main__":
    sys.exit(main())

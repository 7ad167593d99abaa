"""The counter's commands: import, held, retry, token, migrate."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from backend.clearance.states import SHANGHAI
from backend.db import make_engine, migrate
from backend.exchange.documents import held_documents
from backend.exchange.importer import Importer
from backend.identity.tokens import ROLES, create_token, list_tokens, revoke_token
from dashboard.settings import get_settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the exit status (0 done, 1 something is held, 2 wrong use)."""
    options = parser().parse_args(arguments)
    engine = make_engine(get_settings().database)
    migrate(engine)
    command: Callable[[Engine, argparse.Namespace], int] = options.run
    return command(engine, options)


def parser() -> argparse.ArgumentParser:
    """The command line, in the words of its users."""
    top = argparse.ArgumentParser(prog="python -m backend", description="西安市二手车信息共享服务平台：后台命令")
    commands = top.add_subparsers(required=True, metavar="命令")
    take = commands.add_parser("import", help="导入交换目录：报关单、回执与各部门表格")
    take.add_argument("folder", type=Path, metavar="DIR")
    take.add_argument("--json", action="store_true", help="结果以 JSON 输出")
    take.add_argument("--watch", action="store_true", help="导入后继续看守目录，有新文件就收，Ctrl+C 结束")
    take.set_defaults(run=run_import)
    held = commands.add_parser("held", help="列出待处理的文件和原因")
    held.add_argument("--json", action="store_true", help="以 JSON 输出")
    held.set_defaults(run=run_held)
    again = commands.add_parser("retry", help="重试所有待处理的报关单")
    again.set_defaults(run=run_retry)
    token = commands.add_parser("token", help="程序接口令牌").add_subparsers(required=True, metavar="动作")
    create = token.add_parser("create", help="新建令牌，只显示这一次")
    create.add_argument("--name", required=True, help="用途或系统名称")
    create.add_argument("--role", required=True, choices=sorted(ROLES), help="角色")
    create.add_argument("--days", type=int, help="有效天数，不填为长期")
    create.set_defaults(run=run_token)
    token.add_parser("list", help="列出令牌，不含令牌本身").set_defaults(run=run_tokens)
    revoke = token.add_parser("revoke", help="吊销令牌，大屏在五秒内变暗")
    revoke.add_argument("id", type=int, help="令牌编号，见 token list")
    revoke.set_defaults(run=run_revoke)
    commands.add_parser("migrate", help="建库或升级库结构").set_defaults(run=lambda engine, options: 0)
    return top


def run_import(engine: Engine, options: argparse.Namespace) -> int:
    """Import a folder once, or go on watching it."""
    importer = Importer(engine, limit_mb=get_settings().max_upload_mb, progress=show_progress())
    try:
        report = importer.run(options.folder)
    except FileNotFoundError as missing:
        print(missing, file=sys.stderr)
        return 2
    tell(report, options.json)
    while options.watch:
        time.sleep(0.5)
        if news := importer.watch_once(options.folder):
            tell(news, options.json)
    return 0


def show_progress() -> Callable[[int, int], None]:
    """Write a line to the error output at most every second, so that long work is seen to live."""
    started = last = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal last
        moment = time.monotonic()
        if moment - last >= 1 or (done == total and moment - started >= 1):
            last = moment
            print(
                f"已处理 {done:,} / {total:,} 份，每秒 {done / (moment - started):,.0f} 份", file=sys.stderr, flush=True
            )

    return show


def tell(report: dict[str, Any], as_json: bool) -> None:
    """Print how an import ended."""
    if as_json:
        print(json.dumps(report, ensure_ascii=False), flush=True)
        return
    print(
        f"共 {report['files']:,} 份：新收 {report['taken']:,}，早已收过 {report['known']:,}，"
        f"待处理 {report['held']:,}；重试后又收 {report['freed']:,}。现有待处理 {report['held_now']:,} 份"
        + ("，用 python -m backend held 查看原因。" if report["held_now"] else "。"),
        flush=True,
    )


def run_held(engine: Engine, options: argparse.Namespace) -> int:
    """List what waits, one file a line: name, since when, why."""
    with engine.connect() as connection:
        rows = held_documents(connection)
    if options.json:
        shown = [{**row, "file": row["name"], "received_at": row["received_at"].isoformat()} for row in rows]
        print(json.dumps(shown, ensure_ascii=False, indent=1))
        return 0
    for row in rows:
        print(f"{row['name']}\t{row['received_at'].astimezone(SHANGHAI):%Y-%m-%d %H:%M}\t{row['reason']}")
    if not rows:
        print("没有待处理的文件。", file=sys.stderr)
    return 0


def run_retry(engine: Engine, options: argparse.Namespace) -> int:
    """Try again what is held."""
    print(f"重试后收下 {Importer(engine).retry():,} 份。")
    return 0


def run_token(engine: Engine, options: argparse.Namespace) -> int:
    """Create a token and print it alone on the last line."""
    life = timedelta(days=options.days) if options.days else None
    kind = "screen" if options.role == "wall" else "api"
    way = "在大屏的浏览器中打开 /enter?token=令牌。" if kind == "screen" else ""
    print(f"令牌只显示这一次，请妥善保存。{way}", file=sys.stderr)
    print(create_token(engine, kind, options.name, options.role, life))
    return 0


def run_tokens(engine: Engine, options: argparse.Namespace) -> int:
    """List tokens: number, role, name, since when, and whether they still open anything."""
    for row in list_tokens(engine):
        state = "已吊销" if row["revoked_at"] else "有效"
        made = f"{row['created_at'].astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        print(f"{row['id']}\t{ROLES.get(row['role'], row['role'])}\t{row['name']}\t{made}\t{state}")
    return 0


def run_revoke(engine: Engine, options: argparse.Namespace) -> int:
    """End a token."""
    if options.id not in {row["id"] for row in list_tokens(engine)}:
        print(f"没有编号为 {options.id} 的令牌，请看 token list", file=sys.stderr)
        return 2
    revoke_token(engine, options.id)
    print(f"令牌 {options.id} 已吊销。")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The counter's commands: import, held, retry, token, first-run, audit, keys, migrate."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from backend.audit.commands import run_archive, run_restore, run_verify
from backend.clearance.states import SHANGHAI
from backend.db import make_engine, migrate
from backend.exchange.documents import held_documents
from backend.exchange.importer import Importer
from backend.identity.commands import add_identity
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
    add_identity(commands)
    add_audit(commands)
    commands.add_parser("migrate", help="建库或升级库结构").set_defaults(run=lambda engine, options: 0)
    return top


def add_audit(commands: Any) -> None:
    """What the keeper of the audit does at the command line."""
    audit = commands.add_parser("audit", help="审计日志").add_subparsers(required=True, metavar="动作")
    check = audit.add_parser("verify", help="核对审计链与签名链头，说出第一条不符的行")
    check.add_argument("--json", action="store_true", help="以 JSON 输出")
    check.add_argument("--public", type=Path, action="append", default=[], metavar="PEM", help="早先签名所用的公钥文件")
    check.set_defaults(run=lambda engine, o: run_verify(engine, get_settings(), o.json, o.public))
    away = audit.add_parser("archive", help="把早于某日（至少 180 天前）的审计行移入带签名的归档")
    away.add_argument("--before", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD", help="不含当日")
    away.set_defaults(run=lambda engine, o: run_archive(engine, get_settings(), o.before))
    back = audit.add_parser("restore", help="核对并恢复一份归档，先恢复最新的")
    back.add_argument("manifest", type=Path, metavar="清单.json")
    back.set_defaults(run=lambda engine, o: run_restore(engine, get_settings(), o.manifest))


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


if __name__ == "__main__":
    sys.exit(main())

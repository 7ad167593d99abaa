"""Identity's commands: tokens of programs and screens, the first run, and a new field key."""

import argparse
import sys
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from backend.clearance.states import SHANGHAI
from backend.identity.first_run import first_run_token
from backend.identity.roles import PROGRAMS, ROLES
from backend.identity.rotation import rotate
from backend.identity.tokens import create_token, list_tokens, revoke_token
from dashboard.settings import get_settings
from datasources.scope import ALL, Scope


def add_identity(commands: Any) -> None:
    """Add the commands to the command line."""
    token = commands.add_parser("token", help="程序接口令牌").add_subparsers(required=True, metavar="动作")
    create = token.add_parser("create", help="新建令牌，只显示这一次")
    create.add_argument("--name", required=True, help="用途或系统名称")
    create.add_argument("--role", required=True, choices=sorted(PROGRAMS), help="角色")
    create.add_argument("--uscc", default="", help="角色为 enterprise 时，企业的统一社会信用代码")
    create.add_argument("--days", type=int, help="有效天数，不填为长期")
    create.set_defaults(run=run_token)
    token.add_parser("list", help="列出令牌，不含令牌本身").set_defaults(run=run_tokens)
    revoke = token.add_parser("revoke", help="吊销令牌，大屏在五秒内变暗")
    revoke.add_argument("id", type=int, help="令牌编号，见 token list")
    revoke.set_defaults(run=run_revoke)
    first = commands.add_parser("first-run", help="还没有管理员时，取得新的一次性令牌")
    first.set_defaults(run=run_first)
    keys = commands.add_parser("keys", help="密钥").add_subparsers(required=True, metavar="动作")
    keys.add_parser("rotate", help="启用新的字段密钥，并把已有内容改用新密钥加密").set_defaults(run=run_rotate)


def run_token(engine: Engine, options: argparse.Namespace) -> int:
    """Create a token and print it alone on the last line."""
    life = timedelta(days=options.days) if options.days else None
    kind = "screen" if options.role == "wall" else "api"
    if (options.role == "enterprise") != bool(options.uscc):
        print("角色 enterprise 须用 --uscc 写明企业，其他角色不能写", file=sys.stderr)
        return 2
    scope = Scope("enterprise", options.uscc) if options.uscc else ALL
    way = "在大屏的浏览器中打开 /enter?token=令牌。" if kind == "screen" else ""
    print(f"令牌只显示这一次，请妥善保存。{way}", file=sys.stderr)
    print(create_token(engine, kind, options.name, options.role, life, scope))
    return 0


def run_tokens(engine: Engine, options: argparse.Namespace) -> int:
    """List tokens: number, role, name, since when, and whether they still open anything."""
    for row in list_tokens(engine):
        state = "已吊销" if row["revoked_at"] else "有效"
        made = f"{row['created_at'].astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        print(f"{row['id']}\t{ROLES[row['role']].label}\t{row['name']}\t{made}\t{state}")
    return 0


def run_revoke(engine: Engine, options: argparse.Namespace) -> int:
    """End a token."""
    if options.id not in {row["id"] for row in list_tokens(engine)}:
        print(f"没有编号为 {options.id} 的令牌，请看 token list", file=sys.stderr)
        return 2
    revoke_token(engine, options.id)
    print(f"令牌 {options.id} 已吊销。")
    return 0


def run_first(engine: Engine, options: argparse.Namespace) -> int:
    """Print a new one-time token alone on the last line."""
    token = first_run_token(engine)
    if token is None:
        print("平台已有管理员，不再发给一次性令牌。", file=sys.stderr)
        return 2
    print("在浏览器中打开 /first-run ，一小时内使用，只能用一次：", file=sys.stderr)
    print(token)
    return 0


def run_rotate(engine: Engine, options: argparse.Namespace) -> int:
    """Begin to use a new field key, and seal again what the old ones sealed."""
    print(f"已启用新密钥，重新加密 {rotate(engine, get_settings().key_folder):,} 项；旧密钥文件请继续保管。")
    return 0

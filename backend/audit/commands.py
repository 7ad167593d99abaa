"""The audit's commands for whoever keeps it: verify the chain, move old lines into archives, bring an archive back."""

import json
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from backend.audit.archive import ArchiveRefused, TooYoung, archive, restore
from backend.audit.heads import trusted_keys
from backend.audit.manifests import ArchiveBroken
from backend.audit.verify import Report, verify
from backend.crypto.errors import CryptoFault
from backend.crypto.keys import keys_exist, open_keys

COMMAND_LINE = "命令行"


class Places(Protocol):
    """The two settings that the commands need."""

    @property
    def var(self) -> Path:
        """The folder of embedded state."""

    @property
    def key_folder(self) -> Path:
        """The folder of key files."""


def audit_folder(settings: Places) -> Path:
    """Where the signed heads and the archives lie: outside the database."""
    return settings.var / "audit"


def run_verify(engine: Engine, settings: Places, as_json: bool = False, public: Iterable[Path] = ()) -> int:
    """Verify and print; exit status 0 when the chain is whole, 1 when it is not, 2 when it could not be verified.

    `public`: files with public keys (PEM) that signed heads before the present key did.
    """
    try:
        keys = open_keys(settings.key_folder) if keys_exist(settings.key_folder) else None
        trusted = trusted_keys(keys, [path.read_text() for path in public])
        report = verify(engine, trusted, audit_folder(settings))
    except (CryptoFault, OSError, ValueError) as error:
        print(f"无法核对：{error}", file=sys.stderr)
        return 2
    print(json.dumps(report.as_json(), ensure_ascii=False, indent=1) if as_json else _told(report))
    return 0 if report.whole else 1


def _told(report: Report) -> str:
    checked = f"核对了 {report.lines:,} 行审计记录、{report.heads:,} 个签名链头"
    lines = [f"{checked}，完整无误。"] if report.whole else [f"{checked}，发现问题："]
    lines += [f"  {fault}" for fault in report.faults] + [f"提示：{note}" for note in report.notes]
    if not report.whole:
        lines.append("请保留现场（数据库与 audit 目录各存一份），再用备份或归档比对查明。")
    return "\n".join(lines)


def run_archive(engine: Engine, settings: Places, before: date) -> int:
    """Archive all lines before a day of Xi'an and print what was made; exit status 0, or 2 when it was refused."""
    try:
        keys, count = open_keys(settings.key_folder), 0
        while made := archive(engine, keys, audit_folder(settings), before, COMMAND_LINE):
            count += 1
            print(f"已归档第 {made.manifest.first_id:,} 至 {made.manifest.last_id:,} 行：{made.path}")
    except (TooYoung, ArchiveRefused, ArchiveBroken, CryptoFault, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"归档 {count:,} 份。" if count else "没有可归档的记录。")
    return 0


def run_restore(engine: Engine, settings: Places, manifest: Path) -> int:
    """Bring an archive back and print how many lines; exit status 0, or 2 when it was refused."""
    try:
        count = restore(engine, open_keys(settings.key_folder), manifest, actor=COMMAND_LINE)
    except (ArchiveRefused, ArchiveBroken, CryptoFault, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"已恢复 {count:,} 行。")
    return 0

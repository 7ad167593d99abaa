"""Key files: written whole or not at all, never over an existing one, and read only when nobody else can read them."""

import os
import shlex
import stat
import tempfile
import time
from pathlib import Path

from backend.crypto.errors import KeysBroken, KeysUnsafe

UNFINISHED = ".unfinished-"
UNFINISHED_SECONDS = 3600
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_private(path: Path) -> bytes:
    """The content of a key file.

    Raises KeysUnsafe when group or others may open it (POSIX), KeysBroken when it is missing or cannot be read.
    """
    try:
        with path.open("rb") as file:
            refuse_open_to_others(path, os.fstat(file.fileno()).st_mode)
            return file.read()
    except OSError as error:
        raise KeysBroken(
            f"密钥文件 {path} 无法读取（{error.strerror}）。请确认用启动平台的账户运行；文件丢失时请从备份恢复。"
        ) from error


def write_private(path: Path, data: bytes) -> None:
    """Write a new key file of mode 0600 that is on the disk when this returns.

    Of several writers one wins; the others get FileExistsError, and then find the winner's whole content.
    Raises KeysBroken when the disk does not take it.
    """
    try:
        _write_new(path, data)
    except FileExistsError:
        raise
    except OSError as error:
        raise KeysBroken(
            f"无法写入密钥文件 {path}（{error.strerror}）。"
            "请检查磁盘空间与写权限，并把密钥目录放在本机磁盘上（ext4、xfs、NTFS）。"
        ) from error


def _write_new(path: Path, data: bytes) -> None:
    handle, made = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(made, path)  # Unlike a rename, a link refuses a name that is taken.
    finally:
        os.unlink(made)
        sync_folder(path.parent)  # The loser too: it must not use a key whose name may not survive a power cut.


def make_private_folder(folder: Path) -> None:
    """Make the folder of keys, mode 0700, unless it is there; an existing folder is left as it is."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)
    except OSError as error:
        raise KeysBroken(f"无法建立密钥目录 {folder}（{error.strerror}）。请检查上级目录的写权限。") from error


def check_folder(folder: Path) -> None:
    """Raise KeysUnsafe when others may enter the folder of keys: who may write there can replace them all."""
    refuse_open_to_others(folder, folder.stat().st_mode)


def refuse_open_to_others(path: Path, mode: int) -> None:
    """Raise KeysUnsafe when a mode gives group or others anything; Windows has no such modes."""
    if os.name != "posix" or not mode & OTHERS:
        return
    wanted, kind = ("700", "目录") if stat.S_ISDIR(mode) else ("600", "文件")
    raise KeysUnsafe(
        f"密钥{kind} {path} 对本机其他用户开放，平台不使用它。"
        f"请执行：chmod {wanted} {shlex.quote(str(path))}，然后重新启动。"
    )


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut; Windows does so by itself."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path) -> None:
    """Remove what a killed process left unfinished; what is younger than an hour may still be in another's hands."""
    for left in folder.glob(f"{UNFINISHED}*"):
        try:
            if left.stat().st_mtime < time.time() - UNFINISHED_SECONDS:
                left.unlink()
        except FileNotFoundError:
            continue  # Another process that starts at the same time was faster.

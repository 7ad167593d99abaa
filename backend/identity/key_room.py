"""Opens the key files, and tells a first run from a loss: new keys for old ciphertexts would bury them for good."""

from pathlib import Path

from sqlalchemy import Engine, select

from backend.crypto.errors import KeysBroken
from backend.crypto.keys import Keys, keys_exist, open_keys
from backend.models import account


def open_key_room(engine: Engine, folder: Path) -> Keys:
    """The keys, created on the first run. Raises CryptoFault when they are lost, damaged or open to others."""
    if not keys_exist(folder):
        with engine.connect() as connection:
            if connection.scalar(select(account.c.id).limit(1)) is not None:
                raise KeysBroken(
                    f"数据库中已有加密内容，但密钥目录 {folder} 是空的。请从备份恢复密钥文件，"
                    "或用 PANORAMA_KEYS 指明它们在哪里；不会另建新密钥，以免旧内容再也打不开。"
                )
    return open_keys(folder)

"""What can go wrong with keys and sealed fields, each said in a sentence that tells the reader what to do."""


class CryptoFault(Exception):
    """Any fault of this room; ``str(e)`` is a Chinese sentence for the reader."""


class CryptoUnavailable(CryptoFault):
    """No OpenSSL 3 or later that knows SM2 could be loaded on this computer."""


class KeysBroken(CryptoFault):
    """A key file is missing, unreadable or damaged, or cannot be written."""


class KeysUnsafe(CryptoFault):
    """Others than the owner may open a key file or its folder."""


class SealBroken(CryptoFault):
    """A sealed text was altered, cut, or moved to another row or column."""


class KeyMissing(SealBroken):
    """The key under which a text was sealed is not in the key folder; ``key_id`` names it."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"缺少编号为 {key_id} 的字段密钥，内容无法还原。请从备份恢复密钥目录中的 field-*.key 文件后重试。"
        )
        self.key_id = key_id

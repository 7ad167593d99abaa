"""SM2 signatures with SM3 (GB/T 32918): sign with a key file, verify with a public key; OpenSSL does the work.

The PyPI package gmssl is not used: it draws its nonces from a predictable generator, which gives the private key away.
"""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import byref, c_size_t, c_void_p, create_string_buffer, string_at
from pathlib import Path
from typing import Any

from backend.crypto.digest import sm3_hex
from backend.crypto.errors import CryptoFault, CryptoUnavailable, KeysBroken
from backend.crypto.files import read_private, write_private
from backend.crypto.libcrypto import BIO_CTRL_INFO, Refused, agreed, held, library, opened

__all__ = ["CryptoUnavailable", "Signer", "verify"]

SIGNER_ID = b"1234567812345678"  # GM/T 0009, 10: the identity where none was agreed
PLAIN = (None, None, 0, None, None)  # no cipher, no password: the mode of the file guards the key
FAILED = "OpenSSL 未能完成 SM2 运算。请重试；仍然不行时重新启动平台。"
NO_PASSWORD = b""  # Without it OpenSSL would ask at the terminal, and wait, when a file is encrypted.


class Signer:
    """An SM2 private key; any number of threads may sign with it at once.

    ``public_pem`` is the public key as PEM, ``key_id`` the first 16 hexadecimal digits of SM3 over its DER form.
    """

    def __init__(self, key: int) -> None:
        """Take over a key that libcrypto made; it is freed with this object."""
        # Not at the end of the process: another thread may be signing then, and the system frees it anyway.
        weakref.finalize(self, library().EVP_PKEY_free, key).atexit = False
        self._key = key
        with opened() as lib:
            self.public_pem = _written(lib, lambda bio: lib.PEM_write_bio_PUBKEY(bio, key)).decode()
            self.key_id = sm3_hex(_written(lib, lambda bio: lib.i2d_PUBKEY_bio(bio, key)))[:16]

    @classmethod
    def create(cls, path: Path) -> "Signer":
        """Make a key and write it as PKCS#8 PEM, mode 0600; raises FileExistsError when there is one already."""
        try:
            with opened() as lib:
                signer = cls(_generated(lib))
                pem = _written(lib, lambda bio: lib.PEM_write_bio_PKCS8PrivateKey(bio, signer._key, *PLAIN))
        except Refused as error:
            raise CryptoFault(FAILED) from error
        write_private(path, pem)
        return signer

    @classmethod
    def load(cls, path: Path) -> "Signer":
        """Read a key; raises KeysUnsafe when others may read the file, KeysBroken when it holds no sound SM2 key."""
        pem = read_private(path)
        try:
            with opened() as lib:
                signer = cls(_parsed(lib, pem, lib.PEM_read_bio_PrivateKey))
                if verify(signer.public_pem, SIGNER_ID, signer._signed(SIGNER_ID)):  # a private half that fits
                    return signer
        except Refused:
            pass
        raise KeysBroken(f"签名密钥文件 {path} 已损坏或不是 SM2 密钥。请从备份恢复这个文件后重新启动。")

    def sign(self, data: bytes) -> bytes:
        """The signature of the data: DER, at most 72 bytes, different each time."""
        try:
            return self._signed(data)
        except Refused as error:
            raise CryptoFault(FAILED) from error

    def _signed(self, data: bytes) -> bytes:
        with opened() as lib, _digesting(lib, self._key) as context:
            agreed(lib.EVP_DigestSignInit_ex(context, None, b"SM3", None, None, self._key, None))
            signature = create_string_buffer(lib.EVP_PKEY_get_size(self._key))
            length = c_size_t(len(signature))
            agreed(lib.EVP_DigestSign(context, signature, byref(length), data, len(data)))
            return signature.raw[: length.value]


def verify(public_pem: str, data: bytes, signature: bytes) -> bool:
    """Whether the signature is that of the data under the public key; False too for what is no key or no signature."""
    with opened() as lib:
        try:
            key = _parsed(lib, public_pem.encode(errors="replace"), lib.PEM_read_bio_PUBKEY)
            with held(key, lib.EVP_PKEY_free):
                return _fits(lib, key, data, signature)
        except Refused:
            return False


def _fits(lib: Any, key: int, data: bytes, signature: bytes) -> bool:
    with _digesting(lib, key) as context:
        agreed(lib.EVP_DigestVerifyInit_ex(context, None, b"SM3", None, None, key, None))
        # Besides 1 and 0 it answers with negative numbers, which are true in Python.
        return bool(lib.EVP_DigestVerify(context, signature, len(signature), data, len(data)) == 1)


@contextmanager
def _digesting(lib: Any, key: int) -> Iterator[int]:
    """A digest context that speaks for `SIGNER_ID`: before version 4 OpenSSL took an empty identity by default."""
    # The digest context does not own the key context given to it, so both are freed, the owner of the reference first.
    with held(lib.EVP_PKEY_CTX_new(key, None), lib.EVP_PKEY_CTX_free) as identity:
        agreed(lib.EVP_PKEY_CTX_set1_id(identity, SIGNER_ID, len(SIGNER_ID)))
        with held(lib.EVP_MD_CTX_new(), lib.EVP_MD_CTX_free) as context:
            lib.EVP_MD_CTX_set_pkey_ctx(context, identity)
            yield context


def _generated(lib: Any) -> int:
    with held(lib.EVP_PKEY_CTX_new_from_name(None, b"SM2", None), lib.EVP_PKEY_CTX_free) as context:
        key = c_void_p()
        agreed(lib.EVP_PKEY_keygen_init(context))
        agreed(lib.EVP_PKEY_generate(context, byref(key)))
        assert key.value is not None
        return key.value


def _parsed(lib: Any, pem: bytes, read: Callable[..., int | None]) -> int:
    """The SM2 key in a PEM text, for the caller to free; raises Refused for anything else."""
    with held(lib.BIO_new_mem_buf(pem, len(pem)), lib.BIO_free) as bio:
        key = read(bio, None, None, NO_PASSWORD)
    if key and lib.EVP_PKEY_is_a(key, b"SM2"):
        return key
    lib.EVP_PKEY_free(key)
    raise Refused


def _written(lib: Any, write: Callable[[int], int]) -> bytes:
    """What a function of libcrypto writes."""
    with held(lib.BIO_new(lib.BIO_s_mem()), lib.BIO_free) as bio:
        agreed(write(bio))
        start = c_void_p()
        length = lib.BIO_ctrl(bio, BIO_CTRL_INFO, 0, byref(start))
        return string_at(start, length)

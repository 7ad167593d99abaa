"""The door to OpenSSL's libcrypto: finds one that knows SM2 and declares every function we call of it."""

import ctypes
import ctypes.util
import ssl
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from ctypes import POINTER, c_char_p, c_int, c_long, c_size_t, c_uint, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

from backend.crypto.errors import CryptoUnavailable

OLDEST = 3
BIO_CTRL_INFO = 3  # openssl/bio.h; BIO_get_mem_data is a macro over it

# Result and arguments as in the manual pages of OpenSSL 3.0. Undeclared, ctypes would cut pointers to 32 bits.
CALLS: dict[str, tuple[Any, list[Any]]] = {
    "OPENSSL_version_major": (c_uint, []),
    "OpenSSL_version": (c_char_p, [c_int]),
    "ERR_clear_error": (None, []),
    "BIO_s_mem": (c_void_p, []),
    "BIO_new": (c_void_p, [c_void_p]),
    "BIO_new_mem_buf": (c_void_p, [c_char_p, c_int]),
    "BIO_ctrl": (c_long, [c_void_p, c_int, c_long, POINTER(c_void_p)]),
    "BIO_free": (c_int, [c_void_p]),
    "EVP_PKEY_CTX_new": (c_void_p, [c_void_p, c_void_p]),
    "EVP_PKEY_CTX_new_from_name": (c_void_p, [c_void_p, c_char_p, c_char_p]),
    "EVP_PKEY_CTX_set1_id": (c_int, [c_void_p, c_char_p, c_size_t]),
    "EVP_PKEY_CTX_free": (None, [c_void_p]),
    "EVP_PKEY_keygen_init": (c_int, [c_void_p]),
    "EVP_PKEY_generate": (c_int, [c_void_p, POINTER(c_void_p)]),
    "EVP_PKEY_is_a": (c_int, [c_void_p, c_char_p]),
    "EVP_PKEY_get_size": (c_int, [c_void_p]),
    "EVP_PKEY_free": (None, [c_void_p]),
    "EVP_MD_CTX_new": (c_void_p, []),
    "EVP_MD_CTX_set_pkey_ctx": (None, [c_void_p, c_void_p]),
    "EVP_MD_CTX_free": (None, [c_void_p]),
    "EVP_DigestSignInit_ex": (c_int, [c_void_p, c_void_p, c_char_p, c_void_p, c_char_p, c_void_p, c_void_p]),
    "EVP_DigestSign": (c_int, [c_void_p, c_void_p, POINTER(c_size_t), c_char_p, c_size_t]),
    "EVP_DigestVerifyInit_ex": (c_int, [c_void_p, c_void_p, c_char_p, c_void_p, c_char_p, c_void_p, c_void_p]),
    "EVP_DigestVerify": (c_int, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    "PEM_read_bio_PrivateKey": (c_void_p, [c_void_p, c_void_p, c_void_p, c_char_p]),
    "PEM_read_bio_PUBKEY": (c_void_p, [c_void_p, c_void_p, c_void_p, c_char_p]),
    "PEM_write_bio_PKCS8PrivateKey": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_int, c_void_p, c_void_p]),
    "PEM_write_bio_PUBKEY": (c_int, [c_void_p, c_void_p]),
    "i2d_PUBKEY_bio": (c_int, [c_void_p, c_void_p]),
}

ADVICE = (
    "没有找到支持国密 SM2 的 OpenSSL 3（libcrypto），无法签名与验签。"
    "统信、麒麟、openEuler、Debian、Ubuntu：请安装系统的 OpenSSL 3（Debian 类为 apt install libssl3），"
    "装在其他位置时把其 lib 目录写入 LD_LIBRARY_PATH 再启动；"
    "Windows：请改用 python.org 的 Python 3.11.5 或更高版本，或安装 64 位 OpenSSL 3 并把其 bin 目录加入 PATH。"
)


class Refused(Exception):
    """libcrypto said no to a call; whoever called knows what that means."""


def named() -> Iterator[str]:
    """Where a libcrypto may be, the one that Python itself uses first."""
    if sys.platform == "win32":
        beside = (Path(sys.base_prefix) / "DLLs", Path(sys.base_prefix), Path(sys.executable).parent)
        yield from (str(found) for folder in beside for found in sorted(folder.glob("libcrypto-*.dll"), reverse=True))
        names = ("libcrypto-3-x64", "libcrypto-3", "libcrypto-4-x64", "libcrypto-4")
        yield from filter(None, map(ctypes.util.find_library, names))
    elif sys.platform == "darwin":  # macOS ends a process that loads its own unversioned libcrypto.
        yield from (f"{place}/opt/openssl@3/lib/libcrypto.3.dylib" for place in ("/opt/homebrew", "/usr/local"))
    else:
        yield from ("libcrypto.so.3", "libcrypto.so.4")
        yield from filter(None, [ctypes.util.find_library("crypto")])


def load(names: Iterable[str]) -> Any:
    """The first library among the names that is OpenSSL 3 or later and knows SM2; raises CryptoUnavailable."""
    tried = []
    for name in names:
        try:
            return _declared(ctypes.CDLL(name))
        except (OSError, AttributeError, Refused) as error:
            tried.append(f"{name}（{error}）")
    raise CryptoUnavailable(f"{ADVICE}已试过：{'；'.join(tried) or '无'}。Python 自带的是 {ssl.OPENSSL_VERSION}。")


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    for name, (result, arguments) in CALLS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    if library.OPENSSL_version_major() < OLDEST:
        raise Refused("版本过低")
    context = library.EVP_PKEY_CTX_new_from_name(None, b"SM2", None)
    library.EVP_PKEY_CTX_free(context)
    library.ERR_clear_error()
    if not context:
        raise Refused("不含 SM2")
    return library


@cache
def library() -> Any:
    """The libcrypto of this process."""
    return load(named())


@contextmanager
def opened() -> Iterator[Any]:
    """The libcrypto for a few calls; afterwards this thread's list of errors is empty.

    Python's ssl works with the same library and would take an error left on the list for one of its own.
    """
    found = library()
    try:
        yield found
    finally:
        found.ERR_clear_error()


@contextmanager
def held(made: int | None, free: Callable[[int], object]) -> Iterator[int]:
    """Something that libcrypto made, freed at the end; raises Refused when it made nothing."""
    if not made:
        raise Refused
    try:
        yield made
    finally:
        free(made)


def agreed(answer: int) -> None:
    """Raise Refused unless a call answered 1, which is how libcrypto says yes."""
    if answer != 1:
        raise Refused

"""SM3 digests and HMAC-SM3 (GB/T 32905), computed by the OpenSSL inside the cryptography package."""

from cryptography.hazmat.primitives import hashes, hmac


def sm3(data: bytes) -> bytes:
    """The SM3 digest of the data: 32 bytes."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def sm3_hex(data: bytes) -> str:
    """The SM3 digest of the data: 64 lower-case hexadecimal digits."""
    return sm3(data).hex()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """HMAC over SM3: 32 bytes."""
    digest = hmac.HMAC(key, hashes.SM3())
    digest.update(data)
    return digest.finalize()

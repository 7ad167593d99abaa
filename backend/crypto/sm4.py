"""SM4 in Galois/counter mode (GB/T 32907, RFC 8998), computed by the OpenSSL inside the cryptography package."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

KEY_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16


def encrypt(key: bytes, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
    """Encrypt under a 16-byte key and a 12-byte nonce never used with it before; returns ciphertext and 16-byte tag.

    ``bound`` is not stored, but decryption succeeds only with the same bytes.
    """
    cipher = Cipher(SM4(key), GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(bound)
    return cipher.update(plain) + cipher.finalize() + cipher.tag


def decrypt(key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes | None:
    """Decrypt what `encrypt` returned; None when anything about it was changed."""
    cipher = Cipher(SM4(key), GCM(nonce, sealed[-TAG_BYTES:])).decryptor()
    cipher.authenticate_additional_data(bound)
    try:
        return cipher.update(sealed[:-TAG_BYTES]) + cipher.finalize()
    except InvalidTag:
        return None

"""Sealed fields: personal data encrypted so that a value opens only in its own row and column, yet can be searched."""

import base64
import re
import secrets
import unicodedata

from backend.crypto import sm4
from backend.crypto.digest import hmac_sm3
from backend.crypto.errors import KeyMissing, SealBroken
from backend.crypto.keys import Keys

__all__ = ["KeyMissing", "SealBroken", "blind_index", "resealed", "seal", "unseal"]

SEALED = re.compile(r"v1\.([0-9a-f]{8})\.([A-Za-z0-9_-]{38,})")  # 38 digits hold a nonce and a tag
PLACE = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+:(?!None$).+")


def seal(keys: Keys, place: str, text: str) -> str:
    """Encrypt a text for its place, "table.column:primary key"; returns ``v1.<key id>.<base64url>``.

    Raises ValueError for a place without a primary key: what is sealed before its row has one could never be opened.
    """
    if not PLACE.fullmatch(place):
        raise ValueError(f"not table.column:primary key: {place!r}")
    key_id, nonce = keys.field.current, secrets.token_bytes(sm4.NONCE_BYTES)
    sealed = sm4.encrypt(keys.field.key(key_id), nonce, text.encode(), place.encode())
    return f"v1.{key_id}.{_spelt(nonce + sealed)}"


def unseal(keys: Keys, place: str, sealed: str) -> str:
    """Decrypt what `seal` returned for this place.

    Raises KeyMissing when its key is not there, SealBroken when it was altered or belongs to another place.
    """
    key_id, body = _parts(place, sealed)
    nonce, rest = body[: sm4.NONCE_BYTES], body[sm4.NONCE_BYTES :]
    plain = sm4.decrypt(keys.field.key(key_id), nonce, rest, place.encode())
    if plain is None:
        raise _broken(place)
    return plain.decode()


def resealed(keys: Keys, place: str, sealed: str) -> str | None:
    """The text sealed anew under the current key, or None when it is under that key already; raises as `unseal`."""
    if _parts(place, sealed)[0] == keys.field.current:
        return None
    return seal(keys, place, unseal(keys, place, sealed))


def blind_index(keys: Keys, kind: str, text: str) -> str:
    """What a sealed field is searched by: 64 hexadecimal digits of HMAC-SM3 over its kind and the text.

    Wide and narrow, upper and lower case and outer spaces make no difference. Equal values have equal indexes, so a
    kind that can take few values (a sex, a district) must not have one.
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    return hmac_sm3(keys.index, f"{kind}\0{plain}".encode()).hex()


def _parts(place: str, sealed: str) -> tuple[str, bytes]:
    """The key id and the bytes of a sealed text; several spellings of the same bytes are not accepted."""
    found = SEALED.fullmatch(sealed)
    if found is None or len(found[2]) % 4 == 1:
        raise _broken(place)
    body = base64.urlsafe_b64decode(found[2] + "=" * (-len(found[2]) % 4))
    if _spelt(body) != found[2]:
        raise _broken(place)
    return found[1], body


def _spelt(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def _broken(place: str) -> SealBroken:
    return SealBroken(
        f"加密内容（{place}）无法还原：它被改动过，或是从别的行、列搬来的。请告知安全管理员，核对审计记录后从备份恢复这一项。"
    )

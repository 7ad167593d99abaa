"""The second factor: one-time passwords by time (RFC 6238), each accepted once."""

import hmac
import time
from io import BytesIO

import pyotp
import segno
from sqlalchemy import Connection, Engine, insert, select, update

from backend.audit.service import Line, write_lines
from backend.crypto.fields import seal, unseal
from backend.crypto.keys import Keys
from backend.db import now, writing
from backend.models import account_factor

STEP = 30
ISSUER = "西安二手车平台"


def place_of(account_id: str) -> str:
    """Where the secret lies; a ciphertext moved to another account does not open."""
    return f"account_factor.secret:{account_id}"


def begin_enrolment(engine: Engine, keys: Keys, account_id: str) -> str:
    """The secret that the person puts into his telephone; the same until it is confirmed. Raises ValueError after."""
    f = account_factor.c
    with writing(engine) as connection:
        row = connection.execute(select(f.secret_sealed, f.confirmed_at).where(f.account_id == account_id)).first()
        if row is not None and row.confirmed_at is not None:
            raise ValueError("second factor already confirmed")
        if row is not None:
            return unseal(keys, place_of(account_id), row.secret_sealed)
        secret = pyotp.random_base32()
        sealed = seal(keys, place_of(account_id), secret)
        values = {"account_id": account_id, "secret_sealed": sealed, "last_counter": 0}
        connection.execute(insert(account_factor).values(values))
        return secret


def picture(secret: str, name: str) -> str:
    """The QR code of a secret as inline SVG."""
    uri = pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=name, issuer_name=ISSUER)
    svg = BytesIO()
    segno.make(uri, error="m").save(svg, kind="svg", scale=5, border=2, xmldecl=False, dark="#17212a", light="#ffffff")
    return svg.getvalue().decode()


def is_confirmed(connection: Connection, account_id: str) -> bool:
    """Whether the account has a second factor in force."""
    f = account_factor.c
    which = (f.account_id == account_id) & f.confirmed_at.is_not(None)
    return connection.scalar(select(f.account_id).where(which)) is not None


def accept_code(connection: Connection, keys: Keys, account_id: str, name: str, code: str) -> bool:
    """Whether this one-time password is right and new; it is used up, and the first right one confirms the factor.

    One step before and after is allowed for clocks that differ.
    """
    f = account_factor.c
    row = connection.execute(select(account_factor).where(f.account_id == account_id)).mappings().first()
    counter = counter_of(unseal(keys, place_of(account_id), row["secret_sealed"]), code) if row else None
    if row is None or counter is None:
        return False
    unused = (f.account_id == account_id) & (f.last_counter < counter)
    values = {"last_counter": counter, "confirmed_at": row["confirmed_at"] or now()}
    if connection.execute(update(account_factor).where(unused).values(values)).rowcount != 1:
        return False
    if row["confirmed_at"] is None:
        write_lines(connection, now(), [Line(name, "identity:factor:confirm", account_id)])
    return True


def counter_of(secret: str, code: str) -> int | None:
    """The time step that a code belongs to, among the present one and its neighbours."""
    totp, present = pyotp.TOTP(secret, interval=STEP), int(time.time()) // STEP
    digits = "".join(c for c in code if c.isdigit())
    near = (present, present - 1, present + 1)
    return next((c for c in near if hmac.compare_digest(totp.generate_otp(c).encode(), digits.encode())), None)

"""National cryptography: published vectors, agreement with the openssl program, sealed fields, key files."""

import base64
import ctypes
import os
import re
import shutil
import stat
import string
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB
from hypothesis import given
from hypothesis import strategies as st

from backend.crypto import sm4
from backend.crypto.digest import hmac_sm3, sm3, sm3_hex
from backend.crypto.fields import KeyMissing, SealBroken, blind_index, resealed, seal, unseal
from backend.crypto.files import UNFINISHED, UNFINISHED_SECONDS, write_private
from backend.crypto.keys import Keys, KeysBroken, KeysUnsafe, keys_exist, open_keys, rotate_field_key
from backend.crypto.libcrypto import library, load
from backend.crypto.sm2 import CryptoUnavailable, Signer, verify
from tests.conftest import unavailable

ROOT = Path(__file__).resolve().parent.parent
PLACE = "account.phone:7"
PHONE = "13800000000"
DIGITS = string.ascii_letters + string.digits + "-_"
LEAK_BYTES = 160 * 1024  # measured over the 1,200 rounds: 40 KiB of noise, 328 KiB for the smallest leak
KEY_FILES = ["audit.pem", "field-0001.key", "forms.key", "index.key"]
AS_THE_STANDARD_SAYS = ("-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
SPKI_BEFORE_POINT = "3059301306072a8648ce3d020106082a811ccf5501822d034200"  # id-ecPublicKey on curve sm2p256v1

# GB/T 32918.5-2017, annex A.2: message "message digest", identity 1234567812345678
STANDARD_POINT = (
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
STANDARD_SIGNATURE = (
    "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)


def pem_of(point: str) -> str:
    """A public key as PEM from its uncompressed point in hexadecimal."""
    body = base64.encodebytes(bytes.fromhex(SPKI_BEFORE_POINT + point)).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----\n"


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run the openssl program."""
    if shutil.which("openssl") is None:
        unavailable("本机没有安装 openssl 命令，与它的互验无法进行")
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, timeout=30)


def fingerprint(keys: Keys) -> list[str]:
    """By what two sets of keys are told apart."""
    return [keys.field.current, keys.index.hex(), keys.forms.hex(), keys.audit.key_id]


def mode(path: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the keys of this test lie, or will lie."""
    return tmp_path / "keys"


@pytest.fixture
def keys(folder: Path) -> Keys:
    """Keys just made."""
    return open_keys(folder)


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Keys that many examples of one test share."""
    return open_keys(tmp_path_factory.mktemp("sealing") / "keys")


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """An SM2 key just made."""
    return Signer.create(tmp_path_factory.mktemp("signer") / "sm2.pem")


# ---- Published vectors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_row_38_sm3_gives_the_digests_of_gbt_32905(message: bytes, digest: str) -> None:
    assert sm3_hex(message) == digest
    assert sm3(message).hex() == digest


def test_row_38_sm4_gives_the_block_of_gbt_32907() -> None:
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    encryptor = Cipher(SM4(block), ECB()).encryptor()
    assert (encryptor.update(block) + encryptor.finalize()).hex() == "681edf34d206965e86b3e94f536e4246"


def test_row_38_sm4_gcm_gives_the_ciphertext_of_rfc_8998() -> None:
    key, nonce = bytes.fromhex("0123456789abcdeffedcba9876543210"), bytes.fromhex("00001234567800000000abcd")
    bound = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = b"".join(bytes([byte]) * 8 for byte in b"\xaa\xbb\xcc\xdd\xee\xff\xee\xaa")
    sealed = bytes.fromhex(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert sm4.encrypt(key, nonce, plain, bound) == sealed
    assert sm4.decrypt(key, nonce, sealed, bound) == plain


def test_row_38_sm2_verifies_the_signature_of_gbt_32918() -> None:
    assert verify(pem_of(STANDARD_POINT), b"message digest", bytes.fromhex(STANDARD_SIGNATURE))
    assert not verify(pem_of(STANDARD_POINT), b"message Digest", bytes.fromhex(STANDARD_SIGNATURE))


# ---- Agreement with the openssl program ----------------------------------------------------------------------------


def test_openssl_verifies_what_we_sign(tmp_path: Path) -> None:
    signer = Signer.create(tmp_path / "key.pem")
    (tmp_path / "public.pem").write_text(signer.public_pem)
    (tmp_path / "data").write_bytes(b"\x00head\xff" * 40)
    (tmp_path / "signature").write_bytes(signer.sign(b"\x00head\xff" * 40))
    checked = ("pkeyutl", "-verify", "-in", tmp_path / "data", "-sigfile", tmp_path / "signature")
    public = ("-pubin", "-inkey", tmp_path / "public.pem")
    accepted = openssl(*checked, *public, *AS_THE_STANDARD_SAYS)
    assert accepted.returncode == 0, accepted.stderr
    (tmp_path / "data").write_bytes(b"something else")
    assert openssl(*checked, *public, *AS_THE_STANDARD_SAYS).returncode != 0


def test_we_verify_what_openssl_signs_and_load_the_key_it_made(tmp_path: Path) -> None:
    key, data, signature = tmp_path / "key.pem", tmp_path / "data", tmp_path / "signature"
    data.write_bytes(b"\x00tail\xff" * 40)
    assert openssl("genpkey", "-algorithm", "SM2", "-out", key).returncode == 0
    key.chmod(0o600)
    made = openssl("pkeyutl", "-sign", "-inkey", key, "-in", data, "-out", signature, *AS_THE_STANDARD_SAYS)
    assert made.returncode == 0, made.stderr
    public_pem = openssl("pkey", "-in", key, "-pubout").stdout.decode()
    assert verify(public_pem, data.read_bytes(), signature.read_bytes())
    assert Signer.load(key).public_pem == public_pem
    assert verify(public_pem, b"", Signer.load(key).sign(b""))


def test_openssl_reads_the_key_that_we_made_and_gives_the_same_key_id(tmp_path: Path) -> None:
    signer = Signer.create(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").read_text().startswith("-----BEGIN PRIVATE KEY-----")
    der = openssl("pkey", "-in", tmp_path / "key.pem", "-pubout", "-outform", "DER").stdout
    assert signer.key_id == sm3_hex(der)[:16]


def test_hmac_sm3_is_that_of_openssl(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"\x00data")
    told = openssl("mac", "-digest", "SM3", "-macopt", "hexkey:00ff", "-in", tmp_path / "data", "HMAC")
    assert told.stdout.decode().strip().lower() == hmac_sm3(b"\x00\xff", b"\x00data").hex()


# ---- Signatures ----------------------------------------------------------------------------------------------------


def test_a_signature_fits_only_its_data_and_its_key(signer: Signer, tmp_path: Path) -> None:
    signature = signer.sign(b"head 1")
    assert verify(signer.public_pem, b"head 1", signature)
    assert not verify(signer.public_pem, b"head 2", signature)
    assert not verify(Signer.create(tmp_path / "other.pem").public_pem, b"head 1", signature)
    assert signer.sign(b"head 1") != signature


def test_no_byte_of_a_signature_may_be_changed(signer: Signer) -> None:
    signature = signer.sign(b"head")
    changed = [signature[:i] + bytes([signature[i] ^ 1]) + signature[i + 1 :] for i in range(len(signature))]
    assert not any(verify(signer.public_pem, b"head", wrong) for wrong in changed)


def test_garbage_is_no_signature_and_no_key_and_never_an_error(signer: Signer) -> None:
    good = signer.sign(b"data")
    for signature in (b"", b"\x30", b"garbage" * 50, good[:-1], good + b"\x00", bytes(72)):
        assert verify(signer.public_pem, b"data", signature) is False
    off_curve = pem_of(STANDARD_POINT[:-2] + "14")
    for public_pem in ("", "garbage", "\udc80", signer.public_pem[:-60], off_curve, "\x00" + signer.public_pem[:40]):
        assert verify(public_pem, b"data", good) is False


def test_a_key_of_another_curve_is_no_sm2_key(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    made = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    assert made.returncode == 0, made.stderr
    key.chmod(0o600)
    with pytest.raises(KeysBroken, match="不是 SM2 密钥"):
        Signer.load(key)
    (tmp_path / "data").write_bytes(b"data")
    signed = openssl("dgst", "-sha256", "-sign", key, tmp_path / "data").stdout
    assert verify(openssl("pkey", "-in", key, "-pubout").stdout.decode(), b"data", signed) is False


def test_an_encrypted_key_is_refused_without_asking_for_its_password(signer: Signer, tmp_path: Path) -> None:
    plain, encrypted = tmp_path / "plain.pem", tmp_path / "encrypted.pem"
    Signer.create(plain)
    assert openssl("pkcs8", "-topk8", "-in", plain, "-passout", "pass:demo", "-out", encrypted).returncode == 0
    encrypted.chmod(0o600)
    with pytest.raises(KeysBroken):
        Signer.load(encrypted)


def test_a_damaged_signing_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    Signer.create(path)
    lines = path.read_text().splitlines()
    body = bytearray(base64.b64decode("".join(lines[1:-1])))
    body[40] ^= 1  # inside the private number, so that the public half no longer belongs to it
    path.write_text("\n".join([lines[0], base64.b64encode(body).decode(), lines[-1], ""]))
    with pytest.raises(KeysBroken, match="从备份恢复"):
        Signer.load(path)


def test_a_signing_key_is_never_overwritten(tmp_path: Path) -> None:
    first = Signer.create(tmp_path / "key.pem")
    with pytest.raises(FileExistsError):
        Signer.create(tmp_path / "key.pem")
    assert Signer.load(tmp_path / "key.pem").key_id == first.key_id


def test_threads_may_sign_and_verify_at_once(signer: Signer) -> None:
    def round_trip(number: int) -> bool:
        data = str(number).encode()
        signature = signer.sign(data)
        return verify(signer.public_pem, data, signature) and not verify(signer.public_pem, data + b"x", signature)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(round_trip, range(400)))


def test_signing_and_refusing_leak_nothing(signer: Signer, tmp_path: Path) -> None:
    signature, path = signer.sign(b"data"), tmp_path / "key.pem"
    Signer.create(path)

    def memory_after(rounds: int) -> int:
        for number in range(rounds):
            signer.sign(b"data")
            verify(signer.public_pem, b"other", signature)
            verify("garbage", b"data", signature)
            if number % 4 == 0:
                Signer.load(path)
        return psutil.Process().memory_info().rss

    warm = memory_after(200)
    assert memory_after(1200) - warm < LEAK_BYTES


def test_a_refusal_leaves_no_error_behind_for_python_ssl(signer: Signer) -> None:
    library().ERR_clear_error()
    assert not verify("garbage", b"data", b"garbage")
    assert not verify(signer.public_pem, b"data", b"garbage")
    library().ERR_peek_error.restype = ctypes.c_ulong
    assert library().ERR_peek_error() == 0


def test_without_a_fit_openssl_the_reader_is_told_what_to_install() -> None:
    with pytest.raises(CryptoUnavailable, match="OpenSSL 3") as told:
        load(["libcrypto.so.none", "libc.so.6"])
    assert "libcrypto.so.none" in str(told.value) and "libc.so.6" in str(told.value)


# ---- Sealed fields -------------------------------------------------------------------------------------------------


@given(st.text(max_size=60))
def test_row_30_what_is_sealed_opens_again(sealing: Keys, text: str) -> None:
    sealed = seal(sealing, PLACE, text)
    assert unseal(sealing, PLACE, sealed) == text
    assert re.fullmatch(r"v1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+", sealed)


def test_row_30_a_sealed_text_shows_nothing_and_is_different_each_time(keys: Keys) -> None:
    sealed = [seal(keys, PLACE, PHONE) for _ in range(50)]
    assert len(set(sealed)) == 50
    bodies = [base64.urlsafe_b64decode(one.split(".")[2] + "==") for one in sealed]
    assert len({body[:12] for body in bodies}) == 50
    assert not any(PHONE.encode() in body for body in bodies)


@pytest.mark.parametrize("place", ["account.phone:8", "account.email:7", "person.phone:7", "account.phone:77"])
def test_row_30_a_ciphertext_moved_to_another_row_or_column_fails(keys: Keys, place: str) -> None:
    with pytest.raises(SealBroken, match="搬来"):
        unseal(keys, place, seal(keys, PLACE, PHONE))


def test_row_30_no_digit_of_a_sealed_text_may_be_changed(keys: Keys) -> None:
    for text in ("a", "ab", "abc"):  # Their base64 ends with four, two and no unused bits.
        sealed = seal(keys, PLACE, text)
        for i, digit in enumerate(sealed):
            tried = DIGITS if i == len(sealed) - 1 else "A0-="  # The last digit may hold bits that nothing reads.
            for other in set(tried) - {digit}:
                with pytest.raises(SealBroken):
                    unseal(keys, PLACE, sealed[:i] + other + sealed[i + 1 :])


def test_row_30_what_was_never_sealed_is_refused(keys: Keys) -> None:
    sealed = seal(keys, PLACE, PHONE)
    for wrong in (
        "",
        PHONE,
        "v1..",
        sealed[:-1],
        sealed + "A",
        sealed + "\n",
        " " + sealed,
        "v2" + sealed[2:],
        sealed[:20],
    ):
        with pytest.raises(SealBroken):
            unseal(keys, PLACE, wrong)


@pytest.mark.parametrize("place", ["", "account.phone", "account.phone:", "account.phone:None", "account:7", "phone"])
def test_row_30_nothing_is_sealed_for_a_place_without_a_row(keys: Keys, place: str) -> None:
    with pytest.raises(ValueError, match="primary key"):
        seal(keys, place, PHONE)


def test_row_30_after_a_rotation_old_texts_stay_readable_and_new_ones_use_the_new_key(folder: Path) -> None:
    before = open_keys(folder)
    old = seal(before, PLACE, PHONE)
    key_id = rotate_field_key(folder)
    after = open_keys(folder)
    assert unseal(after, PLACE, old) == PHONE
    assert seal(after, PLACE, PHONE).startswith(f"v1.{key_id}.")
    assert not old.startswith(f"v1.{key_id}.")
    assert after.field.ids == [before.field.ids[0], key_id]


def test_row_30_a_running_process_follows_a_rotation_made_by_another(folder: Path) -> None:
    running, other = open_keys(folder), open_keys(folder)
    key_id = rotate_field_key(folder)
    assert unseal(running, PLACE, seal(other, PLACE, PHONE)) == PHONE
    assert seal(running, PLACE, PHONE).startswith(f"v1.{key_id}.")
    reader = open_keys(folder)
    rotate_field_key(folder)
    assert unseal(reader, PLACE, seal(open_keys(folder), PLACE, PHONE)) == PHONE


def test_row_30_sealing_anew_moves_a_text_under_the_current_key_once(folder: Path) -> None:
    keys = open_keys(folder)
    old = seal(keys, PLACE, PHONE)
    assert resealed(keys, PLACE, old) is None
    key_id = rotate_field_key(folder)
    new = resealed(keys, PLACE, old)
    assert new is not None and new.startswith(f"v1.{key_id}.") and unseal(keys, PLACE, new) == PHONE
    assert resealed(keys, PLACE, new) is None
    with pytest.raises(SealBroken):
        resealed(keys, "account.phone:8", old)


def test_row_30_a_missing_key_is_named(folder: Path) -> None:
    old = seal(open_keys(folder), PLACE, PHONE)
    rotate_field_key(folder)
    (folder / "field-0001.key").unlink()
    with pytest.raises(KeyMissing, match=old.split(".")[1]) as told:
        unseal(open_keys(folder), PLACE, old)
    assert told.value.key_id == old.split(".")[1]
    assert isinstance(told.value, SealBroken)


def test_row_30_a_blind_index_finds_the_same_value_however_it_was_typed(keys: Keys) -> None:
    index = blind_index(keys, "engine", "AB12")
    assert re.fullmatch("[0-9a-f]{64}", index)
    assert {blind_index(keys, "engine", typed) for typed in ("ab12", " AB12\n", "ＡＢ１２", "aB12\u3000")} == {index}
    assert index == hmac_sm3(keys.index, b"engine\0AB12").hex()


def test_row_30_a_blind_index_tells_values_kinds_and_platforms_apart(keys: Keys, tmp_path: Path) -> None:
    other = open_keys(tmp_path / "other")
    found = [
        blind_index(keys, "engine", "AB12"),
        blind_index(keys, "engine", "AB13"),
        blind_index(keys, "phone", "AB12"),
    ]
    assert len({*found, blind_index(other, "engine", "AB12")}) == 4


# ---- The files of keys ---------------------------------------------------------------------------------------------


def test_the_first_run_makes_keys_that_the_next_one_finds(folder: Path) -> None:
    assert not keys_exist(folder)
    first = open_keys(folder)
    assert keys_exist(folder)
    assert fingerprint(open_keys(folder)) == fingerprint(first)
    assert len(first.index) == len(first.forms) == 32
    assert first.index != first.forms
    assert len(first.field.key(first.field.current)) == 16


def test_keys_never_stand_in_a_log(keys: Keys) -> None:
    shown = repr(keys) + str(keys.field) + repr(keys.audit)
    assert repr(keys.index)[2:-1] not in shown and repr(keys.forms)[2:-1] not in shown
    assert "index=" not in shown and "forms=" not in shown


@pytest.mark.skipif(os.name != "posix", reason="Windows 没有 POSIX 文件权限")
def test_only_the_owner_may_open_the_keys_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0)
    try:
        open_keys(folder)
        rotate_field_key(folder)
    finally:
        os.umask(before)
    assert mode(folder) == 0o700
    assert {path.name: mode(path) for path in folder.iterdir()} == dict.fromkeys([*KEY_FILES, "field-0002.key"], 0o600)


@pytest.mark.skipif(os.name != "posix", reason="Windows 没有 POSIX 文件权限")
@pytest.mark.parametrize("open_to", [0o640, 0o604, 0o620, 0o610])
@pytest.mark.parametrize("name", KEY_FILES)
def test_a_key_file_open_to_others_is_refused_with_the_command_that_closes_it(
    folder: Path, name: str, open_to: int
) -> None:
    open_keys(folder)
    (folder / name).chmod(open_to)
    with pytest.raises(KeysUnsafe, match=f"chmod 600 .*{name}"):
        open_keys(folder)
    (folder / name).chmod(0o600)
    open_keys(folder)


@pytest.mark.skipif(os.name != "posix", reason="Windows 没有 POSIX 文件权限")
def test_a_key_folder_open_to_others_is_refused_before_a_key_is_written(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(KeysUnsafe, match="chmod 700"):
        open_keys(folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", sorted({*KEY_FILES} - {"field-0001.key"}))
def test_a_lost_key_file_is_said_and_never_replaced(folder: Path, name: str) -> None:
    open_keys(folder)
    (folder / name).unlink()
    assert keys_exist(folder)
    with pytest.raises(KeysBroken, match=f"{name}.*从备份恢复"):
        open_keys(folder)
    assert not (folder / name).exists()


def test_a_damaged_or_exchanged_key_file_is_refused(folder: Path) -> None:
    open_keys(folder)
    index, forms = (folder / "index.key").read_text(), (folder / "forms.key").read_text()
    for wrong in (forms, index[:-10], "", "garbage", ("1" if index[0] == "0" else "0") + index[1:]):
        (folder / "index.key").write_text(wrong)
        with pytest.raises(KeysBroken, match=r"index\.key"):
            open_keys(folder)


def test_a_first_run_that_was_cut_short_is_finished_by_the_next(folder: Path) -> None:
    half = open_keys(folder)
    for name in ("field-0001.key", "forms.key"):
        (folder / name).unlink()
    assert not keys_exist(folder)
    whole = open_keys(folder)
    assert whole.index == half.index and whole.audit.key_id == half.audit.key_id
    assert sorted(path.name for path in folder.iterdir()) == KEY_FILES


def test_a_rotation_without_keys_is_refused(folder: Path) -> None:
    with pytest.raises(KeysBroken, match="先启动一次平台"):
        rotate_field_key(folder)
    assert not folder.exists()


def test_rotations_at_once_each_leave_their_key(folder: Path) -> None:
    first = open_keys(folder).field.current
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: rotate_field_key(folder), range(16)))
    assert sorted(open_keys(folder).field.ids) == sorted([first, *made])
    assert len(set(made)) == 16


STARTS = """
import sys, time
from pathlib import Path
from backend.crypto.keys import open_keys
print("ready", flush=True)
while not Path(sys.argv[2]).exists():
    time.sleep(0.0005)
keys = open_keys(Path(sys.argv[1]))
print(keys.field.current, keys.index.hex(), keys.forms.hex(), keys.audit.key_id)
"""


@pytest.mark.parametrize("_time", range(4))
def test_processes_that_start_at_once_end_with_the_same_keys(folder: Path, tmp_path: Path, _time: int) -> None:
    go = tmp_path / "go"
    command = [sys.executable, "-c", STARTS, str(folder), str(go)]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for process in started:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    go.touch()
    told = [process.communicate(timeout=30)[0] for process in started]
    assert [process.returncode for process in started] == [0] * 4
    assert set(told) == {" ".join(fingerprint(open_keys(folder))) + "\n"}
    assert sorted(path.name for path in folder.iterdir()) == KEY_FILES


def test_of_many_writers_of_a_key_file_one_wins_and_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"

    def attempt(number: int) -> bool:
        try:
            write_private(path, f"{number:02d}".encode() * 500)
        except FileExistsError:
            assert len(path.read_bytes()) == 1000
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(attempt, range(24)))
    assert won.count(True) == 1
    assert path.read_bytes() == f"{won.index(True):02d}".encode() * 500
    assert [one.name for one in tmp_path.iterdir()] == ["secret.key"]


def test_what_a_killed_process_left_is_removed_but_not_what_another_is_writing(folder: Path) -> None:
    open_keys(folder)
    left, fresh = folder / f"{UNFINISHED}left", folder / f"{UNFINISHED}fresh"
    left.touch(0o600)
    fresh.touch(0o600)
    long_ago = time.time() - UNFINISHED_SECONDS - 60
    os.utime(left, (long_ago, long_ago))
    open_keys(folder)
    assert not left.exists() and fresh.exists()


def test_where_keys_cannot_be_written_the_reader_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeysBroken, match="无法建立密钥目录"):
        open_keys(tmp_path / "file" / "keys")
    with pytest.raises(KeysBroken, match="无法写入密钥文件"):
        write_private(tmp_path / "nowhere" / "secret.key", b"")

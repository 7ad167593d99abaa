"""The one way out to an identity server: bounded in time and size, never led elsewhere, answers read with doubt."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, RequestException, SSLError

from backend.identity.sso.refusal import out_of_order, refused

SECONDS = 5.0
MAX_BODY = 256 * 1024
MARK = b"\xef\xbb\xbf"
BAD_CERTIFICATE = "{label}的加密证书没有通过检查，为安全起见没有登录。请联系系统管理员，也可以先用本平台账号登录。"
REFUSED_CONNECTION = "{label}连接不上。请稍后重试，或改用本平台账号登录。"

# At level DEBUG urllib3 writes whole addresses, and 秦务员 wants the client secret and the token in them.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

# Neither a slow name server nor a header that comes byte by byte is covered by the time limits of sockets: the calls
# run in threads of their own, and whoever waits for one stops waiting in time.
_callers = ThreadPoolExecutor(max_workers=16, thread_name_prefix="sso")
T = TypeVar("T")


def within(seconds: float, label: str, work: Callable[[], T]) -> T:
    """Return what work returns; raise SsoRefused (silent, 504) when it has not finished after so many seconds."""
    task = _callers.submit(work)
    try:
        return task.result(seconds)
    except TimeoutError:
        task.cancel()
        raise refused("silent", label) from None


class Doorkeeper(HTTPAdapter):
    """Carries requests to one identity server.

    It raises SsoRefused for silence, for HTTP 5xx and for more than MAX_BODY bytes, and takes the address out of
    redirects, so that nothing that uses the session can follow one. Certificates are always checked.
    """

    def __init__(self, label: str, seconds: float) -> None:
        super().__init__(max_retries=0)
        self.label = label
        self.seconds = seconds

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send, read the whole body and return the answer. The causes are cut off: their words hold the address."""
        deadline = time.monotonic() + self.seconds
        try:
            answer = super().send(request, True, self.seconds, verify or True, cert, dict(proxies or {}))
            answer._content = self._body(answer, deadline)
        except SSLError:
            raise refused("misconfigured", self.label, BAD_CERTIFICATE) from None
        except (ChunkedEncodingError, ContentDecodingError):
            raise refused("garbage", self.label) from None
        except RequestException as error:
            raise self._unanswered(error) from None
        answer.headers.pop("Location", None)
        if answer.status_code >= 500:
            raise out_of_order(self.label)
        return answer

    def _body(self, answer: Response, deadline: float) -> bytes:
        body = b""
        with answer:
            for part in answer.iter_content(8192):
                body += part
                if len(body) > MAX_BODY:
                    raise refused("garbage", self.label)
                if time.monotonic() > deadline:
                    raise refused("silent", self.label)
        return body

    def _unanswered(self, error: RequestException) -> Exception:
        if "timed out" in str(error).lower():
            return refused("silent", self.label)
        return refused("silent", self.label, REFUSED_CONNECTION, 503)


def guarded(session: Session, label: str, seconds: float) -> Session:
    """Put the doorkeeper in front of everything a session sends, and return the session."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, Doorkeeper(label, seconds))
    session.headers["Accept-Encoding"] = "identity"
    return session


def text_of(body: bytes, label: str) -> str:
    """Decode a body as UTF-8 or else as GBK, whatever its header says; raise SsoRefused (garbage) if it is neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refused("garbage", label)


def json_object(body: bytes, label: str) -> dict[str, Any]:
    """Read a body that must be one JSON object; raise SsoRefused (garbage) for everything else."""
    try:
        found = json.loads(text_of(body, label))
    except (ValueError, RecursionError):
        raise refused("garbage", label) from None
    if not isinstance(found, dict):
        raise refused("garbage", label)
    return found

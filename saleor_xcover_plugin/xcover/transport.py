"""One attempt of one call over HTTP, inside one total deadline.

No retries here: the signature covers the Date header, so whoever repeats a call must come through
here again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

import requests

from .connections import make_cuttable
from .deadline import DeadlineExceeded, WorkFailed, run_with_deadline
from .errors import XCoverError, XCoverMisconfigured, XCoverUnavailable
from .redaction import log_call

MAX_BODY = 1_000_000
_CONNECT_SECONDS = 3.0
# The caller always leaves first; the socket's own timeout then ends the thread at the latest.
_GRACE_SECONDS = 1.0
_CHUNK = 16_384

# Saleor's hardened session refuses private addresses with InvalidIPAddress; by name, because
# requests-hardened belongs to the host.
_ADDRESS_FAULTS = {"InvalidURL", "InvalidSchema", "MissingSchema", "InvalidIPAddress"}
_KEY_FAULTS = {"InvalidHeader", "UnicodeError"}
_CONNECT_FAULTS = {"ConnectTimeoutError", "NewConnectionError"}
"""Of urllib3, which is a dependency of requests: no connection came about."""


@dataclass(frozen=True, slots=True)
class Request:
    """One attempt, signed and ready to be sent."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Transport(Protocol):
    """What the client needs of a transport."""

    clock: Callable[[], datetime]

    def send(self, request: Request, *, deadline: float) -> Response:
        """Send once within ``deadline`` seconds. Raise ``XCoverError``."""


class HttpTransport:
    """Sends attempts through a pooled session; knows nothing of XCover's answers."""

    def __init__(
        self,
        session: requests.Session,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        make_cuttable(session)
        self._session = session
        self._monotonic = monotonic

    def send(self, request: Request, *, deadline: float) -> Response:
        """Send once; everything from the name look-up to the last byte within ``deadline`` seconds.

        Raise ``XCoverUnavailable`` for network faults and the deadline, ``XCoverMisconfigured`` for
        an address or a key that cannot be used. What tells the calling worker to stop, such as a
        time limit of its task, is no fault of the network and comes out as it is.
        """
        started = self._monotonic()
        answer: Response | None = None
        outcome = "interrupted"
        try:
            answer = run_with_deadline(
                deadline, partial(_exchange, self._session, request, deadline)
            )
            outcome = "answered"
        except DeadlineExceeded:
            outcome = "deadline"
            raise XCoverUnavailable(
                f"{request.operation}: no complete answer within {deadline:g} s"
            ) from None
        except WorkFailed as failed:
            outcome = type(failed.error).__name__
            raise _fault(request.operation, failed.error) from None
        finally:
            log_call(
                operation=request.operation,
                method=request.method,
                url=request.url,
                idempotency_key=request.headers.get("x-idempotency-key", ""),
                sent=request.body,
                received=answer.body if answer else None,
                status=answer.status if answer else None,
                outcome=outcome,
                seconds=self._monotonic() - started,
            )
        return answer


class _Abandoned(Exception):
    """Nobody waits for this answer any more."""


def _exchange(
    session: requests.Session, request: Request, deadline: float, is_abandoned: threading.Event
) -> Response:
    response = session.request(
        request.method,
        request.url,
        data=request.body,
        headers=dict(request.headers),
        # Without this, requests replaces our signature by what ~/.netrc holds for the host.
        auth=_as_signed,
        timeout=(min(_CONNECT_SECONDS, deadline), deadline + _GRACE_SECONDS),
        # A write is never sent again to an address an answer names.
        allow_redirects=False,
        stream=True,
    )
    body = bytearray()
    try:
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > MAX_BODY:
                raise requests.ConnectionError("the answer is too large")
            if is_abandoned.is_set():
                raise _Abandoned
    except BaseException:
        response.close()
        raise
    return Response(response.status_code, response.headers, bytes(body))


def _as_signed(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    return prepared


def _fault(operation: str, error: Exception) -> XCoverError:
    """Say what to do about a fault of the network; its own text may hold the whole address."""
    name = type(error).__name__
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & _ADDRESS_FAULTS:
        text = f"{operation}: the address may not be called ({name})"
        return XCoverMisconfigured(text, never_left=True)
    if kinds & _KEY_FAULTS:
        text = f"{operation}: HTTP cannot carry the key or address ({name})"
        return XCoverMisconfigured(text, never_left=True)
    text = f"{operation}: the network failed ({name})"
    return XCoverUnavailable(text, never_left=_never_connected(error))


def _never_connected(error: Exception) -> bool:
    """Return True when no connection came about: the name is unknown, or nothing answers there."""
    wrapped = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else None
    reason = getattr(wrapped, "reason", None)
    return bool({kind.__name__ for kind in type(reason).__mro__} & _CONNECT_FAULTS)

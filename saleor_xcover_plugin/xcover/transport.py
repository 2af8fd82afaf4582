"""Make one attempt of one call over HTTP, within one total deadline.

There are no retries here: the signature covers the Date header, so the client signs each
attempt.
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
"""Longest response body that is read, in bytes."""
_CONNECT_SECONDS = 3.0
# Added to the socket's timeout, so that the caller's deadline ends first.
_GRACE_SECONDS = 1.0
_CHUNK = 16_384

# Saleor's hardened session refuses private addresses with InvalidIPAddress. Exceptions are compared
# by name, because requests-hardened is a dependency of Saleor, not of the plugin.
_ADDRESS_FAULTS = {"InvalidURL", "InvalidSchema", "MissingSchema", "InvalidIPAddress"}
_KEY_FAULTS = {"InvalidHeader", "UnicodeError"}
_CONNECT_FAULTS = {"ConnectTimeoutError", "NewConnectionError"}
"""Exceptions of urllib3 that mean that no connection was made."""


@dataclass(frozen=True, slots=True)
class Request:
    """One attempt, signed and ready to be sent."""

    operation: str
    """Name of the operation, for errors, logs and the rate limit."""
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response with any status."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Transport(Protocol):
    """Sends the client's requests. Implementations may wrap another transport."""

    clock: Callable[[], datetime]
    """Returns the time for signatures, aware and in UTC."""

    def send(self, request: Request, *, deadline: float) -> Response:
        """Send a request once and return the response, whatever its status.

        Take at most ``deadline`` seconds. Raise a subclass of ``XCoverError`` if there is no
        response.
        """


class HttpTransport:
    """Sends requests through a session of ``requests``, and logs each attempt.

    ``session`` is made cuttable (``connections.make_cuttable``). ``monotonic`` measures durations,
    in seconds.
    """

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
        """Send a request once, from the name look-up to the last byte within ``deadline`` seconds.

        Raise ``XCoverUnavailable`` for network faults and the deadline, and ``XCoverMisconfigured``
        for an address or key that cannot be used. Exceptions that stop the calling worker, such as
        the time limit of its task, pass through.
        """
        started = self._monotonic()
        response: Response | None = None
        outcome = "interrupted"
        try:
            response = run_with_deadline(
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
                received=response.body if response else None,
                status=response.status if response else None,
                outcome=outcome,
                seconds=self._monotonic() - started,
            )
        return response


class _Abandoned(Exception):
    """The caller returned at the deadline, so the response is not needed."""


def _exchange(
    session: requests.Session, request: Request, deadline: float, is_abandoned: threading.Event
) -> Response:
    response = session.request(
        request.method,
        request.url,
        data=request.body,
        headers=dict(request.headers),
        # Without this, requests replaces the signature by an entry of ~/.netrc for the host.
        auth=_as_signed,
        timeout=(min(_CONNECT_SECONDS, deadline), deadline + _GRACE_SECONDS),
        # A write must never be sent to an address that a response names.
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
    """Return the ``XCoverError`` for a network fault, without its text, which may hold the URL."""
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
    """Return True if no connection was made, so that no byte of the call left."""
    wrapped = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else None
    reason = getattr(wrapped, "reason", None)
    return bool({kind.__name__ for kind in type(reason).__mro__} & _CONNECT_FAULTS)

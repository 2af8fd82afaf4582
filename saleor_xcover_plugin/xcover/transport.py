"""One attempt of one call over HTTP, inside one total deadline.

No retries here: the signature covers the Date header, so whoever repeats a call must come through
here again.
"""

from __future__ import annotations

import ctypes
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import requests

from .errors import XCoverError, XCoverMisconfigured, XCoverUnavailable

log = logging.getLogger("saleor_xcover_plugin.xcover")

MAX_BODY = 1_000_000
_CONNECT_SECONDS = 3.0
# The caller always leaves first; the socket's own timeout then ends the thread.
_GRACE_SECONDS = 1.0
_CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class Request:
    """One attempt, signed and ready to be sent."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Transport:
    """Sends attempts through a pooled session; knows nothing of XCover's answers."""

    def __init__(
        self,
        session: requests.Session,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self._session = session
        self._monotonic = monotonic

    def send(self, request: Request, *, deadline: float) -> Answer:
        """Send once; everything from the name look-up to the last byte within ``deadline`` seconds.

        Raise ``XCoverUnavailable`` for network faults and the deadline, ``XCoverMisconfigured`` for
        an address that may not or cannot be called.
        """
        started = self._monotonic()
        attempt = _Attempt(self._session, request, deadline)
        try:
            answer = attempt.result_within(deadline)
        except XCoverError as error:
            self._log(request, started, outcome=type(error).__name__)
            raise
        self._log(request, started, outcome=str(answer.status))
        return answer

    def _log(self, request: Request, started: float, *, outcome: str) -> None:
        log.info(
            "xcover.call",
            extra={
                "operation": request.operation,
                "outcome": outcome,
                "milliseconds": round((self._monotonic() - started) * 1000),
                "idempotency_key": request.headers.get("x-idempotency-key", ""),
            },
        )


class _Abandoned(BaseException):
    """Raised inside the attempt's thread when its caller has stopped waiting."""


class _Attempt:
    """Runs in a thread of its own, because nothing else bounds the sum of all socket operations.

    ``requests`` applies its timeout to each of them: name look-up, connecting, headers or a body
    that drip in byte by byte can outlast any limit. When the caller leaves, the thread ends at its
    next byte, or at the socket's own timeout, a second after the deadline.
    """

    def __init__(self, session: requests.Session, request: Request, deadline: float) -> None:
        self._session = session
        self._request = request
        self._timeout = (min(_CONNECT_SECONDS, deadline), deadline + _GRACE_SECONDS)
        self._answer: Answer | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="xcover-call", daemon=True)

    def result_within(self, deadline: float) -> Answer:
        self._thread.start()
        self._thread.join(deadline)
        operation = self._request.operation
        if self._thread.is_alive():
            self._abandon()
            raise XCoverUnavailable(f"{operation}: no complete answer within {deadline:g} s")
        if self._answer is None:
            raise _fault(operation, self._error)
        return self._answer

    def _abandon(self) -> None:
        if self._thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident), ctypes.py_object(_Abandoned)
            )

    def _run(self) -> None:
        with suppress(_Abandoned):  # it may arrive anywhere below
            try:
                self._answer = self._exchange()
            except Exception as error:  # the caller turns it into one of ours
                self._error = error

    def _exchange(self) -> Answer:
        response = self._session.request(
            self._request.method,
            self._request.url,
            data=self._request.body,
            headers=dict(self._request.headers),
            timeout=self._timeout,
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
        except BaseException:
            response.close()
            raise
        return Answer(response.status_code, response.headers, bytes(body))


def _fault(operation: str, error: Exception | None) -> XCoverError:
    """Say what to do about a fault of the network; its own text may hold the whole address."""
    name = type(error).__name__
    refused = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
    # Saleor's hardened session refuses private addresses with InvalidIPAddress.
    if isinstance(error, refused) or name in {"InvalidIPAddress", "MissingSchema"}:
        return XCoverMisconfigured(f"{operation}: the address may not be called ({name})")
    return XCoverUnavailable(f"{operation}: the network failed ({name})")

"""Transports around another one: one that blocks until its turn, one that is instrumented."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..host import telemetry
from ..xcover.transport import Request, Response, Transport
from .rate_limit import CallDeferred

MAX_WAIT_SECONDS = 60.0
"""Longest time ``BlockingTransport`` waits for the turn of one call."""

_MAX_PAUSE = 5.0  # seconds


class BlockingTransport:
    """Transport for commands that blocks until a rate-limited transport gives it a turn.

    ``send`` raises ``CallDeferred`` when no turn comes within ``MAX_WAIT_SECONDS``, and at once
    while the breaker is open. ``rest`` sleeps for a number of seconds.
    """

    def __init__(self, limited: Transport, *, rest: Callable[[float], None] = time.sleep) -> None:
        self.clock = limited.clock
        self._limited = limited
        self._rest = rest

    def send(self, request: Request, *, deadline: float) -> Response:
        waited = 0.0
        while True:
            try:
                return self._limited.send(request, deadline=deadline)
            except CallDeferred as deferred:
                if not deferred.is_busy or waited >= MAX_WAIT_SECONDS:
                    raise
                wait = (deferred.until - self.clock()).total_seconds()
                wait = min(max(wait, 0.1), _MAX_PAUSE)
                self._rest(wait)
                waited += wait


class InstrumentedTransport:
    """Transport that records duration and outcome of each attempt as metric and trace span."""

    def __init__(self, transport: Transport) -> None:
        self.clock = transport.clock
        self._transport = transport

    def send(self, request: Request, *, deadline: float) -> Response:
        operation = {"operation": request.operation}
        started = time.monotonic()
        with telemetry.client_span(f"xcover.{request.operation}", operation) as learned:
            try:
                response = self._transport.send(request, deadline=deadline)
                learned["http.response.status_code"] = response.status
            except Exception as error:
                learned["error.type"] = type(error).__name__
                raise
            finally:
                seconds = time.monotonic() - started
                telemetry.measure(telemetry.CALLS, seconds, {**operation, **learned})
        return response

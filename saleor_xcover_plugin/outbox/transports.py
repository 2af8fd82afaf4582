"""For commands, which may wait where a shopper may not."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..host import telemetry
from ..xcover.transport import Request, Response, Transport
from .rate_limit import CallDeferred

MAX_WAIT_SECONDS = 60.0
_MAX_PAUSE = 5.0


class BlockingTransport:
    """Sends through a gated transport, and waits for its turn instead of giving up at once.

    Raise ``CallDeferred`` when no turn comes within ``MAX_WAIT_SECONDS``, or the breaker is open.
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
            except CallDeferred as held:
                if not held.is_busy or waited >= MAX_WAIT_SECONDS:
                    raise
                wait = (held.until - self.clock()).total_seconds()
                wait = min(max(wait, 0.1), _MAX_PAUSE)
                self._rest(wait)
                waited += wait


# Calls to XCover as metrics and traces show them: one attempt, its operation and its end.


class InstrumentedTransport:
    """Sends through another transport, and tells how long it took and how it ended."""

    def __init__(self, transport: Transport) -> None:
        self.clock = transport.clock
        self._transport = transport

    def send(self, request: Request, *, deadline: float) -> Response:
        operation = {"operation": request.operation}
        started = time.monotonic()
        with telemetry.client_span(f"xcover.{request.operation}", operation) as learned:
            try:
                answer = self._transport.send(request, deadline=deadline)
                learned["http.response.status_code"] = answer.status
            except Exception as error:
                learned["error.type"] = type(error).__name__
                raise
            finally:
                seconds = time.monotonic() - started
                telemetry.measure(telemetry.CALLS, seconds, {**operation, **learned})
        return answer

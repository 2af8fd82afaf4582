"""Calls to XCover as metrics and traces show them: one attempt, its operation and its end."""

from __future__ import annotations

import time

from ..host import telemetry
from ..xcover.transport import Answer, Request, Sends


class MeasuredTransport:
    """Sends through another transport, and tells how long it took and how it ended."""

    def __init__(self, transport: Sends) -> None:
        self.clock = transport.clock
        self._transport = transport

    def send(self, request: Request, *, deadline: float) -> Answer:
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

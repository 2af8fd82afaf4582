"""The plugin's time in all processes of a run: the real one plus jumps.

Nothing is sped up. While anybody works, time runs as it does on the wall; when all wait for the
next minute, the conductor jumps there. So leases, waits, breaker and rates keep their real lengths.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from multiprocessing import RawValue

from saleor_xcover_plugin.clock import utc_now
from saleor_xcover_plugin.outbox import clients
from saleor_xcover_plugin.xcover.transport import HttpTransport, Request, Response

MINUTE = 60


class PluginClock:
    """Callable like ``utc_now``; shared by every process forked after it was made."""

    def __init__(self) -> None:
        self._ahead = RawValue("d", 0.0)

    def __call__(self) -> datetime:
        return utc_now() + timedelta(seconds=self._ahead.value)

    @property
    def ahead(self) -> float:
        """Seconds ahead of the real time."""
        return float(self._ahead.value)

    def next_minute(self) -> float:
        """Return when the next minute begins, as a timestamp."""
        return (self().timestamp() // MINUTE + 1) * MINUTE

    def seconds_to(self, timestamp: float) -> float:
        return timestamp - self().timestamp()

    def jump(self, seconds: float) -> None:
        self._ahead.value += max(seconds, 0.0)

    def install(self) -> None:
        """Let this process's gate live in this time too.

        What uvicorn dates its answers with is the real time; it is taken away, or each answer would
        tell the gate of a wrong clock.
        """
        clients.utc_now = self  # type: ignore[assignment]
        send = HttpTransport.send

        def undated(transport: HttpTransport, request: Request, *, deadline: float) -> Response:
            answer = send(transport, request, deadline=deadline)
            answer.headers.pop("Date", None)  # type: ignore[attr-defined]
            return answer

        HttpTransport.send = undated  # type: ignore[method-assign]

"""The plugin's time in all processes of a run: the real time plus jumps.

While a worker is busy, time passes at its real speed. When all workers wait for the next minute,
the clock is advanced to it. Leases, waits, the circuit breaker and rates keep their real lengths.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from multiprocessing import RawValue

from saleor_xcover_plugin.clock import utc_now
from saleor_xcover_plugin.outbox import clients
from saleor_xcover_plugin.xcover.transport import HttpTransport, Request, Response

MINUTE = 60
"""Seconds of a minute."""


class PluginClock:
    """A clock that is called like ``utc_now`` and shared with processes forked afterwards."""

    def __init__(self) -> None:
        self._ahead = RawValue("d", 0.0)

    def __call__(self) -> datetime:
        return utc_now() + timedelta(seconds=self._ahead.value)

    @property
    def ahead(self) -> float:
        """Seconds ahead of the real time."""
        return float(self._ahead.value)

    def next_minute(self) -> float:
        """Return the start of the next minute, as a Unix timestamp."""
        return (self().timestamp() // MINUTE + 1) * MINUTE

    def seconds_to(self, timestamp: float) -> float:
        """Return the seconds until a Unix timestamp; negative once it has passed."""
        return timestamp - self().timestamp()

    def jump(self, seconds: float) -> None:
        """Advance the clock by ``seconds``; negative values are ignored."""
        self._ahead.value += max(seconds, 0.0)

    def install(self) -> None:
        """Make the rate limit of this process use this clock.

        The simulator dates its responses with the real time. The ``Date`` header is removed,
        because it would be taken for a wrong clock of this machine.
        """
        clients.utc_now = self  # type: ignore[assignment]
        send = HttpTransport.send

        def undated(transport: HttpTransport, request: Request, *, deadline: float) -> Response:
            answer = send(transport, request, deadline=deadline)
            answer.headers.pop("Date", None)  # type: ignore[attr-defined]
            return answer

        HttpTransport.send = undated  # type: ignore[method-assign]

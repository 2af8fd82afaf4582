"""An XCover client for a channel's settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ..clock import utc_now
from ..config.settings import PluginSettings
from ..host import runtime
from ..xcover.client import Credentials, XCoverClient
from ..xcover.transport import HttpTransport, Request, Response, Transport
from .rate_limit import RateLimitedTransport, seconds_ahead
from .transports import BlockingTransport, InstrumentedTransport


def rate_limited_transport(
    settings: PluginSettings, *, max_wait: timedelta | None = None
) -> RateLimitedTransport:
    """Return a way to XCover that shares rate and breaker with all others of the account."""
    return RateLimitedTransport(_transport(), settings, max_wait=max_wait)


def client_for(
    settings: PluginSettings, transport: RateLimitedTransport | None = None
) -> XCoverClient:
    """Return a client whose calls share rate and breaker with all others of the account.

    ``transport`` is one of ``rate_limited_transport``, where the caller takes turns itself.
    """
    return XCoverClient(_credentials(settings), transport or rate_limited_transport(settings))


def probing_client(settings: PluginSettings) -> XCoverClient:
    """Return a client for one call that must be made now, whatever the gate says.

    Saving settings happens inside a transaction of Saleor's, which would keep the gate locked.
    """
    return XCoverClient(_credentials(settings), _transport())


@dataclass(slots=True)
class Skew:
    """How far our clock was ahead of XCover's at the last answer, in seconds; None: not known."""

    seconds: int | None = None


def measuring_client(settings: PluginSettings) -> tuple[XCoverClient, Skew]:
    """Return a probing client, and what its answers tell of the clock."""
    return _measuring(settings, _transport())


def blocking_client(settings: PluginSettings) -> tuple[XCoverClient, Skew]:
    """Return a client for commands, which wait for their turn, and what it learns of the clock."""
    return _measuring(settings, BlockingTransport(RateLimitedTransport(_transport(), settings)))


def _measuring(settings: PluginSettings, transport: Transport) -> tuple[XCoverClient, Skew]:
    measuring = _MeasuringTransport(transport)
    return XCoverClient(_credentials(settings), measuring), measuring.skew


class _MeasuringTransport:
    def __init__(self, transport: Transport) -> None:
        self.clock = transport.clock
        self.skew = Skew()
        self._transport = transport

    def send(self, request: Request, *, deadline: float) -> Response:
        answer = self._transport.send(request, deadline=deadline)
        self.skew.seconds = seconds_ahead(answer, self.clock())
        return answer


def _transport() -> Transport:
    return InstrumentedTransport(HttpTransport(runtime.http_session(), clock=utc_now))


def _credentials(settings: PluginSettings) -> Credentials:
    return Credentials(
        api_url=settings.api_url,
        partner_code=settings.partner_code,
        api_key=settings.api_key,
        api_secret=settings.api_secret,
    )

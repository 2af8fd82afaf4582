"""Build XCover clients from a channel's settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ..clock import utc_now
from ..config.settings import PluginSettings
from ..host import runtime
from ..xcover.client import Credentials, XCoverClient
from ..xcover.errors import XCoverError
from ..xcover.transport import HttpTransport, Request, Response, Transport
from .rate_limit import RateLimitedTransport, seconds_ahead
from .transports import BlockingTransport, InstrumentedTransport


def rate_limited_transport(
    settings: PluginSettings, *, max_wait: timedelta | None = None
) -> RateLimitedTransport:
    """Return a transport that shares rate limit and breaker with every process of the account.

    ``max_wait`` is how long a call may wait for its turn; None stands for ``rate_limit.MAX_WAIT``
    of its lane.
    """
    return RateLimitedTransport(_transport(), settings, max_wait=max_wait)


def client_for(
    settings: PluginSettings, transport: RateLimitedTransport | None = None
) -> XCoverClient:
    """Return a client that shares rate limit and breaker with every process of the account.

    Pass a ``transport`` made by ``rate_limited_transport`` to take turns on it explicitly. Calls
    raise ``CallDeferred`` when they may not be made now, besides the other ``XCoverError``.
    """
    return XCoverClient(_credentials(settings), transport or rate_limited_transport(settings))


@dataclass(slots=True)
class Recorded:
    """The last request of a client, and what came of it."""

    request: Request | None = None
    came: Response | XCoverError | None = None


def recording_client(settings: PluginSettings) -> tuple[XCoverClient, Recorded]:
    """Return a client without rate limit and breaker, and a record of what it sends.

    For a call whose turn was taken before, in a thread that uses no database. The caller passes the
    record to ``RateLimitedTransport.note``.
    """
    transport = _RecordingTransport(_transport())
    return XCoverClient(_credentials(settings), transport), transport.recorded


class _RecordingTransport:
    """Sends through another transport and keeps the request and what came of it."""

    def __init__(self, transport: Transport) -> None:
        self.clock = transport.clock
        self.recorded = Recorded()
        self._transport = transport

    def send(self, request: Request, *, deadline: float) -> Response:
        self.recorded.request = request
        try:
            response = self._transport.send(request, deadline=deadline)
        except XCoverError as error:
            self.recorded.came = error
            raise
        self.recorded.came = response
        return response


def probing_client(settings: PluginSettings) -> XCoverClient:
    """Return a client for one call that must be made now, without rate limit and breaker.

    Used while settings are saved: Saleor does that inside a transaction, which would keep the
    account row locked during the call.
    """
    return XCoverClient(_credentials(settings), _transport())


@dataclass(slots=True)
class Skew:
    """Difference between our clock and XCover's, updated with each response."""

    seconds: int | None = None
    """Seconds our clock was ahead at the last response (negative: behind); None if unknown."""


def measuring_client(settings: PluginSettings) -> tuple[XCoverClient, Skew]:
    """Return a client as ``probing_client`` does, and the clock skew that it measures."""
    return _measuring(settings, _transport())


def blocking_client(settings: PluginSettings) -> tuple[XCoverClient, Skew]:
    """Return a client for commands that waits for its turn, and the clock skew that it measures.

    Its calls raise ``CallDeferred`` as ``BlockingTransport`` does.
    """
    return _measuring(settings, BlockingTransport(RateLimitedTransport(_transport(), settings)))


def _measuring(settings: PluginSettings, transport: Transport) -> tuple[XCoverClient, Skew]:
    measuring = _MeasuringTransport(transport)
    return XCoverClient(_credentials(settings), measuring), measuring.skew


class _MeasuringTransport:
    """Sends through another transport and keeps the clock skew of the last response."""

    def __init__(self, transport: Transport) -> None:
        self.clock = transport.clock
        self.skew = Skew()
        self._transport = transport

    def send(self, request: Request, *, deadline: float) -> Response:
        response = self._transport.send(request, deadline=deadline)
        self.skew.seconds = seconds_ahead(response, self.clock())
        return response


def _transport() -> Transport:
    return InstrumentedTransport(HttpTransport(runtime.http_session(), clock=utc_now))


def _credentials(settings: PluginSettings) -> Credentials:
    return Credentials(
        api_url=settings.api_url,
        partner_code=settings.partner_code,
        api_key=settings.api_key,
        api_secret=settings.api_secret,
    )

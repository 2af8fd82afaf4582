"""An XCover client for a channel's settings."""

from __future__ import annotations

from ..conf import PluginSettings
from ..host import http
from ..xcover.client import Credentials, XCoverClient
from ..xcover.transport import Transport
from .clock import utc_now
from .gate import GatedTransport


def client_for(settings: PluginSettings) -> XCoverClient:
    """Return a client whose calls share rate and breaker with all others of the account."""
    return XCoverClient(_credentials(settings), GatedTransport(_transport(), settings))


def probing_client(settings: PluginSettings) -> XCoverClient:
    """Return a client for one call that must be made now, whatever the gate says.

    Saving settings happens inside a transaction of Saleor's, which would keep the gate locked.
    """
    return XCoverClient(_credentials(settings), _transport())


def _transport() -> Transport:
    return Transport(http.session(), clock=utc_now)


def _credentials(settings: PluginSettings) -> Credentials:
    return Credentials(
        api_url=settings.api_url,
        partner_code=settings.partner_code,
        api_key=settings.api_key,
        api_secret=settings.api_secret,
    )

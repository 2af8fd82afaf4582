"""An XCover client for a channel's settings."""

from __future__ import annotations

from ..conf import PluginSettings
from ..host import http
from ..xcover.client import Credentials, XCoverClient
from ..xcover.transport import Transport
from .clock import utc_now


def client_for(settings: PluginSettings) -> XCoverClient:
    credentials = Credentials(
        api_url=settings.api_url,
        partner_code=settings.partner_code,
        api_key=settings.api_key,
        api_secret=settings.api_secret,
    )
    return XCoverClient(credentials, Transport(http.session(), clock=utc_now))

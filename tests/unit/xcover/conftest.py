from datetime import UTC, datetime

import pytest
import requests

from saleor_xcover_plugin.xcover.client import Credentials, XCoverClient
from saleor_xcover_plugin.xcover.transport import HttpTransport

NOW = datetime(2026, 12, 4, 9, 5, 7, tzinfo=UTC)


@pytest.fixture
def client_at():
    """Build a client for an address; its session is closed afterwards."""
    session = requests.Session()
    session.trust_env = False

    def build(url: str) -> XCoverClient:
        credentials = Credentials(url, "ABCDE", "demo-key", "demo-secret-0001")
        return XCoverClient(credentials, HttpTransport(session, clock=lambda: NOW))

    yield build
    session.close()

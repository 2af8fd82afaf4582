"""Outgoing HTTP through Saleor's hardened client: no private addresses, no redirects."""

from functools import lru_cache

import requests
from saleor.core.http_client import HTTPClient


@lru_cache(maxsize=1)
def session() -> requests.Session:
    """Return this process's pooled session.

    ``HTTPClient.send_request`` opens a connection per call; ``get_session`` pools.
    """
    return HTTPClient.clone().get_session()

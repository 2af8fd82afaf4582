"""Outgoing HTTP through Saleor's hardened client: no private addresses, no redirects."""

from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy

import requests
from saleor.core.http_client import HTTPClient


@lru_cache(maxsize=1)
def session() -> requests.Session:
    """Return this process's pooled session.

    ``HTTPClient.send_request`` opens a connection per call; ``get_session`` pools.
    """
    pooled = HTTPClient.clone().get_session()
    # All channels share it: a cookie of one partner must never travel with another.
    pooled.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return pooled

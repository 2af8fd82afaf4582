"""Transports to a host: over HTTP, or into Django inside this process."""

from collections.abc import Callable, Mapping

import requests

Post = Callable[[str, str, Mapping[str, str]], tuple[int, bytes]]
"""Takes path, JSON body and headers; returns status and content."""

TIMEOUT = 60
"""Seconds to wait for the host; generous, for slow machines."""


def over_http(base_url: str) -> Post:
    """Return a transport to a server; ``base_url`` has no trailing slash."""
    session = requests.Session()
    session.trust_env = False

    def post(path: str, body: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        response = session.post(
            base_url + path,
            data=body.encode(),
            headers={"Content-Type": "application/json", **headers},
            timeout=TIMEOUT,
        )
        return response.status_code, response.content

    return post


def in_process() -> Post:
    """Return a transport through Django's test client, with real commits as in a web server.

    Saleor's own API test client delays ``on_commit``; this transport does not.
    """
    from django.test import Client

    client = Client(SERVER_NAME="localhost")

    def post(path: str, body: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        response = client.post(path, body, content_type="application/json", headers=headers)
        return response.status_code, response.content

    return post

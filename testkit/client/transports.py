"""Two ways to a host: over the network, or straight into Django in this process."""

from collections.abc import Callable, Mapping

import requests

Post = Callable[[str, str, Mapping[str, str]], tuple[int, bytes]]
"""Takes path, JSON body and headers; returns status and content."""

TIMEOUT = 60  # seconds; a story waits rather than fails on a slow machine


def over_http(base_url: str) -> Post:
    """Post to a server; ``base_url`` without a slash at its end."""
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
    """Post with Django's test client: real commits, no test transaction, like the web server.

    Saleor's own API test client runs ``on_commit`` late; this one does not.
    """
    from django.test import Client

    client = Client(SERVER_NAME="localhost")

    def post(path: str, body: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        response = client.post(path, body, content_type="application/json", headers=headers)
        return response.status_code, response.content

    return post

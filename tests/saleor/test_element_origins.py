"""Through Saleor's own ASGI application: a storefront elsewhere may load and use the element."""

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.conf import settings

from testkit.client.driver import PLUGIN_ID

STOREFRONT = "https://shop.example"


@pytest.fixture
def send(store, monkeypatch):
    """Send a request of another origin; return status and headers of the answer."""
    from saleor.asgi import application

    monkeypatch.setattr(settings, "ALLOWED_GRAPHQL_ORIGINS", [STOREFRONT])

    def send_(method, part, origin=STOREFRONT, **headers):
        given = {"host": "localhost", "origin": origin, "accept-encoding": "gzip", **headers}
        scope = {
            "type": "http",
            "method": method,
            "path": f"/plugins/channel/{store.usd.slug}/{PLUGIN_ID}/{part}",
            "query_string": b"",
            "scheme": "http",
            "headers": [(name.encode(), text.encode()) for name, text in given.items()],
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 1),
        }

        async def exchange():
            connection = ApplicationCommunicator(application, scope)
            await connection.send_input({"type": "http.request", "body": b""})
            start = await connection.receive_output(timeout=30)
            await connection.receive_output(timeout=30)
            return start

        start = async_to_sync(exchange)()
        return start["status"], {k.decode().lower(): v.decode() for k, v in start["headers"]}

    return send_


def test_an_allowed_origin_gets_the_module(send):
    status, headers = send("GET", "element.js")

    assert status == 200
    assert headers["access-control-allow-origin"] == STOREFRONT
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    # Caches between keep what each origin got apart.
    assert "Origin" in headers["vary"]


def test_it_still_knows_who_has_it_already_when_it_is_compressed(send):
    _, headers = send("GET", "element.js")
    assert headers["content-encoding"] == "gzip"

    status, _ = send("GET", "element.js", **{"if-none-match": headers["etag"]})

    assert status == 304


def test_an_allowed_origin_may_ask_with_json(send):
    status, headers = send("OPTIONS", "graphql")

    assert status == 200
    assert headers["access-control-allow-origin"] == STOREFRONT
    assert "POST" in headers["access-control-allow-methods"]
    assert "Content-Type" in headers["access-control-allow-headers"]


def test_another_origin_is_not_allowed(send):
    _, headers = send("GET", "element.js", origin="https://elsewhere.example")

    assert "access-control-allow-origin" not in headers

"""Speak to the client without a network: one canned answer, and what was sent for it."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter

from saleor_xcover_plugin.xcover.client import Credentials, XCoverClient
from saleor_xcover_plugin.xcover.transport import HttpTransport

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "xcover"
NOW = datetime(2026, 12, 4, 9, 5, 7, tzinfo=UTC)


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / "responses" / f"{name}.json").read_text())


class Canned(BaseAdapter):
    """Answers every request alike and remembers each."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self.requests: list[requests.PreparedRequest] = []
        self._answer = (status, body, headers or {})

    def send(self, request, **_kwargs):
        self.requests.append(request)
        response = requests.Response()
        response.status_code, body, headers = self._answer
        response.headers.update(headers)
        response.raw = io.BytesIO(body)
        response.request = request
        return response

    def close(self):
        pass


def canned(status: int, body: Any, headers: dict[str, str] | None = None, **credentials: Any):
    """Return a client that gets this answer, and the adapter that knows what was sent."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    adapter = Canned(status, data, headers)
    session = requests.Session()
    session.mount("https://", adapter)
    made = {
        "api_url": "https://api.example.com/x",
        "partner_code": "ABCDE",
        "api_key": "demo-key",
        "api_secret": "demo-secret-0001",
    } | credentials
    return XCoverClient(Credentials(**made), HttpTransport(session, clock=lambda: NOW)), adapter

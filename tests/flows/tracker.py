"""An error tracker on this machine: sentry-sdk sends it what it would send to Sentry."""

from __future__ import annotations

import gzip
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.scrubber import EventScrubber

SECONDS = 20


class Tracker:
    """Keeps the envelopes it was sent, as text."""

    def __init__(self) -> None:
        self.envelopes: list[str] = []

    @property
    def reports(self) -> list[dict[str, Any]]:
        """Return the events of all envelopes."""
        lines = [line for one in self.envelopes for line in one.splitlines()]
        items = [json.loads(line) for line in lines if line.startswith("{")]
        return [item for item in items if "event_id" in item and "level" in item]

    def take(self, sent: bytes, encoding: str) -> None:
        self.envelopes.append((gzip.decompress(sent) if encoding == "gzip" else sent).decode())


@contextmanager
def tracking() -> Iterator[Tracker]:
    """Have this process report to a tracker, set up as Saleor sets it up."""
    tracker = Tracker()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            tracker.take(sent, self.headers.get("Content-Encoding", ""))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Saleor writes is older than the newest SDK
            _report_to(f"http://public@127.0.0.1:{server.server_port}/1")
        yield tracker
    finally:
        sentry_sdk.get_client().close()
        sentry_sdk.init()
        server.shutdown()
        server.server_close()
        thread.join()


def _report_to(dsn: str) -> None:
    from django.conf import settings

    integrations = [CeleryIntegration(), DjangoIntegration()]
    gzipped: Any = {"transport_compression_algo": "gzip"}
    saleors_own = getattr(settings, "SENTRY_INIT", None)
    if saleors_own is not None:
        saleors_own(dsn, {"integrations": integrations, "_experiments": gzipped})
        return
    # The miniature has no such setting. Without Saleor's own names on the list more would be sent.
    sentry_sdk.init(
        dsn,
        integrations=integrations,
        event_scrubber=EventScrubber(recursive=True),
        _experiments=gzipped,
    )


def sent(tracker: Tracker) -> list[dict[str, Any]]:
    """Return the reports so far, all of them received."""
    sentry_sdk.flush(timeout=SECONDS)
    return tracker.reports

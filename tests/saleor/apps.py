"""Apps that a real Saleor asks over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


@contextmanager
def answering(app: Any, event_type: str, answer: Callable[[Any], Json]) -> Iterator[list[Any]]:
    """Have an app answer one kind of synchronous webhook; yield what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(answer(asked[-1])).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    webhook = app.webhooks.create(
        name=event_type, target_url=f"http://127.0.0.1:{server.server_port}/", is_active=True
    )
    webhook.events.create(event_type=event_type)
    try:
        yield asked
    finally:
        webhook.delete()
        server.shutdown()

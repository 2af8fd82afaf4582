"""A tiny host and a tiny simulator over real HTTP: each answers what a test laid out."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


@dataclass
class Received:
    """One request as it arrived."""

    method: str
    path: str
    token: str
    body: Json

    @property
    def operation(self) -> str:
        """The name of the GraphQL operation."""
        text = str(self.body.get("query", "")).strip()
        return text.split("(")[0].split("{")[0].split()[-1] if text else ""


@dataclass
class FakeUpstream:
    """Answers by operation name or by path; keeps everything it was sent."""

    answers: dict[str, Any] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening; afterwards the address refuses connections. Twice is fine."""
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def operations(self, name: str) -> list[Received]:
        """Return the requests of one operation."""
        return [request for request in self.received if request.operation == name]

    def _answer(self, request: Received) -> Any:
        self.received.append(request)
        if request.operation:
            answer = self.answers[request.operation]
            root = answer(request) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]
            return {"data": {request.operation: root}}
        return self.answers[f"{request.method} {request.path}"]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                content = self.rfile.read(length)
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                body = json.loads(content) if content else {}
                answer = upstream._answer(Received(self.command, self.path, token, body))
                written = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(written)))
                self.end_headers()
                self.wfile.write(written)

            do_GET = do_POST = do_DELETE = _serve

            def log_message(self, *_: object) -> None:
                """Keep test output clean."""

        return Handler

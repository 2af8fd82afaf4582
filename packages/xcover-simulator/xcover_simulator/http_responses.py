"""HTTP responses as bytes, and connections that misbehave."""

import asyncio
import socket
import struct

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .jsontext import Json, dumps
from .operation import OperationResponse

# The HTML that the faults "html" and "html_ok" return.
GATEWAY_PAGE = """<!DOCTYPE html>
<html><head><title>Simulated gateway</title></head>
<body><center><h1>{title}</h1></center><hr><center>simulated gateway</center></body></html>
"""


class Connections:
    """The open connections by client address, so that one can be reset without a response."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """Return a uvicorn protocol class that registers its connections here."""
        connections = self._open

        class RegisteredProtocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client:
                    connections[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client:
                    connections.pop(self.client, None)
                super().connection_lost(exc)

        return RegisteredProtocol

    def cut(self, scope: Scope) -> None:
        """Reset the connection of ``scope``: the client receives RST, not an orderly close.

        Raises KeyError if the connection is not open or not registered here.
        """
        transport = self._open[tuple(scope["client"])]
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


class JsonResponse(Response):
    """A JSON response with exact numbers; a body of None sends no content."""

    media_type = "application/json"

    def __init__(self, response: OperationResponse, headers: dict[str, str] | None = None) -> None:
        content = b"" if response.body is None else dumps(response.body).encode()
        super().__init__(content, response.status, headers)
        if response.body is None:
            del self.headers["content-type"]


class Page(Response):
    """An HTML page in place of the expected JSON."""

    media_type = "text/html"

    def __init__(self, status: int) -> None:
        title = "It works" if status < 400 else f"{status} Bad gateway"
        super().__init__(GATEWAY_PAGE.format(title=title).encode(), status)


class Truncated(Response):
    """Status 200 with the first half of a JSON body: complete HTTP, truncated JSON."""

    media_type = "application/json"

    def __init__(self, body: Json | None) -> None:
        text = dumps(body or {"id": "simulated"}).encode()
        super().__init__(text[: max(1, len(text) // 2)], 200)


class Dripped(Response):
    """Another response, sent one byte per ``interval`` seconds until the client disconnects."""

    def __init__(self, whole: Response, interval: float) -> None:
        super().__init__(whole.body, whole.status_code)
        self.raw_headers = whole.raw_headers
        self._interval = interval

    async def __call__(
        self,
        scope: Scope,  # noqa: ARG002 (the signature of ASGI)
        receive: Receive,
        send: Send,
    ) -> None:
        """Send the headers at once and the body slowly."""
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        gone = asyncio.ensure_future(_client_gone(receive))
        try:
            for index in range(len(self.body)):
                piece = bytes(self.body[index : index + 1])
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                done, _ = await asyncio.wait({gone}, timeout=self._interval)
                if done:
                    return
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()


class NoResponse(Response):
    """No response: reset the connection after ``seconds``, or stop if the client leaves first."""

    def __init__(self, connections: Connections, seconds: float = 0) -> None:
        super().__init__()
        self._connections = connections
        self._seconds = seconds

    async def __call__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,  # noqa: ARG002 (the signature of ASGI)
    ) -> None:
        """Wait, send nothing and reset the connection."""
        if self._seconds:
            try:
                await asyncio.wait_for(_client_gone(receive), self._seconds)
            except TimeoutError:
                pass
            except asyncio.CancelledError:  # the simulator stops; uvicorn would send a 500
                self._connections.cut(scope)
                raise
            else:
                return
        self._connections.cut(scope)
        await _client_gone(receive)


async def _client_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

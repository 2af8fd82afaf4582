"""Raw socket servers that behave as badly as networks do."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ABORT = struct.pack("ii", 1, 0)


class RudeServer:
    """Accepts connections and hands each to ``behave`` after reading the request."""

    def __init__(
        self, behave: Callable[[socket.socket, threading.Event], None], *, reads: bool = True
    ) -> None:
        self._reads = reads
        self.connections = 0
        self.requests: list[bytes] = []
        self.ended = threading.Event()
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/x"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                if not self._reads:
                    self._behave(connection, self.ended)
                    return
                while request := self._read(connection):
                    self.requests.append(request)
                    self._behave(connection, self.ended)
            except OSError:
                return

    def _read(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65_536)
            if not chunk:
                return b""
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [h for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")]
        missing = int(lengths[0].split(b":")[1]) - len(body) if lengths else 0
        while missing > 0:
            chunk = connection.recv(missing)
            data, missing = data + chunk, missing - len(chunk)
        return data

    def close(self) -> None:
        self.ended.set()
        self._listener.close()


@contextmanager
def rude_server(
    behave: Callable[[socket.socket, threading.Event], None], *, reads: bool = True
) -> Iterator[RudeServer]:
    """Run a server; with ``reads=False`` it is up to ``behave`` to read the request."""
    server = RudeServer(behave, reads=reads)
    try:
        yield server
    finally:
        server.close()


def answer(body: bytes, status: str = "200 OK", headers: bytes = b"") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n".encode()
        + headers
        + b"Content-Type: application/json\r\n\r\n"
        + body
    )


def says(data: bytes) -> Callable[[socket.socket, threading.Event], None]:
    return lambda connection, _ended: connection.sendall(data)


def drips(head: bytes, byte: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """Send ``head``, then one byte every fifth of a second: no single read ever times out."""

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(head)
        while not ended.wait(0.2):
            connection.sendall(byte)

    return behave


def silent(_connection: socket.socket, ended: threading.Event) -> None:
    ended.wait(10)


def resets(connection: socket.socket, _ended: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    connection.close()

"""The uvicorn server that runs the simulator."""

import signal
import socket
from types import FrameType

import uvicorn

from .app import create_app
from .http_responses import Connections
from .settings import Settings
from .store import Store

KEEP_ALIVE = 75
"""Seconds an idle connection stays open; longer than a client's pool keeps it."""
LAST_WAIT = 1
"""Seconds that open requests get when the simulator stops."""


def address_of(listener: socket.socket) -> str:
    """Return the HTTP address of a listening socket, without a trailing slash."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


class Server(uvicorn.Server):
    """A simulator on an open socket. Prints one line on stdout when it is ready.

    ``address`` is the base URL for clients, which ends with ``/x``.
    """

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        connections = Connections()
        config = uvicorn.Config(
            create_app(Store(settings), connections),
            http=connections.protocol(),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,  # the journal sends the simulator's time instead
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=LAST_WAIT,
        )
        super().__init__(config)
        self._listener = listener
        self.address = f"{address_of(listener)}/x"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then print the ready line."""
        await super().startup(sockets=sockets)
        print(f"simulator ready on {self.address}", flush=True)

    def run_until_told(self) -> None:
        """Serve until SIGTERM or SIGINT, then return instead of being killed by the signal.

        uvicorn raises the signal again after its clean shutdown, so the handler must be installed
        before uvicorn saves it, and is in place when uvicorn restores it. Call it from the main
        thread.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self.run(sockets=[self._listener])

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.should_exit = True

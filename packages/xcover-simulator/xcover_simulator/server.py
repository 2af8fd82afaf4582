"""Running the application on uvicorn."""

import signal
import socket
from types import FrameType

import uvicorn

from .app import create_app
from .http_responses import Connections
from .settings import Settings
from .store import Store

KEEP_ALIVE = 75  # seconds; longer than a client's pool keeps an idle connection
LAST_WAIT = 1  # seconds open requests get when the simulator stops


def address_of(listener: socket.socket) -> str:
    """Return where a socket listens, without a slash at the end."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


class Server(uvicorn.Server):
    """A simulator on an open socket; prints one line when it can be used."""

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
            date_header=False,  # the world's time may be another
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=LAST_WAIT,
        )
        super().__init__(config)
        self._listener = listener
        self.address = f"{address_of(listener)}/x"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets=sockets)
        print(f"simulator ready on {self.address}", flush=True)

    def run_until_told(self) -> None:
        """Serve until SIGTERM or SIGINT, and then return instead of dying of the signal.

        uvicorn raises the signal again after its own clean stop, so our handler must
        already be there when uvicorn puts the old one back.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self.run(sockets=[self._listener])

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.should_exit = True

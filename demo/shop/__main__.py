"""Command line of the shop: ``python -m demo.shop``."""

import argparse
import os
import signal
import socket
import sys
from types import FrameType

import uvicorn

from .app import create_app
from .probe import Unusable, check_address, probe, warning
from .settings import STAFF_KEY, Settings, staff_address, tokens_from

LAST_WAIT = 1
"""Seconds that open requests get when the shop stops."""


class Server(uvicorn.Server):
    """The shop on an open socket. Prints a line on stdout when it is ready.

    ``address`` is the shop's address, without a trailing slash.
    """

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(settings),
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=LAST_WAIT,
            )
        )
        self._settings = settings
        self._listener = listener
        host, port = listener.getsockname()[:2]
        self.address = f"http://{host}:{port}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then print the ready line."""
        await super().startup(sockets=sockets)
        print(f"shop ready on {self.address}", flush=True)
        # A generated key is known only here; one from the environment is already known.
        if not os.environ.get(STAFF_KEY):
            print(f"staff: {staff_address(self.address, self._settings.staff_key)}", flush=True)

    def run_until_told(self) -> None:
        """Serve until SIGTERM or SIGINT, then return instead of being killed by the signal.

        uvicorn raises the signal again after its shutdown, so the handlers are installed before.
        Call it from the main thread.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self.run(sockets=[self._listener])

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.should_exit = True


def main() -> None:
    """Serve the shop until SIGTERM or SIGINT.

    Exits with status 2 and a sentence if the port cannot be opened or the host cannot be used.
    """
    usual = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m demo.shop",
        description="A demo ticket shop: no real money, no real insurance.",
    )
    parser.add_argument("--saleor", metavar="URL", default=usual.saleor)
    parser.add_argument("--channel", metavar="SLUG", default=usual.channel)
    parser.add_argument(
        "--simulator", metavar="URL", help="control address of the simulated XCover"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    given = parser.parse_args()
    settings = Settings(
        saleor=given.saleor.rstrip("/"),
        channel=given.channel,
        simulator=given.simulator.rstrip("/") if given.simulator else None,
        hosts=(*usual.hosts, given.host),
        **tokens_from(),
    )
    try:
        listener = socket.create_server((given.host, given.port))
    except (OSError, OverflowError) as error:
        parser.error(f"cannot listen on {given.host}:{given.port}: {error}")
    try:
        check_address(settings.saleor)
        probe(settings)
    except Unusable as unusable:
        listener.close()
        parser.exit(2, f"{unusable}\n")
    if warned := warning(settings):
        print(warned, file=sys.stderr, flush=True)
    Server(settings, listener).run_until_told()


if __name__ == "__main__":
    main()

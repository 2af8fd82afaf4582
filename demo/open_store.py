"""Keep the demo's store open for a browser until Ctrl-C, or put the shop before a real Saleor."""

from __future__ import annotations

import os
import signal
import sys
import threading

from rich.console import Console

from .client.driver import Driver
from .client.transports import over_http
from .process import ReadyProcess
from .seed import DemoStore
from .shop.settings import PAYMENT_TOKEN, STAFF_TOKEN
from .stack import Stack

DATABASE = "xcover_demo_store"
READY = "shop ready on "


def run(*, port: int) -> int:
    """Start everything, say where the shop is, and wait to be told to stop."""
    screen = Console()
    with Stack(DATABASE, lambda what: screen.print(f"starting {what} ...")) as stack:
        store = DemoStore()
        store.open(Driver(over_http(stack.host_url)), stack.simulator.base_url)
        shop = ReadyProcess("the shop", READY)
        simulator = ["--simulator", stack.simulator.control_url]
        address = shop.start(
            _shop(stack.host_url, store.channel.slug, port, *simulator),
            env={
                **os.environ,
                STAFF_TOKEN: store.staff_token(),
                PAYMENT_TOKEN: store.payment_app_token(),
            },
        )
        screen.print(
            f"\nThe shop is open:  [bold]{address}[/bold]\n"
            f"Staff:             {address}/#/staff\n"
            f"XCover, simulated: {stack.simulator.control_url}\n"
            f"GraphQL:           {stack.host_url}/graphql/ (a miniature of Saleor)\n\n"
            "No real money, no real insurance. Ctrl-C closes it; nothing is kept."
        )
        _wait_to_be_told()
        shop.stop()
    return 0


def run_before(saleor: str, channel: str, *, port: int) -> int:
    """Put the same shop before a real Saleor; tokens come from the environment."""
    command = _shop(saleor, channel, port)
    os.execv(command[0], command)  # noqa: S606 (the same Python, no shell)


def _shop(saleor: str, channel: str, port: int, *further: str) -> list[str]:
    return [
        sys.executable,
        *("-m", "demo.shop", "--saleor", saleor, "--channel", channel, "--port", str(port)),
        *further,
    ]


def _wait_to_be_told() -> None:
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    told.wait()

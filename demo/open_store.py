"""Open the demo's store for a browser until Ctrl-C, or put its shop in front of a real Saleor."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading

from rich.console import Console

from testkit.client.driver import Driver
from testkit.client.transports import over_http
from testkit.errors import DemoError
from testkit.process import ReadyProcess
from testkit.progress import Steps
from testkit.seed import FESTIVAL, DemoStore
from testkit.shop import PAYMENT_TOKEN, READY, STAFF_KEY, STAFF_TOKEN, shop_command
from testkit.shutdown import ToldToEnd, no_more
from testkit.stack import Stack

from .shop.settings import SIMULATED, Settings, staff_address

DATABASE = "xcover_demo_store"
"""Name of the store's database."""
LOOPBACK = "127.0.0.1"
"""Address on which the shop listens."""
OPENING = "the plugin, its settings and the shop"
"""Name of the last step, for the progress display."""


def run(*, port: int) -> int:
    """Start the store and its shop, print the addresses, and wait for a signal.

    ``port`` is the shop's; 0 takes any free one. Returns 0 after Ctrl-C. Raises ``DemoError`` if
    something cannot be started, and ``ToldToEnd`` for other signals.
    """
    _check_is_free(port)
    steps = Steps(Console(stderr=True), len((*Stack.steps, OPENING)))
    shop = ReadyProcess("the shop", READY)
    with steps, Stack(DATABASE, lambda what: steps.begin(f"starting {what}")) as stack:
        try:
            steps.begin(f"starting {OPENING}")
            address, key = _open(stack, shop, port)
            steps.end()
            _tell(stack, address, key)
            # Nothing else ends it: Ctrl-C and SIGTERM raise.
            threading.Event().wait()
        except ToldToEnd as told:
            # Ctrl-C is the normal way to close the shop.
            if shop.is_running and told.number == signal.SIGINT:
                return 0
            raise
        finally:
            no_more()
            shop.stop()
    return 0


def run_before(saleor: str, channel: str | None, *, port: int) -> int:
    """Replace this process by the shop in front of a real Saleor.

    ``saleor`` is its address and ``channel`` the slug of its channel. Tokens come from the
    environment. Never returns.
    """
    command = shop_command(saleor, channel or Settings().channel, port)
    os.execv(command[0], command)  # noqa: S606 (the same Python, no shell)


def _open(stack: Stack, shop: ReadyProcess, port: int) -> tuple[str, str]:
    """Set the store up and start the shop; return its address and the key of its staff pages."""
    store = DemoStore()
    store.open(Driver(over_http(stack.host_url)), stack.simulator.base_url)
    key = secrets.token_urlsafe()
    given = {
        STAFF_TOKEN: store.staff_token(),
        PAYMENT_TOKEN: store.payment_app_token(),
        STAFF_KEY: key,
    }
    simulator = ["--simulator", stack.simulator.control_url]
    command = shop_command(stack.host_url, store.channel.slug, port, *simulator)
    address = shop.start(command, env={**os.environ, **given})
    # A browser that reaches only the shop must be able to read the policy wording.
    stack.simulator.settings(site=address + SIMULATED, products_by_event={FESTIVAL: "alternatives"})
    return address, key


def _tell(stack: Stack, address: str, key: str) -> None:
    lines = [
        f"\nThe shop is open:  {address}",
        f"Staff:             {staff_address(address, key)}",
        f"XCover, simulated: {stack.simulator.control_url}",
        f"GraphQL:           {stack.host_url}/graphql/ (a miniature of Saleor)",
        f"PostgreSQL:        {stack.server}",
        "\nNo real money, no real insurance. Ctrl-C closes it; nothing is kept.",
    ]
    print("\n".join(lines), flush=True)


def _check_is_free(port: int) -> None:
    """Raise ``DemoError`` if the port is in use; the shop itself is started last."""
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else error
        raise DemoError(f"Port {port} cannot be used: {why}. Choose another --port.") from None

"""Cost of one create offer call: this plugin's client and the vendor's, in turns.

The simulated XCover responds at once. Measures elapsed time and processor time in seconds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from time import process_time
from typing import Any

import requests
from xcover.xcover import XCover

from saleor_xcover_plugin.domain.tickets import Basket, Event, Tickets
from saleor_xcover_plugin.payload import shipped
from saleor_xcover_plugin.payload.example import BUYER
from saleor_xcover_plugin.payload.names import Sale
from saleor_xcover_plugin.payload.template import parse
from saleor_xcover_plugin.xcover.client import Credentials, XCoverClient
from saleor_xcover_plugin.xcover.payloads import offer_body
from saleor_xcover_plugin.xcover.transport import HttpTransport
from testkit.seed import PARTNER
from testkit.simulator import SimulatorProcess

from . import command
from .account import URL, offer_question, vendor_config
from .measures import Spread, Stopwatch

QUESTION = offer_question("USD", [100.0, 100.0])
CONCERT = Event("Concert", datetime(2030, 1, 1, 20, tzinfo=UTC), "US")
BASKET = Basket((Tickets(CONCERT, 2, Decimal("100.00"), "1"),), "USD", "US", "en")


def measure(rounds: int) -> dict[str, Any]:
    """Return the spreads of both times for each client, in seconds, over ``rounds`` calls."""
    with SimulatorProcess() as simulator:
        os.environ[URL] = simulator.base_url
        clients = {"this plugin": _ours(simulator.base_url), "xcover-python": _vendors()}
        watches = {name: Stopwatch() for name in clients}
        work: dict[str, list[float]] = {name: [] for name in clients}
        for ask in clients.values():
            ask()  # warm
        for _ in range(rounds):
            for name, ask in clients.items():
                began = process_time()
                with watches[name].lap():
                    ask()
                work[name].append(process_time() - began)
    return {
        name: {"clock": asdict(watches[name].spread), "work": asdict(Spread.of(work[name]))}
        for name in clients
    }


def _ours(url: str) -> Callable[[], Any]:
    """Return a call of this plugin's client as in a worker, with one session for all calls."""
    session = requests.Session()
    session.trust_env = False
    client = XCoverClient(
        Credentials(api_url=url, **PARTNER), HttpTransport(session, clock=lambda: datetime.now(UTC))
    )
    source = parse(shipped.text_of("nested"))
    sale = Sale(BASKET, BUYER)
    return lambda: client.create_offer(offer_body(source.payload(sale), schema=""))


def _vendors() -> Callable[[], Any]:
    """Return a call of the vendor's client as documented; it opens a session for each call."""
    client = XCover(vendor_config())
    return lambda: client.call_partner_endpoint("POST", "offers/", QUESTION)


def main() -> int:
    """Run the benchmark from the command line."""
    options = command.options(__doc__)
    return command.write(options, measure(20 if options.quick else 500))


if __name__ == "__main__":
    raise SystemExit(main())

"""Start the demo's shop in a process of its own, from what the shop and its callers agree on."""

from __future__ import annotations

import sys

READY = "shop ready on "
"""Begins the line the process prints once it listens; the address follows."""

STAFF_TOKEN = "XCOVER_DEMO_STAFF_TOKEN"
"""Environment variable with a token of Saleor's for the staff side."""
PAYMENT_TOKEN = "XCOVER_DEMO_PAYMENT_TOKEN"
"""Environment variable with a token of Saleor's for the payment app."""
STAFF_KEY = "XCOVER_DEMO_STAFF_KEY"
"""Environment variable with the key of the staff's pages; a new one is made without it."""


def shop_command(saleor: str, channel: str, port: int, *further: str) -> list[str]:
    """Return the command that starts the shop before a host; tokens come from the environment.

    ``saleor`` is the host's address, ``channel`` a slug, ``further`` are options of the shop.
    """
    return [
        sys.executable,
        *("-m", "demo.shop", "--saleor", saleor, "--channel", channel, "--port", str(port)),
        *further,
    ]

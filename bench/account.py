"""The partner account and an offer request, for the vendor's own client."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from xcover.config import XCoverConfig

from testkit.seed import PARTNER

URL = "BENCH_XCOVER_URL"
"""Environment variable with the simulator's base URL; the peers are plugins without arguments."""
MAX_WAIT = 10.0
"""Seconds after which the vendor's client gives a call up."""


def vendor_config() -> XCoverConfig:
    """Return a configuration of xcover-python 0.1.2, with a timeout below its default of 60 s."""
    return XCoverConfig(
        partner_code=PARTNER["partner_code"],
        base_url=os.environ[URL] + "/",
        auth_api_key=PARTNER["api_key"],
        auth_api_secret=PARTNER["api_secret"],
        headers="date",
        http_timeout=MAX_WAIT,
    )


def offer_question(currency: str, prices: Iterable[float]) -> dict[str, Any]:
    """Return the body of a create offer request for one concert with one ticket per price."""
    return {
        "customer": {"language": "en", "currency": currency, "country": "US"},
        "partner": {},
        "context": {
            "events": [
                {
                    "name": "Concert",
                    "start_date": "2030-01-01T20:00:00+00:00",
                    "end_date": "2030-01-01T23:00:00+00:00",
                    "country": "US",
                    "tickets": [{"price": price} for price in prices],
                }
            ]
        },
    }

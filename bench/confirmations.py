"""Policies confirmed per second by 1, 2, 4 and 8 workers, up to XCover's rate.

XCover takes 100 ms for an answer and refuses what is over its rate. Beside it, what one process
with the vendor's client does, one call after the other, with no idea of a rate.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from xcover.xcover import XCover

from tests.integration.simulator.partner import HOLDER, Partner

from . import command
from .account import vendor_config
from .place import ON, Place, opened

WORKERS = (1, 2, 4, 8)
LATENCY = 0.1
"""Seconds."""


def measure(backlog: int, rate: int) -> dict[str, Any]:
    """Return calls per second and what went wrong, for each number of workers."""
    with opened(calls_per_second=str(rate)) as place:
        place.choose(ON)
        found = {str(workers): _drained(place, workers, backlog, rate) for workers in WORKERS}
        return {
            "rate": rate,
            "latency": LATENCY,
            "workers": found,
            "vendor": _vendor(place, backlog),
        }


def _drained(place: Place, workers: int, backlog: int, rate: int) -> dict[str, Any]:
    from tests.chaos import sales
    from tests.chaos.outage import Outage

    place.store.forget()
    place.simulator.reset()
    template = sales.covered(place.shopper, place.store, place.simulator)
    run = Outage(
        place.simulator,
        template,
        backlog=backlog,
        fresh=0,
        workers=workers,
        tell=lambda *_: None,
        allowed=rate,
    )
    place.simulator.fault("confirm", "delay", times=None, seconds=LATENCY)
    drain = run.run(timedelta(0))
    return {
        "confirmed_per_second": round(drain.rate, 2),
        "seconds": round(drain.seconds, 2),
        "backlog": backlog,
        "throttled": sum(drain.throttled.values()),
        "lost": len(drain.finding.lost),
        "doubled": len(drain.finding.doubled),
    }


def _vendor(place: Place, count: int) -> dict[str, Any]:
    place.simulator.reset()
    partner = Partner(place.simulator.base_url)
    offers = [partner.offer() for _ in range(count)]
    place.simulator.fault("confirm", "delay", times=None, seconds=LATENCY)
    started = time.perf_counter()
    for offer in offers:
        body = {
            "quotes": [{"id": each["id"]} for each in offer["products"]],
            "policyholder": HOLDER,
        }
        XCover(vendor_config()).call_partner_endpoint(
            "POST", f"offers/{offer['id']}/confirm/", body
        )
    seconds = time.perf_counter() - started
    return {"confirmed_per_second": round(count / seconds, 2), "seconds": round(seconds, 2)}


def main() -> int:
    options = command.options(__doc__)
    return command.write(options, measure(40 if options.quick else 400, rate=50))


if __name__ == "__main__":
    raise SystemExit(main())

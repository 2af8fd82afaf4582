"""Policies confirmed per second by 1, 2, 4 and 8 workers, up to XCover's rate limit.

The simulated XCover responds after 100 ms and refuses calls above its rate. For comparison, one
process confirms with the vendor's client, one call after the other and without a rate limit.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from xcover.xcover import XCover

from testkit.partner import HOLDER, Partner

from . import command
from .account import vendor_config
from .environment import ON, Place, opened
from .work import MachineWork

RATES = (20, 50)
"""Calls per second agreed with XCover."""
WORKERS = (1, 2, 4, 8)
LATENCY = 0.1
"""Seconds that XCover takes for a response."""
OFF_TO_A_START = 5
"""Number of policies before the measurement starts, as in ``Outage``: workers are starting."""


def measure(seconds: int, workers: Sequence[int]) -> dict[str, Any]:
    """Return calls per second and what went wrong, by rate and number of workers.

    The backlog is as large as the rate allows in ``seconds``.
    """
    with opened() as place:
        place.choose(ON)
        return {
            "latency": LATENCY,
            "rates": {
                str(rate): {
                    str(each): _drained(place, each, seconds * rate, rate) for each in workers
                }
                for rate in RATES
            },
            "vendor": _vendor(place, seconds * max(RATES)),
        }


def _drained(place: Place, workers: int, backlog: int, rate: int) -> dict[str, Any]:
    from testkit.load import sales
    from testkit.load.outage import Outage

    place.store.forget()
    place.simulator.reset()
    place.agree(rate)
    template = sales.covered(place.shopper, place.store, place.simulator)
    machine = MachineWork()

    def observe(activity: str, confirmed: int, _: int) -> None:
        if activity == "draining" and confirmed >= OFF_TO_A_START:
            machine.read()

    run = Outage(
        place.simulator,
        template,
        backlog=backlog,
        fresh=0,
        workers=workers,
        tell=observe,
        allowed=rate,
    )
    place.simulator.fault("confirm", "delay", times=None, seconds=LATENCY)
    time.sleep(1)  # so that the offers of the backlog leave the rate limit's window of one second
    drain = run.run(timedelta(0))
    return {
        "confirmed_per_second": round(drain.rate, 2),
        "seconds": round(drain.seconds, 2),
        "backlog": backlog,
        "machine_busy": round(machine.busy, 3),
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
    """Run the benchmark from the command line."""
    options = command.options(__doc__)
    return command.write(
        options, measure(1, WORKERS[-1:]) if options.quick else measure(8, WORKERS)
    )


if __name__ == "__main__":
    raise SystemExit(main())

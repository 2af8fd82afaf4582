"""Time from checkoutCreate to the offer that a shopper sees.

Measured with a storefront that requests the offer at once and no worker, with a worker that the
hook sent a task to and a request one second later, and with a plain plugin that creates the offer
inside checkoutCreate.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from testkit.client.driver import Refused
from testkit.saleor.broker import Worker, empty

from . import command
from .environment import BROKER, ON, PLAIN, Place, opened, wait_for_worker
from .measures import Stopwatch

XCOVERS = {"0 ms": 0.0, "300 ms": 0.3, "2000 ms": 2.0}
"""Seconds that XCover takes for a response."""
READS = 1.0
"""Seconds between the checkout and the storefront's request where a worker asks first."""
_POLL, _GIVE_UP = 0.05, 120.0  # seconds


def measure(rounds: int) -> dict[str, Any]:
    """Return the spreads in seconds and the number of offers requested, by XCover and way."""
    with opened() as place:
        found = {name: _by_storefront(place, seconds, rounds) for name, seconds in XCOVERS.items()}
        found["dead"] = _without_xcover(place, rounds)
        empty(BROKER)
        worker = Worker(BROKER)
        worker.start()
        try:
            place.choose(ON)
            wait_for_worker(place)
            for name, seconds in XCOVERS.items():
                found[name] |= _by_worker(place, seconds, rounds)
        finally:
            worker.kill()
    return found


def _by_storefront(place: Place, seconds: float, rounds: int) -> dict[str, Any]:
    watches = {"storefront": Stopwatch(), "request": Stopwatch(), "plain": Stopwatch()}
    _slow(place, seconds)
    for _ in range(rounds):
        with watches["storefront"].lap():
            ada = _shop(place, ON)
            with watches["request"].lap():
                ada.offer()
        with watches["plain"].lap():
            _shop(place, PLAIN)
    asked = len(place.simulator.calls("create_offer"))
    return {
        "storefront asks": asdict(watches["storefront"].spread) | {"xcover": asked - rounds},
        "of that, the request for the offer": asdict(watches["request"].spread),
        "plain plugin": asdict(watches["plain"].spread) | {"xcover": rounds},
    }


def _without_xcover(place: Place, rounds: int) -> dict[str, Any]:
    """Request offers while XCover never responds, before and after the breaker opens."""
    waiting, refusing = Stopwatch(), Stopwatch()
    place.store.forget()
    place.simulator.reset()
    place.simulator.fault("*", "hang", times=None, seconds=300)
    while len(refusing.laps) < rounds:
        ada, before = _shop(place, ON), len(place.simulator.calls("create_offer"))
        started = time.perf_counter()
        with suppress(Refused):
            ada.offer()
        seconds = time.perf_counter() - started
        was_asked = len(place.simulator.calls("create_offer")) > before
        (waiting if was_asked else refusing).laps.append(seconds)
    place.store.forget()
    return {
        "unavailable, XCover was asked": asdict(waiting.spread),
        "unavailable, breaker open": asdict(refusing.spread),
    }


def _by_worker(place: Place, seconds: float, rounds: int) -> dict[str, Any]:
    watch = Stopwatch()
    _slow(place, seconds)
    for _ in range(rounds):
        ada = _shop(place, ON)
        time.sleep(READS)
        with watch.lap():
            _until_there(ada.offer)
    asked = len(place.simulator.calls("create_offer"))
    return {"worker asked before, 1 s later": asdict(watch.spread) | {"xcover": asked}}


def _shop(place: Place, plugin: str) -> Any:
    place.choose(plugin)
    ada = place.shopper()
    ada.create_checkout({place.store.concert: 2})
    return ada


def _slow(place: Place, seconds: float) -> None:
    place.simulator.reset()
    if seconds:
        place.simulator.fault("*", "delay", times=None, seconds=seconds)


def _until_there(ask: Callable[[], Any]) -> Any:
    """Request an offer until it is there, as the element does while another request runs."""
    deadline = time.monotonic() + _GIVE_UP
    while True:
        try:
            return ask()
        except Refused:
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL)


def main() -> int:
    """Run the benchmark from the command line."""
    options = command.options(__doc__)
    return command.write(options, measure(2 if options.quick else 30))


if __name__ == "__main__":
    raise SystemExit(main())

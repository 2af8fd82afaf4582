"""Duration of checkoutCreate, checkoutLinesAdd and checkoutComplete: plugin off, on, and peers.

Every round plays all plugins in random order, with XCover responding at once, after 300 ms, after
2 s and never. SQL statements and calls are counted in separate rounds, which are not timed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from . import command
from .environment import OFF, ON, PLAIN, PRICING, Place, counted, opened
from .measures import Stopwatch
from .results import MUTATIONS
from .shopping import Doing, buy
from .work import Work

XCOVERS: dict[str, float | None] = {"0 ms": 0.0, "300 ms": 0.3, "2000 ms": 2.0, "dead": None}
"""Seconds that XCover takes for a response; None means that it never responds."""
ROUNDS = {"0 ms": (30, 30), "300 ms": (30, 20), "2000 ms": (15, 6), "dead": (15, 2)}
"""Rounds with the plugin off and on, and rounds of the peers, which wait for XCover."""
ANSWERED = "on, answered yes"
"""This plugin, with an accepted offer."""
PLUGINS = (OFF, ON, ANSWERED, PLAIN, PRICING)
SEED = 8
"""Seed of the random order."""

Watches = dict[str, dict[str, Stopwatch]]


def measure(*, is_quick: bool) -> dict[str, Any]:
    """Return times and processor times in seconds, and counts, by XCover, plugin and mutation."""
    with opened() as place:
        return {
            name: _with_xcover(place, seconds, *((1, 1) if is_quick else ROUNDS[name]))
            for name, seconds in XCOVERS.items()
        }


def _with_xcover(
    place: Place, seconds: float | None, our_rounds: int, peer_rounds: int
) -> dict[str, Any]:
    plugins = [name for name in PLUGINS if name != ANSWERED or seconds is not None]
    watches: Watches = {name: {each: Stopwatch() for each in MUTATIONS} for name in plugins}
    order = random.Random(SEED)  # noqa: S311 (nothing is secret here)
    _break(place, 0.0)
    for name in plugins:
        _buy(place, name, lambda _, act: act())  # warm
    counts = {name: _count(place, name) for name in plugins}
    works = {name: {each: Work() for each in MUTATIONS} for name in plugins}
    for number in range(our_rounds):
        order.shuffle(plugins)
        for name in plugins:
            if name in (PLAIN, PRICING) and number >= peer_rounds:
                continue
            _break(place, 0.0 if name == ANSWERED else seconds)
            _buy(place, name, _timed(watches[name], works[name]))
    return {
        name: {
            each: asdict(watch.spread) | counts[name][each] | works[name][each].each
            for each, watch in watches[name].items()
        }
        for name in watches
    }


def _break(place: Place, seconds: float | None) -> None:
    place.simulator.clear_faults()
    if seconds is None:
        place.simulator.fault("*", "hang", times=None, seconds=300)
    elif seconds:
        place.simulator.fault("*", "delay", times=None, seconds=seconds)


def _timed(watches: dict[str, Stopwatch], works: dict[str, Work]) -> Doing:
    def do(mutation: str, act: Callable[[], Any]) -> None:
        with works[mutation].done(), watches[mutation].lap():
            act()

    return do


def _count(place: Place, name: str) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}

    def do(mutation: str, act: Callable[[], Any]) -> None:
        before = len(place.simulator.calls())
        statements = counted(act)
        counts[mutation] = {"sql": statements, "http": len(place.simulator.calls()) - before}

    _buy(place, name, do)
    return counts


def _buy(place: Place, name: str, do: Doing) -> None:
    place.choose(ON if name == ANSWERED else name)
    buy(place, do, is_insured=name == ANSWERED)


def main() -> int:
    """Run the benchmark from the command line."""
    options = command.options(__doc__)
    return command.write(options, measure(is_quick=options.quick))


if __name__ == "__main__":
    raise SystemExit(main())

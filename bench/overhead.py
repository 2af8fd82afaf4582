"""Time that the plugin adds to a mutation: plugin off and on in pairs, and time in its hooks.

The simulated XCover responds after 300 ms. Nothing else runs between the two turns of a pair, and
their order is random. Function calls are counted in separate turns, which are not timed, because
their number does not depend on the machine's load.
"""

from __future__ import annotations

import cProfile
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from unittest import mock

from saleor_xcover_plugin.domain.hooks import HOOKS

from . import command
from .environment import OFF, ON, Place, opened
from .measures import Inside, Ratio, Spread, Stopwatch
from .results import MUTATIONS
from .shopping import buy

XCOVER_TAKES = 0.3
"""Seconds that XCover takes for a response."""
SEED = 11
"""Seed of the random order."""
COUNTED = 5
"""Number of turns whose function calls are counted."""


def measure(pairs: int) -> dict[str, Any]:
    """Return the spreads in seconds, and the ratio of the pairs with its interval, by mutation."""
    watches = {name: {each: Stopwatch() for each in MUTATIONS} for name in (OFF, ON)}
    inside: dict[str, list[float]] = {each: [] for each in MUTATIONS}
    order = random.Random(SEED)  # noqa: S311 (nothing is secret here)
    with opened() as place, _watched() as hooks:
        place.simulator.fault("*", "delay", times=None, seconds=XCOVER_TAKES)
        for name in (OFF, ON):
            _turn(place, name, lambda _, act: act())  # warm
        calls = {name: _function_calls(place, name) for name in (OFF, ON)}
        for _ in range(pairs):
            for name in order.sample((OFF, ON), 2):

                def do(mutation: str, act: Callable[[], Any], name: str = name) -> None:
                    hooks.take()
                    with watches[name][mutation].lap():
                        act()
                    if name == ON:
                        inside[mutation].append(hooks.take())

                _turn(place, name, do)
    return {
        each: _compared(watches[OFF][each].laps, watches[ON][each].laps)
        | {"inside": asdict(Spread.of(inside[each]))}
        | {"function_calls": {name: calls[name][each] for name in (OFF, ON)}}
        for each in MUTATIONS
    }


def _turn(place: Place, name: str, do: Callable[[str, Callable[[], Any]], None]) -> None:
    place.choose(name)
    buy(place, do)


def _function_calls(place: Place, name: str) -> dict[str, int]:
    """Return the median number of Python function calls by mutation."""
    counted: dict[str, list[int]] = {each: [] for each in MUTATIONS}

    def do(mutation: str, act: Callable[[], Any]) -> None:
        with cProfile.Profile() as profile:
            act()
        counted[mutation].append(sum(entry.callcount for entry in profile.getstats()))

    for _ in range(COUNTED):
        _turn(place, name, do)
    return {mutation: round(statistics.median(each)) for mutation, each in counted.items()}


@contextmanager
def _watched() -> Iterator[Inside]:
    """Measure the hooks as Saleor calls them, and the tasks they send after the transaction."""
    from saleor_xcover_plugin.outbox import task_queue
    from saleor_xcover_plugin.plugin import XCoverPlugin

    inside = Inside()
    hooks: dict[str, Any] = {n: inside.timed(getattr(XCoverPlugin, n)) for n in HOOKS}
    with (
        mock.patch.multiple(XCoverPlugin, **hooks),
        mock.patch.object(task_queue, "send_task", inside.timed(task_queue.send_task)),
    ):
        yield inside


def _compared(off: Sequence[float], on: Sequence[float]) -> dict[str, Any]:
    ratio = Ratio.of(on, off)
    return {
        "off": asdict(Spread.of(off)),
        "on": asdict(Spread.of(on)),
        "ratio": ratio.value,
        "ratio_low": ratio.low,
        "ratio_high": ratio.high,
    }


def main() -> int:
    """Run the benchmark from the command line."""
    options = command.options(__doc__)
    return command.write(options, measure(2 if options.quick else 300))


if __name__ == "__main__":
    raise SystemExit(main())

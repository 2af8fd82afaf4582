"""Numbers of repeated measurements, and the machine they were taken on."""

from __future__ import annotations

import os
import platform
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from time import perf_counter
from typing import Any


@dataclass(frozen=True, slots=True)
class Spread:
    """What repeated measurements came to; the unit is that of the measurements."""

    count: int
    median: float
    low: float
    """The first quartile."""
    high: float
    """The third quartile."""
    worst: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Sum up at least one value."""
        if len(values) == 1:
            low = high = values[0]
        else:
            low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        rounded = [round(v, 6) for v in (statistics.median(values), low, high, max(values))]
        return cls(len(values), *rounded)


_RESAMPLES = 1000
_SEED = 11


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the ratios of pairs, and between what 95 % of its resamples lie (bootstrap).

    The two of a pair follow each other, so what the machine does for minutes strikes both.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, above: Sequence[float], below: Sequence[float]) -> Ratio:
        """Compare pair by pair, at least one; the same values give the same interval."""
        ratios = [one / other for one, other in zip(above, below, strict=True)]
        chance = random.Random(_SEED)  # noqa: S311 (nothing is secret here)
        resampled = sorted(
            statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(_RESAMPLES)
        )
        cut = _RESAMPLES // 40
        found = (statistics.median(ratios), resampled[cut], resampled[-cut - 1])
        return cls(*(round(each, 4) for each in found))


@dataclass(slots=True)
class Stopwatch:
    """Collects the seconds of what is done inside ``with stopwatch.lap():``."""

    laps: list[float] = field(default_factory=list)

    @contextmanager
    def lap(self) -> Iterator[None]:
        """Time one thing; one that fails is not counted."""
        started = perf_counter()
        yield
        self.laps.append(perf_counter() - started)

    @property
    def spread(self) -> Spread:
        return Spread.of(self.laps)


@dataclass(slots=True)
class Inside:
    """Seconds spent inside certain calls, until they are taken."""

    seconds: float = 0.0
    _depth: int = 0

    def timed(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``act``, its time added up; what it calls in turn is counted once."""

        @wraps(act)
        def do(*args: Any, **kwargs: Any) -> Any:
            self._depth += 1
            started = perf_counter()
            try:
                return act(*args, **kwargs)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += perf_counter() - started

        return do

    def take(self) -> float:
        seconds, self.seconds = self.seconds, 0.0
        return seconds


def machine() -> dict[str, Any]:
    """Describe this machine: processor, cores, memory, system, Python, load when it began."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.partition(": ")[2] for line in described.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()

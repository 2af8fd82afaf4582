"""Statistics of repeated measurements, and a description of the machine."""

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
    """The spread of repeated measurements, in their unit."""

    count: int
    median: float
    low: float
    """First quartile."""
    high: float
    """Third quartile."""
    worst: float
    """Largest value."""

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of at least one value, rounded to six decimals."""
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
    """The median of the ratios of pairs, with its 95 % confidence interval (bootstrap).

    The measurements of a pair follow each other, so that slow changes of the machine affect both.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, above: Sequence[float], below: Sequence[float]) -> Ratio:
        """Return the ratio of at least one pair. The same values give the same interval."""
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
    """A collector of durations, in seconds, of ``with stopwatch.lap():`` blocks."""

    laps: list[float] = field(default_factory=list)

    @contextmanager
    def lap(self) -> Iterator[None]:
        """Measure the block; one that raises is not counted."""
        started = perf_counter()
        yield
        self.laps.append(perf_counter() - started)

    @property
    def spread(self) -> Spread:
        """The spread of all laps, of which there must be at least one."""
        return Spread.of(self.laps)


@dataclass(slots=True)
class Inside:
    """The time, in seconds, spent inside wrapped functions since it was last taken."""

    seconds: float = 0.0
    _depth: int = 0

    def timed(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``act`` wrapped so that its time is added up; nested calls are counted once."""

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
        """Return the time and reset it to zero."""
        seconds, self.seconds = self.seconds, 0.0
        return seconds


def machine() -> dict[str, Any]:
    """Return processor, cores, memory, system, Python version and current load of this machine."""
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

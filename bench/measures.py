"""Numbers of repeated measurements, and the machine they were taken on."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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

"""How much processor time something takes: of this process, of PostgreSQL, of the machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Work:
    """Seconds of processor time, added up over ``times`` repetitions."""

    times: int = 0
    here: float = 0.0
    database: float = 0.0
    """Of the PostgreSQL process that serves this connection; both are on one machine."""

    @contextmanager
    def done(self) -> Iterator[None]:
        """Add what happens inside; it must not open another connection."""
        at_database, here = _database_seconds(), time.process_time()
        yield
        self.here += time.process_time() - here
        self.database += _database_seconds() - at_database
        self.times += 1

    @property
    def each(self) -> dict[str, float]:
        """Return the means."""
        return {
            "own_work": round(self.here / self.times, 6),
            "database_work": round(self.database / self.times, 6),
        }


@dataclass(slots=True)
class MachineWork:
    """The part of all processors' time that was used between the first look and the last."""

    _first: tuple[int, int] | None = None
    _last: tuple[int, int] = (0, 0)

    def look(self) -> None:
        """Read the kernel's counters (proc(5), /proc/stat: the first line, in ticks)."""
        ticks = [
            int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        ]
        idle = ticks[3] + ticks[4]
        self._last = (sum(ticks) - idle, sum(ticks))
        self._first = self._first or self._last

    @property
    def busy(self) -> float:
        """Return 0 to 1; 0 before a second look."""
        first = self._first or self._last
        whole = self._last[1] - first[1]
        return (self._last[0] - first[0]) / whole if whole else 0.0


def _database_seconds() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    nanoseconds = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
    return int(nanoseconds) / 1e9

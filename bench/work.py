"""Processor time of this process, of PostgreSQL and of the whole machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Work:
    """Processor time in seconds, added up over ``times`` repetitions."""

    times: int = 0
    here: float = 0.0
    database: float = 0.0
    """Processor time of the PostgreSQL process of this connection, on the same machine."""

    @contextmanager
    def done(self) -> Iterator[None]:
        """Add the processor time of the block, which must not open another connection."""
        at_database, here = _database_seconds(), time.process_time()
        yield
        self.here += time.process_time() - here
        self.database += _database_seconds() - at_database
        self.times += 1

    @property
    def each(self) -> dict[str, float]:
        """The mean processor times of one repetition, in seconds."""
        return {
            "own_work": round(self.here / self.times, 6),
            "database_work": round(self.database / self.times, 6),
        }


@dataclass(slots=True)
class MachineWork:
    """The share of all processors' time that was used between the first and the last reading."""

    _first: tuple[int, int] | None = None
    _last: tuple[int, int] = (0, 0)

    def read(self) -> None:
        """Read the kernel's counters: the first line of /proc/stat, in ticks, see proc(5)."""
        ticks = [
            int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        ]
        idle = ticks[3] + ticks[4]
        self._last = (sum(ticks) - idle, sum(ticks))
        self._first = self._first or self._last

    @property
    def busy(self) -> float:
        """The share, from 0 to 1; 0 before the second reading."""
        first = self._first or self._last
        whole = self._last[1] - first[1]
        return (self._last[0] - first[0]) / whole if whole else 0.0


def process_seconds(pid: int) -> float:
    """Return the processor time of a process with its threads and the children it waited for.

    In seconds, in steps of 10 ms: fields 14 to 17 of /proc/PID/stat, see proc(5).
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def server_seconds() -> float:
    """Return the processor time of the whole PostgreSQL server, sessions that ended included.

    It has to run on this machine. Steps as in ``process_seconds``.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    server = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    found = process_seconds(server)
    for child in children:
        with suppress(OSError):  # it ended meanwhile, and counts among the server's children
            found += process_seconds(int(child))
    return found


def _database_seconds() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    nanoseconds = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
    return int(nanoseconds) / 1e9

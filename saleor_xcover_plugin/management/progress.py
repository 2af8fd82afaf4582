"""A bar for long commands, on a terminal only: logs and pipes get none."""

from __future__ import annotations

from typing import Any


class Progress:
    """Counts what was looked at; writes to ``out`` while it is a terminal."""

    def __init__(self, out: Any, what: str, *, total: int, is_wanted: bool = True) -> None:
        self._out = out
        self._what = what
        self._total = max(total, 1)
        self._done = 0
        self._is_shown = is_wanted and bool(getattr(out, "isatty", bool)())

    def __call__(self, count: int) -> None:
        self._done += count
        if self._is_shown:
            share = min(self._done / self._total, 1.0)
            bar = ("#" * round(share * 30)).ljust(30)
            self._out.write(f"\r[{bar}] {self._done:,} of {self._total:,} {self._what}", ending="")

    def close(self) -> None:
        if self._is_shown:
            self._out.write("")

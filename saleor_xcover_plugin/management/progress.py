"""A progress bar for long commands, shown on a terminal only."""

from __future__ import annotations

from typing import Any


class Progress:
    """A progress bar; call it with the number of things done since the last call."""

    def __init__(self, out: Any, what: str, *, total: int, is_wanted: bool = True) -> None:
        """Show a bar of ``total`` things called ``what``, if ``out`` is a terminal."""
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
        """End the line of the bar."""
        if self._is_shown:
            self._out.write("")

"""What a person sees of a sitting: failures at once, a line per unit, a short table at the end."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from .results import Result

GUESS = 60.0
"""Seconds expected of a unit that was never played."""
_TRUSTED_AFTER = 3
"""Units until the pace of this sitting corrects what is known from earlier ones."""


class Progress:
    """Counts what is done and estimates the rest."""

    def __init__(
        self,
        units: Sequence[str],
        known: Mapping[str, float],
        workers: int,
        out: TextIO | None = None,
    ) -> None:
        """``known`` are seconds of earlier sittings; ``out`` is the standard error otherwise."""
        self._expected = {unit: known.get(unit, GUESS) for unit in units}
        self._workers = workers
        self._out = out or sys.stderr
        self._done: list[Result] = []

    def failure(self, test: str, reason: str) -> None:
        self._say(f"FAILED {test}\n{_indented(reason)}")

    def done(self, result: Result, elapsed: float) -> None:
        """Say that a unit ended, and how far the sitting is."""
        self._done.append(result)
        word = "" if result.is_green else f" {result.outcome.upper()}"
        self._say(
            f"[{len(self._done)}/{len(self._expected)}] {result.unit}{word}: {counts(result)}, "
            f"{clock(result.seconds)} | {clock(elapsed)} gone, about {clock(self.rest())} left"
        )

    def rest(self) -> float:
        """Return the seconds the units that are not done may still take."""
        done = {result.unit for result in self._done}
        waiting = [seconds for unit, seconds in self._expected.items() if unit not in done]
        if not waiting:
            return 0.0
        return self._pace() * max(sum(waiting) / self._workers, max(waiting))

    def _pace(self) -> float:
        if len(self._done) < _TRUSTED_AFTER:
            return 1.0
        expected = sum(self._expected[result.unit] for result in self._done)
        return sum(result.seconds for result in self._done) / max(expected, 1.0)

    def table(self, results: Sequence[Result], elapsed: float) -> None:
        """Print what was not green, the slowest units and the sums."""
        lines = []
        for result in sorted(results, key=lambda one: -one.seconds)[:8]:
            lines.append(f"  {clock(result.seconds):>8}  {result.unit}: {counts(result)}")
        if lines:
            self._say("\n".join(["longest:", *lines]))
        for result in results:
            if not result.is_green:
                tests = [name for name, _ in result.failures] or [result.unit]
                self._say("\n".join([f"{result.outcome}:", *(f"  {test}" for test in tests)]))
        self._say(
            f"{sum(one.passed for one in results)} passed, "
            f"{sum(one.failed for one in results)} failed, "
            f"{sum(one.skipped for one in results)} skipped in {len(results)} of "
            f"{len(self._expected)} in {clock(elapsed)}"
        )

    def _say(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()


def counts(result: Result) -> str:
    """Write ``3 passed, 1 failed``."""
    said = {"passed": result.passed, "failed": result.failed, "skipped": result.skipped}
    return ", ".join(f"{count} {name}" for name, count in said.items() if count) or "nothing played"


def clock(seconds: float) -> str:
    """Write seconds as ``1:02:03`` or ``2:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())

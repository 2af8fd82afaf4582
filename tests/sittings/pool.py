"""Play units side by side, each in a process of its own that cannot outlive this one."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from testkit import pytest_events

from .progress import Progress
from .results import Result, flat
from .workers import FreshWorker, Unit, Worker

LOOK_EVERY = 0.2
LAST_LINES = 40
"""Lines shown of a process that died without a word."""


class Pool:
    """A number of workers, each playing one unit at a time."""

    def __init__(
        self,
        workers: int,
        logs: Path,
        progress: Progress,
        hire: Callable[[int], Worker] = lambda _: FreshWorker(),
        *,
        is_quiet: bool = False,
    ) -> None:
        """``hire`` makes the worker of a number, counted from 1.

        Quiet: single failures are not repeated, as whoever plays in a terminal sees them.
        """
        self._logs = logs
        self._progress = progress
        self._workers = {number: hire(number) for number in range(1, workers + 1)}
        self._is_quiet = is_quiet
        self._sitting = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"

    def play(self, units: Sequence[Unit], commit: str) -> Iterator[Result]:
        """Play all in the order given and yield each result as soon as it is there.

        Whoever stops iterating, by an exception too, ends what still runs.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        waiting, started = list(units), time.monotonic()
        playing: dict[int, _Playing] = {}
        try:
            while waiting or playing:
                for number, worker in self._workers.items():
                    if waiting and number not in playing:
                        playing[number] = _Playing(waiting.pop(0), worker, self._logs)
                time.sleep(LOOK_EVERY)
                for number, one in list(playing.items()):
                    code = one.exit_code()
                    self._tell_failures(one)
                    if code is None:
                        continue
                    del playing[number]
                    result = one.result(code, self._sitting, commit)
                    if result.outcome == "died" and not self._is_quiet:
                        self._progress.failure(result.unit, one.last_words())
                    self._progress.done(result, time.monotonic() - started)
                    yield result
        finally:
            for worker in self._workers.values():
                worker.stop()

    def _tell_failures(self, playing: _Playing) -> None:
        for test, reason in playing.listen():
            if not self._is_quiet:
                self._progress.failure(test, reason)


class _Playing:
    """One unit while it plays."""

    def __init__(self, unit: Unit, worker: Worker, logs: Path) -> None:
        self._unit, self._worker = unit, worker
        self._log = logs / f"{flat(unit.name)}.log"
        told = self._log.with_suffix(".events")
        told.unlink(missing_ok=True)
        self._listener = pytest_events.Listener(told)
        self._began, self._clock = datetime.now(UTC), time.monotonic()
        worker.start(unit, {pytest_events.VARIABLE: str(told)}, self._log)

    def listen(self) -> list[tuple[str, str]]:
        return self._listener.listen()

    def exit_code(self) -> int | None:
        return self._worker.exit_code()

    def last_words(self) -> str:
        running = self._listener.heard.running
        lines = self._log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join([f"it died in {running}" if running else "it died", *lines])

    def result(self, code: int, sitting: str, commit: str) -> Result:
        """Say how it ended."""
        heard = self._listener.heard
        passed, failed = heard.outcomes["passed"], heard.outcomes["failed"]
        if not self._unit.tells:
            passed, failed = int(code == 0), int(code != 0)
        return Result(
            unit=self._unit.name,
            outcome=self._outcome(code),
            passed=passed,
            failed=failed,
            skipped=heard.outcomes["skipped"],
            seconds=round(time.monotonic() - self._clock, 1),
            cpu=heard.cpu,
            began=self._began.isoformat(timespec="seconds"),
            ended=datetime.now(UTC).isoformat(timespec="seconds"),
            sitting=sitting,
            commit=commit,
            failures=[list(failure) for failure in heard.failures],
            skips=dict(heard.skips),
        )

    def _outcome(self, code: int) -> str:
        heard = self._listener.heard
        if code == 0 and (heard.has_played or not self._unit.tells):
            return "green"
        has_said_so = heard.failures and heard.exit_status is not None
        return "failed" if code > 0 and (has_said_so or not self._unit.tells) else "died"

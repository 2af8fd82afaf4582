"""Who plays units: a new process for each, or one that is warm and forks for each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from testkit.orphan_guard import Guard

STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Unit:
    """What is played in one process and has one result."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path()
    tells: bool = True
    """Whether it is a pytest that tells of its tests; otherwise its exit code is all it says."""


class Worker(Protocol):
    """Plays one unit at a time."""

    def start(self, unit: Unit, environment: Mapping[str, str], log: Path) -> None:
        """Begin to play; what it writes goes to ``log``."""

    def exit_code(self) -> int | None:
        """Return how the unit ended, negative for a signal; None while it plays."""

    def stop(self) -> None:
        """End what plays, with all it started, and the worker."""


class FreshWorker:
    """Starts a new process for every unit."""

    def __init__(
        self, environment: Mapping[str, str] | None = None, *, has_terminal: bool = False
    ) -> None:
        """``environment`` is what is this worker's own, such as the name of a database.

        With a terminal, output and Ctrl-C are the unit's own and nothing goes to the log.
        """
        self._environment = environment or {}
        self._has_terminal = has_terminal
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None

    def start(self, unit: Unit, environment: Mapping[str, str], log: Path) -> None:
        with log.open("wb") as file:
            output = None if self._has_terminal else file
            self._guard = Guard()
            self._process = subprocess.Popen(
                list(unit.command),
                cwd=unit.folder,
                env={**os.environ, **self._environment, **unit.environment, **environment},
                stdin=None if self._has_terminal else subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=not self._has_terminal,
            )
        if not self._has_terminal:
            self._guard.watch(self._process.pid)

    def exit_code(self) -> int | None:
        assert self._process is not None
        code = self._process.poll()
        if code is not None:
            self._clear_up(self._process)
        return code

    def stop(self) -> None:
        if self._process is None:
            return
        if self._has_terminal:
            # It heard the same Ctrl-C and clears up by itself.
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=STOP_SECONDS)
        _end(self._process)
        self._clear_up(self._process)

    def _clear_up(self, process: subprocess.Popen[bytes]) -> None:
        if not self._has_terminal:
            _kill_group(process.pid)
        if self._guard:
            self._guard.release()
        self._process = self._guard = None


class WarmWorker:
    """Keeps a process that has loaded what all units need, and forks for each.

    The process reads an order of JSON per line: ``arguments``, ``environment``, ``log`` and
    ``exit``, the file to write the exit code to.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        """The process runs in ``folder``; ``log`` takes what it writes itself."""
        self._command, self._environment = command, environment
        self._folder, self._log = folder, log
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None
        self._unit_log = self._exit = log

    def start(self, unit: Unit, environment: Mapping[str, str], log: Path) -> None:
        process = self._warm()
        self._unit_log, self._exit = log, log.with_suffix(".exit")
        self._exit.unlink(missing_ok=True)
        log.write_bytes(b"")
        order = {
            "arguments": list(unit.command),
            "environment": {**unit.environment, **environment},
            "log": str(log),
            "exit": str(self._exit),
        }
        assert process.stdin
        with suppress(BrokenPipeError):  # it died; exit_code() will say so
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()

    def _warm(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._guard = Guard()
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    list(self._command),
                    cwd=self._folder,
                    env={**os.environ, **self._environment},
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self._guard.watch(self._process.pid)
        return self._process

    def exit_code(self) -> int | None:
        assert self._process is not None
        has_ended = self._process.poll()
        if self._exit.exists():
            return int(self._exit.read_text())
        if has_ended is None:
            return None
        self._clear_up(self._process)  # the next unit gets a new one
        with self._unit_log.open("ab") as log:
            log.write(b"\nthe worker itself ended:\n" + self._log.read_bytes()[-4000:])
        return has_ended or -signal.SIGKILL

    def stop(self) -> None:
        if self._process is not None:
            _end(self._process)
            self._clear_up(self._process)

    def _clear_up(self, process: subprocess.Popen[bytes]) -> None:
        _kill_group(process.pid)
        if process.stdin:
            with suppress(BrokenPipeError):
                process.stdin.close()
        if self._guard:
            self._guard.release()
        self._process = self._guard = None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process and its children to end, and insist after a while."""
    with suppress(ProcessLookupError):
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGTERM)
        else:
            process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)

"""Child processes that print a line when they are ready."""

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from .errors import DemoError
from .orphan_guard import Guard
from .shutdown import deferred_signals

ROOT = Path(__file__).resolve().parents[1]
"""Root folder of the project, in which children are started."""
STOP_SECONDS = 10
"""Seconds a child gets to end after SIGTERM."""
START_SECONDS = 30
"""Default number of seconds a child gets to become ready."""


class ReadyProcess:
    """A child process that prints a line containing ``ready`` once it can be used.

    It runs in a session of its own, so that ``kill`` reaches its children too. None of them
    outlives this process, even if this one is killed with SIGKILL. ``name`` is used in messages.
    """

    def __init__(self, name: str, ready: str) -> None:
        self._name = name
        self._ready = ready
        self._process: subprocess.Popen[str] | None = None
        self._guard: Guard | None = None
        self._reader: threading.Thread | None = None
        self._errors: IO[bytes] | None = None
        self._last_words = ""
        self._line = ""
        # Set by the ready line, or by the end of all output.
        self._heard = threading.Event()

    def start(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = START_SECONDS,
    ) -> str:
        """Start ``command`` and return the text after the ready words.

        ``env`` replaces the environment; ``timeout`` is in seconds. Raises ``DemoError`` if it does
        not become ready in time.
        """
        self.begin(command, env=env)
        return self.wait_until_ready(timeout)

    def begin(self, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        """Start ``command`` without waiting, so that several processes can start side by side."""
        self._heard = threading.Event()
        self._line = self._last_words = ""
        # Standard error goes to a file, so that a traceback can be read whole after the end.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _end)
        # A signal between these steps would leave a child without a guard.
        with deferred_signals():
            self._guard = Guard()
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(os.environ if env is None else env),
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._guard.watch(self._process.pid)
        self._reader = threading.Thread(
            target=self._drain, args=(self._process.stdout, self._heard), daemon=True
        )
        self._reader.start()

    def wait_until_ready(self, timeout: float = START_SECONDS) -> str:
        """Wait up to ``timeout`` seconds and return the text after the ready words.

        Raises ``DemoError`` if the process ends or is not ready in time, and ``RuntimeError`` if it
        was not started.
        """
        if self._process is None:
            raise RuntimeError(f"{self._name} was not started")
        self._heard.wait(timeout)
        if not self._line:
            how = self._how_it_failed(timeout)
            self.stop()
            raise DemoError(f"{self._name} did not start: it {how}.\n{self._last_words[-3000:]}")
        return self._line.partition(self._ready)[2].strip()

    @property
    def is_running(self) -> bool:
        """True if the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id. Raises ``RuntimeError`` if the process was not started."""
        if self._process is None:
            raise RuntimeError(f"{self._name} was not started")
        return self._process.pid

    def stop(self) -> int | None:
        """End the process and return its exit code, or None if it was not started.

        Sends SIGTERM, and SIGKILL to the whole group after ``STOP_SECONDS``.
        """
        return self._end(signal.SIGTERM)

    def kill(self) -> int | None:
        """Kill the process and its children with SIGKILL; return its exit code as ``stop`` does."""
        return self._end(signal.SIGKILL)

    def errors(self) -> str:
        """Return the standard error so far, also after the end of the process."""
        if self._errors is None:
            return self._last_words
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def _how_it_failed(self, timeout: float) -> str:
        # The output can end a moment before the process does.
        with suppress(subprocess.TimeoutExpired):
            if self._process and self._heard.is_set():
                return f"ended with code {self._process.wait(timeout=1)}"
        return f"was not ready within {timeout:.0f} s"

    def _drain(self, output: IO[str], heard: threading.Event) -> None:
        """Read until the process ends, because a full pipe would block it."""
        with output:
            for line in output:
                if self._ready in line and not heard.is_set():
                    self._line = line
                    heard.set()
        heard.set()

    def _end(self, sign: signal.Signals) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        # Only SIGKILL goes to the children too: a process that gets SIGTERM stops its own children.
        if sign != signal.SIGKILL:
            process.send_signal(sign)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=STOP_SECONDS)
        _kill_group(process.pid)
        process.wait()
        self._clear_up()
        return process.returncode

    def _clear_up(self) -> None:
        if self._guard:
            self._guard.release()
            self._guard = None
        if self._reader:
            self._reader.join(timeout=STOP_SECONDS)
        if self._errors:
            self._last_words = self.errors()
            self._errors.close()
            self._errors = None


def _kill_group(group: int) -> None:
    """Kill the rest of the group, such as pool children that outlived their parent."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)

"""A child process that says on its standard output when it is ready."""

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
STOP_SECONDS = 10


class ReadyProcess:
    """Runs in a session of its own, so that ``kill`` takes its children along."""

    def __init__(self, name: str, ready: str) -> None:
        self._name = name
        self._ready = ready
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[bytes] | None = None

    def start(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, timeout: float = 30
    ) -> str:
        """Start ``command`` in the project's folder; return what follows the ready words."""
        # Its standard error goes to a file: an unread pipe would block it one day.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by stop)
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(os.environ if env is None else env),
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        line = self._ready_line(timeout)
        if not line:
            errors = self.errors()
            self.stop()
            raise RuntimeError(f"{self._name} did not start within {timeout} s\n{errors[-3000:]}")
        return line.partition(self._ready)[2].strip()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id, for tests that pause or kill it. Raise RuntimeError when not started."""
        if self._process is None:
            raise RuntimeError(f"{self._name} was not started")
        return self._process.pid

    def stop(self) -> int | None:
        """End it and return its exit code; None when it never ran."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int | None:
        """End it and its children with SIGKILL, in the middle of whatever they do."""
        return self._end(signal.SIGKILL)

    def errors(self) -> str:
        """Return what it wrote to its standard error so far."""
        if self._errors is None:
            return ""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def _end(self, sign: signal.Signals) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        try:
            # Only SIGKILL goes to the children too: who is asked to stop stops its own.
            if sign == signal.SIGKILL:
                os.killpg(process.pid, sign)
            else:
                process.send_signal(sign)
            process.wait(timeout=STOP_SECONDS)
        except ProcessLookupError:
            process.wait()
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout:
            process.stdout.close()
        if self._errors:
            self._errors.close()
            self._errors = None
        return process.returncode

    def _ready_line(self, timeout: float) -> str:
        if self._process is None or self._process.stdout is None:
            return ""
        until = time.monotonic() + timeout
        while time.monotonic() < until and self._process.poll() is None:
            readable, _, _ = select.select([self._process.stdout], [], [], 0.1)
            if readable:
                line = self._process.stdout.readline()
                if self._ready in line:
                    return line
        return ""

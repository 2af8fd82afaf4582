"""The demo as a process of its own, and whoever it has started."""

import os
import signal
import subprocess
import sys
import tempfile
import time

import psutil

from testkit.process import ROOT

MAX_WAIT = 40


def _hear_sighup():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Running:
    """``python -m demo ...``; use with ``with``: whatever is left at its end is killed."""

    def __init__(self, *arguments, **environment):
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed at the end)
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "demo", *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=self._said,
            stderr=self._said,
            # Who runs the tests under nohup has us inherit that SIGHUP is ignored.
            preexec_fn=_hear_sighup,
        )
        self._seen = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.started()
        for process in [self.process, *self.left()]:
            process.kill()
        self.process.wait()
        self._said.close()

    @property
    def said(self):
        """Both outputs so far."""
        self._said.seek(0)
        return self._said.read()

    def wait_for(self, words):
        """Wait until the process has said them."""
        until = time.monotonic() + MAX_WAIT
        while words not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < until, self.said
            time.sleep(0.05)

    def started(self):
        """Return everything it has started and remember it."""
        try:
            found = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            found = []
        self._seen.extend(process for process in found if process not in self._seen)
        return found

    def left(self, seconds=0):
        """Return who is still alive of those it had started."""
        _, alive = psutil.wait_procs(self._seen, timeout=seconds)
        return [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def demo(*arguments, **environment):
    """Run the demo to its end and return exit code and what it said."""
    with Running(*arguments, **environment) as running:
        return running.process.wait(timeout=120), running.said

"""Everything the demo runs on: PostgreSQL, a simulated XCover, the miniature host, a worker."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from . import host, web, worker
from .process import ROOT, ReadyProcess
from .simulator import SimulatorProcess

Progress = Callable[[str], None]


class Stack:
    """Start with ``with``; everything ends with it. ``say`` hears what is being started."""

    host_url: str
    """Where the miniature listens, without a slash at the end."""

    def __init__(self, database: str, say: Progress) -> None:
        self._database = database
        self._say = say
        self.simulator = SimulatorProcess()
        self._web = ReadyProcess("the host", web.READY)
        self._worker = ReadyProcess("the Celery worker", worker.READY)
        self._queue = Path(tempfile.mkdtemp(prefix="xcover-demo-"))

    def __enter__(self) -> Stack:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def kill_worker(self) -> None:
        """SIGKILL worker, beat and pool, whatever they are doing."""
        self._worker.kill()

    def start_worker(self) -> str:
        """Start the worker and return its name."""
        return self._worker.start([sys.executable, "-m", "demo.worker"], env=self._environment())

    def errors(self) -> str:
        """Return what host and worker wrote to their logs."""
        return f"--- host\n{self._web.errors()}\n--- worker\n{self._worker.errors()}"

    def _start(self) -> None:
        from .postgres import fresh_database

        self._say("PostgreSQL")
        url = fresh_database(self._database)
        queue = self._queue / "queue"
        for folder in (queue, Path(f"{queue}-control")):
            folder.mkdir()
        os.environ.update(CELERY_BROKER_URL="filesystem://", XCOVER_DEMO_QUEUE=str(queue))
        self._say("tables")
        host.configure(url)
        from django.core.management import call_command

        call_command("migrate", run_syncdb=True, verbosity=0)
        self._say("the simulated XCover")
        self.simulator.start()
        self._say("the store's host (a miniature of Saleor)")
        self.host_url = self._web.start([sys.executable, "-m", "demo.web"], env=self._environment())
        self._say("a Celery worker")
        self.start_worker()

    def _stop(self) -> None:
        self._worker.stop()
        self._web.stop()
        self.simulator.stop()
        shutil.rmtree(self._queue, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}

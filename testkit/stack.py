"""The processes of the demo: PostgreSQL, the simulated XCover, the miniature and a worker."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from . import environment, miniature, shutdown, web, worker
from .process import ROOT, ReadyProcess
from .simulator import SimulatorProcess

Say = Callable[[str], None]


class Stack:
    """The processes of the demo, as a context manager that starts and stops them.

    ``database`` is the name of the database to create. ``say`` is called with the name of each
    step before it starts. ``lease_seconds`` is the time after which the work of a killed worker is
    taken up by another one; None keeps the plugin's default. Entering raises ``DemoError`` when a
    step fails.
    """

    host_url: str
    """Address of the miniature, without a trailing slash."""
    server: str
    """Description of the PostgreSQL server."""

    def __init__(self, database: str, say: Say, *, lease_seconds: int | None = None) -> None:
        self._database = database
        self._say = say
        self._lease_seconds = lease_seconds
        self.simulator = SimulatorProcess()
        self._web = ReadyProcess("the host", web.READY)
        self._worker = ReadyProcess("the Celery worker", worker.READY)
        self._queue = Path(tempfile.mkdtemp(prefix="xcover-demo-"))

    def __enter__(self) -> Stack:
        try:
            for name, step in self._STEPS.items():
                self._say(name)
                step(self)
                shutdown.end_if_told()
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
        """Kill the worker, its beat and its pool with SIGKILL."""
        self._worker.kill()

    def start_worker(self) -> str:
        """Start the worker and return its name."""
        self._begin_worker()
        return self._worker.wait_until_ready()

    def errors(self) -> str:
        """Return the logs of the host and the worker."""
        return f"--- host\n{self._web.errors()}\n--- worker\n{self._worker.errors()}"

    def _make_database(self) -> None:
        from .postgres import describe_server, fresh_database

        environment.prepare(os.environ, lease_seconds=self._lease_seconds)
        self.server = describe_server()
        self._url = fresh_database(self._database)

    def _make_tables(self) -> None:
        queue = self._queue / "queue"
        for folder in (queue, Path(f"{queue}-control")):
            folder.mkdir()
        os.environ.update(CELERY_BROKER_URL="filesystem://", XCOVER_DEMO_QUEUE=str(queue))
        miniature.configure(self._url)
        from django.core.management import call_command

        call_command("migrate", run_syncdb=True, verbosity=0)

    def _start_processes(self) -> None:
        # Started side by side, because each spends most of its start on imports.
        self.simulator.begin()
        self._web.begin([sys.executable, "-m", "testkit.web"], env=self._environment())
        self._begin_worker()
        self.simulator.wait_until_ready()
        self.host_url = self._web.wait_until_ready()
        self._worker.wait_until_ready()

    _STEPS: dict[str, Callable[[Stack], None]] = {
        "PostgreSQL": _make_database,
        "its tables": _make_tables,
        "a simulated XCover, the host (a miniature of Saleor) and a Celery worker": (
            _start_processes
        ),
    }
    steps = tuple(_STEPS)
    """The names that ``say`` is called with, in order."""

    def _begin_worker(self) -> None:
        self._worker.begin([sys.executable, "-m", "testkit.worker"], env=self._environment())

    def _stop(self) -> None:
        shutdown.no_more()
        self._worker.stop()
        self._web.stop()
        self.simulator.stop()
        shutil.rmtree(self._queue, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}

"""Events of a pytest process, written to a file as one line of JSON per event.

The process that started pytest reads the file while it grows, and after a crash.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "XCOVER_TEST_EVENTS"
"""Environment variable with the path of the file to write to."""


def tell(config: pytest.Config) -> None:
    """Register the plugins that print failures at once and, if ``VARIABLE`` is set, write events.

    Every conftest that can be the topmost one must call this, because pytest reads none above its
    ini file. Further calls do nothing.
    """
    if hasattr(config, "workerinput") or config.pluginmanager.has_plugin("xcover_outcry"):
        return  # workers of pytest-xdist report to their controller
    config.pluginmanager.register(Outcry(config), "xcover_outcry")
    if told := os.environ.get(VARIABLE):
        config.pluginmanager.register(Teller(Path(told)), "xcover_teller")


class Outcry:
    """Pytest plugin that prints a failure at once; a truncated log has no summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if report.failed and reporter:
            reporter.write_line(f"\n{report.nodeid} ({report.when}): {reason_of(report)}")


@dataclass
class _Test:
    """A running test."""

    outcome: str = "passed"
    reason: str = ""
    seconds: float = 0.0
    began_cpu: float = 0.0


class Teller:
    """Pytest plugin that writes the events of each test to the file at ``path``."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)
        # By node id, because workers of pytest-xdist run several tests at once.
        self._playing: dict[str, _Test] = {}

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._playing[nodeid] = _Test(began_cpu=cpu_seconds())
        self._say(began=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = self._playing.setdefault(report.nodeid, _Test())
        test.seconds += report.duration
        if report.failed:
            test.outcome, test.reason = "failed", reason_of(report)
        elif report.skipped and test.outcome == "passed":
            test.outcome, test.reason = "skipped", skip_reason_of(report)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        test = self._playing.pop(nodeid, _Test())
        self._say(
            ended=nodeid,
            outcome=test.outcome,
            reason=test.reason,
            seconds=round(test.seconds, 2),
            cpu=round(cpu_seconds() - test.began_cpu, 2),
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._say(ended=report.nodeid, outcome="failed", reason=reason_of(report), seconds=0)
        elif report.skipped:
            self._say(
                ended=report.nodeid, outcome="skipped", reason=skip_reason_of(report), seconds=0
            )

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._say(finished=int(exitstatus), cpu=round(cpu_seconds(), 1))
        self._file.close()

    def _say(self, **what: Any) -> None:
        self._file.write(json.dumps(what) + "\n")


def cpu_seconds() -> float:
    """Return the processor time of this process and its ended children, in seconds."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def reason_of(report: Any) -> str:
    """Return the reason of a failed report, at most its last 1,000 characters."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longreprtext)[-1000:]


def skip_reason_of(report: Any) -> str:
    """Return the reason of a skipped or xfailed report."""
    if hasattr(report, "wasxfail"):
        return f"expected to fail: {report.wasxfail}"
    where = report.longrepr
    return str(where[2]) if isinstance(where, tuple) else str(where)


class Heard:
    """The events of a session that were read so far."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        """Number of ended tests by outcome."""
        self.failures: list[tuple[str, str]] = []
        """Node id and reason of each failure."""
        self.skips: Counter[str] = Counter()
        """Number of skipped tests by reason."""
        self.running: str | None = None
        """Node id of the test that began last and has not ended."""
        self.exit_status: int | None = None
        """Exit status of pytest; None until the session has ended."""
        self.cpu = 0.0
        """Processor time of the session, in seconds; 0 until it has ended."""

    def hear(self, line: str) -> None:
        """Add the event in ``line``."""
        said = json.loads(line)
        if "began" in said:
            self.running = said["began"]
        elif "ended" in said:
            self.running = None if self.running == said["ended"] else self.running
            self.outcomes[said["outcome"]] += 1
            if said["outcome"] == "failed":
                self.failures.append((said["ended"], said["reason"]))
            elif said["outcome"] == "skipped":
                self.skips[said["reason"]] += 1
        elif "finished" in said:
            self.exit_status, self.cpu = said["finished"], said["cpu"]

    @property
    def has_played(self) -> bool:
        """True if the session ended with success and every test that began has ended."""
        return self.exit_status == 0 and self.running is None and bool(self.outcomes)


class Listener:
    """Reader of an events file that still grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self.heard = Heard()

    def listen(self) -> list[tuple[str, str]]:
        """Read the new lines and return the failures among them."""
        known = len(self.heard.failures)
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._at)
                new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._at += len(whole)
            for line in whole.decode().splitlines():
                self.heard.hear(line)
        return self.heard.failures[known:]

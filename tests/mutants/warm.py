"""The process that plays tests on mutants: everything is imported once, then it forks for each.

``python -m tests.mutants.warm IN OUT -- ARGUMENTS OF PYTEST`` reads a line of JSON per mutant from
the descriptor IN and answers each with a line to OUT. Its first answer is what the tests do without
a mistake: which fail, how long each takes and which lines each runs.
"""

from __future__ import annotations

import gc
import json
import os
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import IO, Any

import coverage
import pytest

from . import placed, swapping

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "saleor_xcover_plugin"
MEMORY = 4 << 30
"""Bytes of addresses a mutant may take; one that grows without end is as dead as one that fails."""
LEAST, TIMES = 2.0, 5.0
"""Seconds of processor time any test may take on a mutant, and how many times what it usually does.
"""
WALL = 900.0
"""Seconds after which a mutant that sleeps is given up."""


class Warm:
    """Instead of playing the collected tests once, play those of each request in a child."""

    def __init__(self, requests: IO[str], answers: IO[str], measured: coverage.Coverage) -> None:
        self._requests, self._answers, self._measured = requests, answers, measured
        self._session: pytest.Session | None = None
        self._memories: list[Any] = []
        self._seconds: dict[str, float] = {}
        self._items: dict[str, list[pytest.Item]] = defaultdict(list)
        self._failed: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        from hypothesis import Phase, settings

        known = settings.default  # what the tests run with otherwise
        # An example that fails is enough; a smaller one or one of another day only takes time.
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", known, phases=phases, database=None, derandomize=True)
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._failed.append(f"{report.nodeid} cannot be imported")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            self._say(failed=self._failed, seconds={}, lines={})
            return True
        self._session = session
        self._say(**self._play_without_mistake(session))
        self._memories = swapping.memories(PACKAGE)
        gc.collect()
        gc.freeze()  # what children do not touch is not copied for them
        for line in self._requests:
            self._say(**self._fork(json.loads(line)))
        return True

    def _play_without_mistake(self, session: pytest.Session) -> dict[str, Any]:
        """Play what is not known yet; the first request names what is."""
        known: dict[str, float] = json.loads(next(self._requests))["known"]
        seconds: dict[str, float] = defaultdict(float)
        for item in session.items:
            self._items[_name(item.nodeid)].append(item)
        items = [one for one in session.items if _name(one.nodeid) not in known]
        for at, item in enumerate(items):
            name = _name(item.nodeid)
            self._measured.switch_context(name)
            began = time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=self._next(items, at))
            seconds[name] += time.process_time() - began
        self._seconds = {**known, **seconds}
        self._measured.stop()
        _close_databases()
        return {"failed": self._failed, "seconds": seconds, "lines": self._lines()}

    def _lines(self) -> dict[str, dict[str, list[str]]]:
        data = self._measured.get_data()
        found = {}
        for path in data.measured_files():
            name = Path(path).relative_to(ROOT).as_posix()
            found[name] = {str(k): v for k, v in data.contexts_by_lineno(path).items()}
        return found

    def _fork(self, request: dict[str, Any]) -> dict[str, Any]:
        read, write = os.pipe()
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            try:
                os.close(read)
                self._play(request, write)
            except BaseException as error:
                _tell(write, outcome="killed", by=f"{type(error).__name__}: {error}"[:200])
            finally:
                os._exit(0)
        os.close(write)
        told = _heard(read, WALL)
        os.close(read)
        if told is None:
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        answer: dict[str, Any] = {"outcome": "killed", "by": "never ends"}
        if told:
            answer = json.loads(told.splitlines()[-1])
        return {**answer, "took": round(time.monotonic() - began, 2)}

    def _play(self, request: dict[str, Any], write: int) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        sys.dont_write_bytecode = True
        gc.disable()
        self._failed.clear()
        name, path = request["module"], str(ROOT / request["file"])
        if request["functions"] is not None:
            module = sys.modules.get(name)
            if module and swapping.swap(module, request["text"], request["functions"]):
                for memory in self._memories:
                    memory.cache_clear()
                names = request["tests"]
                self._play_items([one for name in names for one in self._items.get(name, ())])
                self._end(write, "swapped")
                return
        if request["apart"] is not None:
            self._play_apart(request, name, path)
            self._end(write, "a process of its own")
            return
        swapping.import_anew(name, path, request["text"])
        for files in request["files"]:
            self._play_files(files, request.get("only"))
            if self._failed:
                break
        self._end(write, "imported anew")

    def _play_apart(self, request: dict[str, Any], name: str, path: str) -> None:
        """Play files in another process: Django takes a model only once."""
        assert self._session is not None
        options = self._session.config.invocation_params.args
        options = [str(one) for one in options if not str(one).endswith(".py")]
        with tempfile.TemporaryDirectory() as folder:
            told = Path(folder) / "mutant.json"
            told.write_text(json.dumps({"module": name, "path": path, "text": request["text"]}))
            for files in request["files"]:
                command = [sys.executable, "-m", "pytest", "-x", "-p", "tests.mutants.placed"]
                done = subprocess.run(
                    [*command, *options, *request["apart"], *files],
                    env={**os.environ, placed.VARIABLE: str(told), "PYTHONDONTWRITEBYTECODE": "1"},
                    stdout=subprocess.PIPE,
                    text=True,
                    check=False,
                )
                if done.returncode:
                    found = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
                    self._failed.append(found[1] if found else f"{files[0]} ends otherwise")
                    return

    def _play_files(self, files: list[str], only: list[str] | None) -> None:
        """Collect files once more, in this session: to begin another takes much longer."""
        assert self._session is not None
        try:
            items = list(self._session.perform_collect([str(ROOT / file) for file in files]))
        except pytest.UsageError as error:
            self._failed.append(f"{files[0]} cannot be collected: {error}")
        if not self._failed:
            self._play_items([one for one in items if only is None or _name(one.nodeid) in only])

    def _play_items(self, items: list[pytest.Item]) -> None:
        for at, item in enumerate(items):
            # In processor time: a busy machine kills nothing. The signal ends this process.
            usual = self._seconds.get(_name(item.nodeid), 0.0)
            signal.setitimer(signal.ITIMER_PROF, LEAST + TIMES * usual)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=self._next(items, at))
            if self._failed:
                return

    def _next(self, items: list[pytest.Item], at: int) -> Any:
        """Return what is played next; after the last one the session, which then goes on.

        So all is ended that the last test used, but not what lasts for the session, such as a
        database.
        """
        return items[at + 1] if at + 1 < len(items) else self._session

    def _end(self, write: int, way: str) -> None:
        by = _name(self._failed[0]) if self._failed else ""
        _tell(write, outcome="killed" if self._failed else "survived", by=by, way=way)

    def _say(self, **what: Any) -> None:
        self._answers.write(json.dumps(what) + "\n")
        self._answers.flush()


def _name(test: str) -> str:
    """Return a test's name without its parameters."""
    return test.partition("[")[0]


def _tell(write: int, **what: Any) -> None:
    os.write(write, (json.dumps(what) + "\n").encode())


def _heard(read: int, seconds: float) -> str | None:
    """Return what a child told; empty when it died, None when it takes too long."""
    told, end = b"", time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if not select.select([read], [], [], left)[0]:
            break
        new = os.read(read, 65536)
        if not new:
            return told.decode()
        told += new
    return None


def _close_databases() -> None:
    """A connection may not be used by parent and child."""
    from django.conf import settings

    if settings.configured:
        from django.db import connections

        connections.close_all()


def main(arguments: list[str]) -> int:
    measured = coverage.Coverage(
        data_file=None, source=[str(ROOT / PACKAGE)], config_file=False, messages=False
    )
    measured.start()
    requests, answers = (
        os.fdopen(int(one), mode) for one, mode in zip(arguments, "rw", strict=False)
    )
    return int(pytest.main(arguments[3:], plugins=[Warm(requests, answers, measured)]))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

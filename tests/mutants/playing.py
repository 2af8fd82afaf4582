"""Have the warm process play the tests that should notice a mutant."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from testkit.postgres import server_url

from .groups import ROOT, Suite, imports, own_tests
from .kept import hash_of_test, hashed
from .making import Mutant
from .swapping import changed_functions

_TRIED_OUT = 40
"""Number of new tests that are played again in place; all of them are imported again."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What earlier runs told of tests that are still the same."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, set[str]]]


class SuiteFails(Exception):
    """The tests are not green without a mistake, so they say nothing about one."""


class Player:
    """Use with ``with``."""

    def __init__(self, tests: Suite, modules: list[str], log: Path) -> None:
        self._plan, self._modules, self._log = tests, modules, log
        self._memory = log.with_suffix(".tests.json")
        self._seconds: dict[str, float] = {}
        self._lines: dict[str, dict[int, set[str]]] = {}
        self._texts: dict[str, str] = {}

    def __enter__(self) -> Player:
        self._stack = contextlib.ExitStack()
        mine, theirs = os.pipe(), os.pipe()
        log = self._stack.enter_context(self._log.open("w"))
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        if self._plan.has_django:
            environment["DATABASE_URL"] = server_url()
        command = [sys.executable, "-m", "tests.mutants.warm", str(mine[0]), str(theirs[1]), "--"]
        command += [*self._plan.options, *self._plan.files()]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(mine[0], theirs[1]),
        )
        os.close(mine[0])
        os.close(theirs[1])
        self._requests = self._stack.enter_context(os.fdopen(mine[1], "w"))
        self._answers = self._stack.enter_context(os.fdopen(theirs[0]))
        try:
            self._learn()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait()

    def play(self, mutant: Mutant) -> dict[str, Any]:
        """Return ``outcome`` (killed or survived), ``by`` which test and how long it ``took``."""
        if not self._lines.get(mutant.file):
            return {"outcome": "survived", "by": "", "way": "no test imports it", "took": 0.0}
        text = self._text(mutant.file)
        mutated = mutant.within(text)
        running = self._tests(mutant, text)
        names = sorted(running - {""}, key=lambda name: self._order(mutant, name))
        # What ran while modules were imported has to be imported again.
        functions = None if "" in running else changed_functions(text, mutated)
        if functions is not None and not names:
            return {"outcome": "survived", "by": "", "way": "no test runs it", "took": 0.0}
        self._ask(
            module=mutant.file.removesuffix(".py").replace("/", "."),
            file=mutant.file,
            text=mutated,
            functions=functions,
            tests=names,
            files=self._files(mutant.file),
            apart=list(self._plan.apart) if self._plan.has_django and functions is None else None,
        )
        return self._heard()

    def _learn(self) -> None:
        """Take in which test runs which lines: what is still known of it, and the rest played."""
        before = self._remembered()
        self._ask(known=before.seconds)
        told = self._heard()
        if told["failed"]:
            raise SuiteFails(f"{', '.join(told['failed'][:5])} (see {self._log})")
        self._try_out(sorted(told["seconds"]))
        self._seconds = before.seconds | told["seconds"]
        self._lines = before.lines
        for file, lines in told["lines"].items():
            mine = self._lines.setdefault(file, {})
            for line, names in lines.items():
                mine[int(line)] = mine.get(int(line), set()) | set(names)
        remembered = {
            "modules": self._hash_of_modules(),
            "tests": {name: hash_of_test(name) for name in self._seconds},
            "seconds": self._seconds,
            "lines": {
                file: {line: sorted(names) for line, names in lines.items()}
                for file, lines in self._lines.items()
            },
        }
        self._memory.write_text(json.dumps(remembered))

    def _try_out(self, names: list[str]) -> None:
        """See that tests not known yet fail in neither way of playing where there is no mistake."""
        if not names:
            return
        module, files = (
            self._modules[0],
            sorted({name.partition("::")[0] for name in names}),
        )
        for functions in ([], None):
            if functions is None and self._plan.has_django:
                continue
            self._ask(
                module=module.removesuffix(".py").replace("/", "."),
                file=module,
                text=self._text(module),
                functions=functions,
                tests=names[:_TRIED_OUT],
                files=[[file] for file in files],
                only=names,
                apart=None,
            )
            told = self._heard()
            if told["outcome"] != "survived":
                raise SuiteFails(f"{told['by']} when it is played again (see {self._log})")

    def _remembered(self) -> Remembered:
        if self._plan.has_django or not self._memory.exists():
            return Remembered({}, {})  # where there is a database, what is played first makes it
        known = json.loads(self._memory.read_text())
        if known["modules"] != self._hash_of_modules():
            return Remembered({}, {})
        same = {name for name, text in known["tests"].items() if text == hash_of_test(name)}
        return Remembered(
            {name: seconds for name, seconds in known["seconds"].items() if name in same},
            {
                file: {int(line): set(names) & (same | {""}) for line, names in lines.items()}
                for file, lines in known["lines"].items()
            },
        )

    def _hash_of_modules(self) -> str:
        return hashed("".join(self._text(file) for file in self._modules))

    def _ask(self, **what: Any) -> None:
        self._requests.write(json.dumps(what) + "\n")
        self._requests.flush()

    def _tests(self, mutant: Mutant, text: str) -> set[str]:
        """Return the tests that run the changed lines, or else the statement they are in."""
        lines = self._lines.get(mutant.file, {})
        first, last = _changed_lines(mutant, text)
        if near := _union(lines, range(first, last + 1)):
            return near
        start = text.count("\n", 0, mutant.start) + 1
        return _union(lines, range(start, text.count("\n", 0, mutant.end) + 1))

    def _order(self, mutant: Mutant, name: str) -> tuple[bool, float]:
        is_own = bool(own_tests(mutant.file, [name.partition("::")[0]]))
        return (not is_own, self._seconds.get(name, 0.0))

    def _files(self, module: str) -> list[list[str]]:
        """Return the files of tests to import again: the likeliest first, then the quickest."""
        tests = self._plan.files()
        own = own_tests(module, tests)
        running = {
            name.partition("::")[0]
            for names in self._lines.get(module, {}).values()
            for name in names
            if name
        }
        spent: dict[str, float] = defaultdict(float)
        for name, seconds in self._seconds.items():
            spent[name.partition("::")[0]] += seconds
        running |= {test for test in tests if imports((ROOT / test).read_text(), module)}
        others = [one for one in tests if one in running and one not in own]
        others.sort(key=lambda file: spent.get(file, 0.0))
        return [[file] for file in [*own, *others]] or [tests]

    def _text(self, file: str) -> str:
        if file not in self._texts:
            self._texts[file] = (ROOT / file).read_text()
        return self._texts[file]

    def _heard(self) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            raise SuiteFails(f"the process that plays them ended (see {self._log})")
        heard: dict[str, Any] = json.loads(line)
        return heard


def _changed_lines(mutant: Mutant, text: str) -> tuple[int, int]:
    """Return the first and the last line of the original that differ."""
    old = text[mutant.start : mutant.end].splitlines()
    new = mutant.piece.splitlines()
    same = list(_same(zip(old, new, strict=False)))
    first = len(same)
    tail = len(list(_same(zip(old[first:][::-1], new[first:][::-1], strict=False))))
    start = text.count("\n", 0, mutant.start) + 1
    return start + first, start + max(first, len(old) - tail - 1)


def _same(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for one, other in pairs:
        if one != other:
            return
        yield one


def _union(lines: dict[int, set[str]], wanted: Iterable[int]) -> set[str]:
    return set().union(*(lines.get(line, set()) for line in wanted))

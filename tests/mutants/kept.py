"""What became of each mutant, a line of JSON each, so that a run can be stopped and continued."""

from __future__ import annotations

import ast
import hashlib
import json
import tomllib
from collections import Counter
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from .groups import ROOT, Suite
from .making import Mutant

EQUIVALENT = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True, slots=True)
class Fate:
    """What the tests said of one mutant."""

    key: str
    source: str
    """A hash of the file it is a mutant of."""
    outcome: str
    """``killed`` or ``survived``."""
    by: str
    """The test that failed."""
    tests: str
    """A hash of that test, or of all tests where none failed."""
    took: float


class Kept:
    """What some tests said of mutants."""

    def __init__(self, path: Path, tests: Suite) -> None:
        self._path = path
        self._all_tests = hashed("".join(_text(one) for one in tests.files()))
        self._known = self._read()

    def of(self, mutant: Mutant) -> Fate | None:
        """Return what became of it, where that still holds.

        The file may not have changed; a killed one needs its test as it was, a survivor all tests.
        """
        known = self._known.get(mutant.key)
        if known is None or known.source != hashed(_text(mutant.file)):
            return None
        return known if known.tests == self._tests(known.outcome, known.by) else None

    def keep(self, mutant: Mutant, outcome: str, by: str, took: float) -> Fate:
        """Write down what became of it, at once."""
        source = hashed(_text(mutant.file))
        fate = Fate(mutant.key, source, outcome, by, self._tests(outcome, by), took)
        self._known[mutant.key] = fate
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(fate)) + "\n")
        return fate

    def forget(self) -> None:
        """Forget everything."""
        self._known.clear()
        self._path.unlink(missing_ok=True)

    def _tests(self, outcome: str, by: str) -> str:
        return hash_of_test(by) if outcome == "killed" else self._all_tests

    def _read(self) -> dict[str, Fate]:
        if not self._path.exists():
            return {}
        found = {}
        for line in self._path.read_text().splitlines():
            try:
                fate = Fate(**json.loads(line))
            except (ValueError, TypeError):
                continue  # the last line of a run that was killed
            found[fate.key] = fate
        return found


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A mutant no test can notice, and why."""

    file: str
    scope: str
    was: str
    now: str
    why: str

    def is_of(self, mutant: Mutant) -> bool:
        """Whether it speaks of this one, wherever in the file it stands by now."""
        mine = (self.file, self.scope, _flat(self.was), _flat(self.now))
        return mine == (mutant.file, mutant.scope, _flat(mutant.was), _flat(mutant.now))


def equivalents(path: Path = EQUIVALENT) -> list[Equivalent]:
    """Read the mutants that are justified. Raise ``ValueError`` where one lacks its reason."""
    with path.open("rb") as file:
        found = [Equivalent(**one) for one in tomllib.load(file).get("mutant", [])]
    for one in found:
        if not one.why.strip():
            raise ValueError(f"{one.file}, {one.scope}: says not why {one.now!r} is equivalent")
    twice = [one for one, times in Counter(found).items() if times > 1]
    if twice:
        raise ValueError(f"{twice[0].file}, {twice[0].scope}: justified twice")
    return found


def _flat(text: str) -> str:
    return " ".join(text.split())


def hashed(text: str) -> str:
    """Return a short hash."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def hash_of_test(name: str) -> str:
    """Return a hash of one test's text, of its file's where it is not found; empty without one."""
    file, _, function = name.partition("::")
    if not (ROOT / file).is_file() or not file:
        return ""
    return hashed(_functions(file).get(function.split("::")[-1], _text(file)))


@cache
def _functions(file: str) -> dict[str, str]:
    text = _text(file)
    lines = text.splitlines()
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            found[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
    return found


@cache
def _text(file: str) -> str:
    return (ROOT / file).read_text()

"""What of the suite was asked for: files to play, tests within them, options for pytest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("tests/flows", "tests/saleor")
LONG_ONES = (
    "tests/saleor/pricing/test_pricing.py",
    "tests/saleor/test_kills.py",
    "tests/flows/test_random_refunds.py",
    "tests/saleor/stateful/test_shoppers.py",
    "tests/saleor/stateful/test_counterexamples.py",
    "tests/saleor/test_plans.py",
    "tests/flows/test_purge.py",
    "tests/flows/test_changes.py",
)
"""Begun with, where nothing is known yet from earlier runs."""
SMOKE = "tests/saleor/smoke.txt"
_ABOUT_OUTPUT = ("-q", "-v", "-s", "-r", "-l", "-x", "--tb", "--durations", "--color", "--capture")
"""Options that leave out no test of a file, or only after one failed."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A selection; ``files`` maps each file to what pytest is to be given of it."""

    files: dict[str, list[str]]
    options: list[str]

    @property
    def is_by_file(self) -> bool:
        """Whether each file is played as a whole, so that its result says something about it."""
        is_whole = all(tests == [name] for name, tests in self.files.items())
        return is_whole and all(option.startswith(_ABOUT_OUTPUT) for option in self.options)

    @property
    def records(self) -> bool:
        """Whether the tests write recordings instead of comparing with them."""
        return "--record" in self.options


def choose(arguments: Sequence[str], root: Path) -> Chosen:
    """Sort arguments into addresses of tests and options; no address means all files."""
    files: dict[str, list[str]] = {}
    options = []
    for argument in arguments:
        path = argument.partition("::")[0]
        if argument.startswith("-") or not (root / path).exists():
            options.append(argument)
        elif (root / path).is_dir():
            files.update({name: [name] for name in _files_in(root, path)})
        else:
            files.setdefault(_from_root(root, path), []).append(argument)
    return Chosen(files or {name: [name] for name in every_file(root)}, options)


def smoke(root: Path) -> dict[str, str]:
    """Return the files of the smoke selection, each with the reason it is in it."""
    lines = (root / SMOKE).read_text().splitlines()
    entries = [line.partition(": ") for line in lines if line and not line.startswith("#")]
    return {name: reason for name, _, reason in entries}


def every_file(root: Path) -> list[str]:
    """Return the test files of the whole suite."""
    return [name for folder in FOLDERS for name in _files_in(root, folder)]


def _files_in(root: Path, folder: str) -> list[str]:
    return sorted(_from_root(root, str(path)) for path in (root / folder).rglob("test_*.py"))


def _from_root(root: Path, path: str) -> str:
    return (root / path).resolve().relative_to(root.resolve()).as_posix()

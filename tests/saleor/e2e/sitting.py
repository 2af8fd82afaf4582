"""Play Saleor's own tests in its own environment, in one mode after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from testkit.saleor import bootstrap

from .. import run
from . import databases
from .kept import Kept, Result, wants_no_play

HERE = Path(__file__).resolve().parent
TESTS = "saleor/tests/e2e"
FOLDERS = (
    "checkout",
    "orders",
    "transactions",
    "vouchers",
    "promotions",
    "gift_cards",
    "shipping_zone",
    "warehouse",
    "taxes",
    "product",
)
_PYTEST_PLAYED = (0, 1, 5)
"""Exit codes of pytest: all passed, some failed, nothing left to play."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tests: folders or files below ``saleor/tests/e2e``, and pytest's ``-k``."""

    what: tuple[str, ...] = ()
    expression: str = ""

    @property
    def is_everything(self) -> bool:
        return not (self.what or self.expression)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(f"{TESTS}/{name}" for name in self.what or FOLDERS)

    def holds(self, test: str) -> bool:
        return test.startswith(self.paths)


@dataclass(slots=True)
class Sitting:
    """One call of the runner; with ``is_continued`` what has a result already is not played."""

    saleor: Path
    version: str
    choice: Choice
    workers: int
    template: str
    xcover_url: str
    contents: Mapping[str, str]
    """What results are kept by, for each mode."""
    is_continued: bool
    _started: float = field(default_factory=time.time)

    def results(self, mode: str, *, is_any_time: bool) -> dict[str, Result]:
        """Return what is known of the chosen tests, from this sitting or from any time."""
        kept = Kept(self.version, mode, self.contents[mode])
        return kept.read(self.choice.holds, 0 if is_any_time else self._started)

    def baselines(self, tests: Iterable[str]) -> dict[str, list[Result]]:
        """Return every play without the plugin of these tests, from any time, the newest first."""
        kept = Kept(self.version, "baseline", self.contents["baseline"])
        every = kept.read_every(self.choice.holds)
        return {test: every[test] for test in tests}

    def play(self, mode: str) -> dict[str, Result]:
        """Play the chosen tests and return what happened, by test."""
        missing = [name for name in self.choice.paths if not (self.saleor / name).exists()]
        if missing:
            raise SystemExit(f"Saleor has no {', '.join(missing)}")
        known = (
            wants_no_play(mode, self.results(mode, is_any_time=True)) if self.is_continued else []
        )
        databases.copy_for(self.workers, mode, self.template)
        _say(f"playing {mode}" + (f"; {len(known)} tests are known" if known else ""))
        with tempfile.NamedTemporaryFile("w", suffix=".json") as done:
            json.dump(known, done)
            done.flush()
            python = self.saleor / ".venv" / "bin" / "python"
            ended = subprocess.run(
                [str(python), str(HERE / "launch.py"), *self._arguments()],
                cwd=self.saleor,
                env=self._environment(mode, done.name),
                stdout=sys.stderr,
                check=False,
            )
        databases.drop_copies(self.workers, mode)
        if ended.returncode not in _PYTEST_PLAYED:
            raise SystemExit(f"pytest could not play {mode}: exit code {ended.returncode}")
        return self.results(mode, is_any_time=self.is_continued)

    def _arguments(self) -> list[str]:
        # The copies are migrated already: only their tables are looked at.
        options = ["-n", str(self.workers), "--reuse-db", "--nomigrations"]
        options += ["-q", "--tb=short", "-rN", "-p", "no:cacheprovider"]
        if self.choice.expression:
            options += ["-k", self.choice.expression]
        return [*options, "-p", "tests.saleor.e2e.plugin", *self.choice.paths]

    def _environment(self, mode: str, done: str) -> dict[str, str]:
        # They would win over what the shop configures.
        foreign = (*bootstrap.OF_A_STORE, "DATABASE_URL_REPLICA")
        known = {name: value for name, value in os.environ.items() if name not in foreign}
        kept = Kept(self.version, mode, self.contents[mode])
        return {
            **known,
            "PYTHONPATH": os.pathsep.join((str(self.saleor), str(run.TEST_DEPENDENCIES))),
            "PYTHONSAFEPATH": "1",
            "DATABASE_URL": databases.url_of(databases.name_in(mode)),
            # The plugin's guard re-raises, so that no defect hides behind it.
            "XCOVER_RAISE_IN_HOOKS": "1",
            # On a busy machine a test outlives the usual five minutes.
            "JWT_TTL_ACCESS": "1 day",
            "XCOVER_E2E_MODE": mode,
            "XCOVER_E2E_FOLDER": str(kept.folder),
            "XCOVER_E2E_CONTENT": kept.content,
            "XCOVER_E2E_DONE": done,
            "XCOVER_E2E_URL": self.xcover_url,
        }


def _say(sentence: str) -> None:
    sys.stderr.write(f"tests/saleor/e2e: {sentence}\n")

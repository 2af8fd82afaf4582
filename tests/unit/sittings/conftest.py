"""A small project with test files of its own, played by the real pool."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ...sittings.pool import Pool
from ...sittings.progress import Progress
from ...sittings.results import Result
from ...sittings.workers import Unit

ROOT = Path(__file__).resolve().parents[3]
CONFTEST = f"""
import sys
sys.path.append({str(ROOT)!r})
from testkit import pytest_events

def pytest_configure(config):
    pytest_events.tell(config)
"""


@pytest.fixture
def out() -> io.StringIO:
    """What a person sees."""
    return io.StringIO()


@pytest.fixture
def unit(tmp_path: Path) -> Callable[[str, str], Unit]:
    """Write a test file and return the unit that plays it."""
    (tmp_path / "conftest.py").write_text(CONFTEST)

    def write(name: str, text: str) -> Unit:
        (tmp_path / name).write_text(text)
        options = ["-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:django", "-q"]
        command = [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path), name]
        return Unit(name, command, folder=tmp_path)

    return write


@pytest.fixture
def play(tmp_path: Path, out: io.StringIO) -> Callable[..., dict[str, Result]]:
    """Play units two at a time and return the results by name."""

    def play(*units: Unit) -> dict[str, Result]:
        progress = Progress([unit.name for unit in units], {}, 2, out)
        pool = Pool(2, tmp_path / "logs", progress)
        results = {result.unit: result for result in pool.play(units, "c0ffee")}
        progress.table(list(results.values()), 1)
        return results

    return play


@pytest.fixture
def repository(tmp_path: Path) -> Callable[..., str]:
    """A git repository with one commit; call it with arguments of git."""

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    (tmp_path / ".gitignore").write_text(".cache/\n")
    (tmp_path / "fixtures" / "saleor").mkdir(parents=True)
    (tmp_path / "fixtures" / "saleor" / "runs.json").write_text("{}\n")
    (tmp_path / "README.md").write_text(
        "Words\n<!-- support: generated -->\nold\n<!-- support: end -->\n"
        "More\n<!-- own_tests: generated -->\nold\n<!-- own_tests: end -->\n"
    )
    (tmp_path / "plugin.py").write_text("x = 1\n")
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    return git

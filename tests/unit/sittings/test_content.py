"""Results count for the content they were played with, and for nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ...sittings import content

Git = Callable[..., str]


def test_the_same_content_has_the_same_key_committed_or_not(
    repository: Git, tmp_path: Path
) -> None:
    # given a change that was played before it is committed
    (tmp_path / "plugin.py").write_text("x = 2\n")
    dirty = content.read(tmp_path)
    # when
    repository("commit", "--quiet", "--all", "--message", "second")
    # then its results count for the commit
    committed = content.read(tmp_path)
    assert dirty.key == committed.key
    assert (dirty.is_committed, committed.is_committed) == (False, True)
    assert committed.commit == repository("rev-parse", "HEAD").strip()


@pytest.mark.parametrize("name", ["plugin.py", "new.py", "README.md", ".gitignore"])
def test_any_change_changes_the_key(repository: Git, tmp_path: Path, name: str) -> None:
    clean = content.read(tmp_path)

    (tmp_path / name).write_text("something else\n")

    changed = content.read(tmp_path)
    assert changed.key != clean.key
    assert not changed.is_committed


def test_a_file_that_is_gone_or_ignored_counts_as_such(repository: Git, tmp_path: Path) -> None:
    clean = content.read(tmp_path)

    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "log").write_text("x")
    assert content.read(tmp_path) == clean

    (tmp_path / "plugin.py").unlink()
    assert content.read(tmp_path).key != clean.key


@pytest.mark.parametrize("name", ["runs.json", "e2e.json"])
def test_recording_a_run_takes_nothing_from_the_next_versions_run(
    repository: Git, tmp_path: Path, name: str
) -> None:
    # given a whole run of one Saleor
    clean = content.read(tmp_path)
    # when it is recorded, and the README's tables made of it
    (tmp_path / "fixtures" / "saleor" / name).write_text('{"3.23": {}}\n')
    readme = tmp_path / "README.md"
    readme.write_text(readme.read_text().replace("old", "3.23 is green"))
    # then what was played of another Saleor still counts
    assert content.read(tmp_path) == clean


def test_without_git_there_is_a_key_and_no_commit(tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_text("x = 1\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "python").write_text("")
    found = content.read(tmp_path)

    (tmp_path / ".venv" / "python").write_text("another")
    assert content.read(tmp_path) == found
    assert (found.commit, found.is_committed) == ("", False)

    (tmp_path / "plugin.py").write_text("x = 2\n")
    assert content.read(tmp_path).key != found.key

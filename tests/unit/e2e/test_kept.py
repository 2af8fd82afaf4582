"""Results of plays that are kept, and which of them count when a run is continued."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from tests.saleor.e2e import kept
from tests.saleor.e2e.kept import Kept, content_key, played_files, wants_no_play

ROOT = Path(__file__).resolve().parents[3]
E2E = ROOT / "tests" / "saleor" / "e2e"


@pytest.fixture
def cover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    return Kept("3.23.28", "cover", "content-1")


def line(test: str, at: float, content: str = "content-1", outcome: str = "passed") -> str:
    return json.dumps({"test": test, "at": at, "content": content, "outcome": outcome}) + "\n"


def read(cover: Kept) -> dict[str, Any]:
    return cover.read(lambda _: True)


def test_the_newest_result_of_each_test_counts_and_none_of_other_content(cover: Kept):
    (cover.folder / "gw0-1.jsonl").write_text(line("one", 2) + line("two", 1, "content-2"))
    (cover.folder / "gw1-2.jsonl").write_text(line("one", 1, outcome="failed"))

    assert {test: result["at"] for test, result in read(cover).items()} == {"one": 2}


def test_every_result_of_a_test_is_known_the_newest_first(cover: Kept):
    (cover.folder / "gw0-1.jsonl").write_text(line("one", 1) + line("one", 3))
    (cover.folder / "gw1-2.jsonl").write_text(line("one", 2) + line("one", 4, "content-2"))

    every = cover.read_every(lambda _: True)
    assert [result["at"] for result in every["one"]] == [3, 2, 1]


def test_a_line_that_was_torn_by_a_kill_is_as_good_as_none(cover: Kept):
    (cover.folder / "gw0-1.jsonl").write_text(line("one", 1) + line("two", 2)[:20])

    assert list(read(cover)) == ["one"]


def test_what_failed_without_the_plugin_is_played_again():
    """It may have been this machine's fault, and a failed baseline judges nothing."""
    results = {"one": {"outcome": "passed"}, "two": {"outcome": "failed"}}

    assert wants_no_play("baseline", results) == ["one"]
    assert wants_no_play("cover", results) == ["one", "two"]


def test_results_count_for_everything_the_answers_depend_on():
    """What is imported inside Saleor's session, from this project, is in the key."""
    known = {path.relative_to(ROOT).as_posix() for path in played_files("cover")}
    inside = ["operations", "play", "plugin", "rows", "rule", "shop", "tags"]
    imported = {name for module in inside for name in imports_of(E2E / f"{module}.py")}

    assert {"testkit/client/driver.py", "testkit/seed.py", "testkit/factories.py"} <= imported
    assert imported - known == set()
    assert "saleor_xcover_plugin/checkout/selection.py" in known


def test_a_baseline_counts_whatever_the_plugin_is_but_not_whatever_listens():
    known = {path.relative_to(ROOT).as_posix() for path in played_files("baseline")}

    assert "tests/saleor/e2e/plugin.py" in known
    assert not any(name.startswith("saleor_xcover_plugin/") for name in known)
    assert content_key("baseline") != content_key("cover")


def imports_of(path: Path) -> set[str]:
    """Return the files of this project that a module imports."""
    package = path.relative_to(ROOT).parent.parts
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = (*base, *(node.module or "").split("."))
            names.add("/".join(filter(None, module)))
            names |= {"/".join([*filter(None, module), one.name]) for one in node.names}
    return {f"{name}.py" for name in names if (ROOT / f"{name}.py").is_file()}

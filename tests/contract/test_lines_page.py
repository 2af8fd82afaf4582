"""docs/lines.md goes through all that Saleor does with a line, and a test shows each row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "lines.md").read_text()
ROWS = [
    line
    for line in PAGE.splitlines()
    if line.startswith("|") and not line.startswith(("| ---", "| what"))
]
SHOWN_BY = re.compile(r"`([\w./]+\.py)::(test_\w+)`")

TOPICS = (
    "allocates", "reserves", "preorder", "digital", "weigh", "zone", "exclude", "collection point",
    "per customer", "per checkout", "gift card", "invoice", "export", "returns", "replacement",
    "draft", "splitting", "bulk", "metadata",
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_a_test_shows_the_row(row: str) -> None:
    named = SHOWN_BY.findall(row)

    assert named, row
    for file, test in named:
        assert f"def {test}(" in _file(file).read_text(), f"{file} has no {test}"


@pytest.mark.parametrize("topic", TOPICS)
def test_the_page_speaks_of(topic: str) -> None:
    assert any(topic in row for row in ROWS)


def test_each_test_of_lines_has_its_row() -> None:
    played = re.findall(r"^def (test_\w+)\(", _file("test_lines.py").read_text(), re.M)
    named = {test for file, test in SHOWN_BY.findall(PAGE) if file == "test_lines.py"}

    assert set(played) == named


def _file(name: str) -> Path:
    if name.startswith("tests/"):
        return ROOT / name
    (found,) = (ROOT / "tests" / "saleor").rglob(name)
    return found

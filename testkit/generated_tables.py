"""Sections of documents that are generated from code, between two named comments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path


def require_current(page: Path, name: str, wanted: str, *, update: bool) -> None:
    """Assert that the section ``name`` of ``page`` is ``wanted``; with ``update``, write it first.

    Raises AssertionError if it differs and ValueError if the page has no such section.
    """
    marks = f"<!-- {name}: generated -->\n", f"<!-- {name}: end -->"
    between = re.compile(re.escape(marks[0]) + "(.*?)" + re.escape(marks[1]), re.DOTALL)
    if update:
        page.write_text(between.sub(lambda _: marks[0] + wanted + marks[1], page.read_text()))

    (found,) = between.findall(page.read_text())

    assert found == wanted, "run pytest tests/contract --update-golden"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

"""Parts of documents that are written from the code, between two comments with the part's name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path


def require_current(page: Path, name: str, wanted: str, *, update: bool) -> None:
    """Compare a part with what the code says; with ``update`` write it first."""
    marks = f"<!-- {name}: generated -->\n", f"<!-- {name}: end -->"
    between = re.compile(re.escape(marks[0]) + "(.*?)" + re.escape(marks[1]), re.DOTALL)
    if update:
        page.write_text(between.sub(lambda _: marks[0] + wanted + marks[1], page.read_text()))

    (found,) = between.findall(page.read_text())

    assert found == wanted, "run pytest tests/contract --update-golden"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Write a Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

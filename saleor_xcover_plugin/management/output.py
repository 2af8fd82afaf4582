"""Write command output as tables or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def print_table(out: Any, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as a table with equal column widths and a heading; missing cells are empty."""
    texts = [[str(row.get(column, "")) for column in columns] for row in rows]
    widths = [
        max([len(column), *(len(text[i]) for text in texts)]) for i, column in enumerate(columns)
    ]
    for line in ([column.upper() for column in columns], *texts):
        out.write(
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        )


def print_json(out: Any, value: Any) -> None:
    """Write a value as indented JSON; values JSON does not know are written as text."""
    out.write(json.dumps(value, indent=2, default=str))

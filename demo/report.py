"""The report of the story: a table, paragraphs on a narrow terminal, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH_OF_A_FILE = 120
"""Columns of a report that is not printed to a terminal."""
NARROW = 90
"""Columns below which paragraphs are printed instead of a table."""


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one scene.

    ``held`` is True if all its checks passed; ``seconds`` is its duration.
    """

    title: str
    held: bool
    sentence: str
    booking_id: str
    seconds: float


def print_report(rows: Sequence[Row], started_in: float, *, as_json: bool) -> None:
    """Print the report to standard output; ``started_in`` is the start-up time in seconds."""
    out = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE)
    if as_json:
        document = {"started_in_seconds": round(started_in, 1), "scenes": [asdict(r) for r in rows]}
        out.print_json(json.dumps(document))
        return
    show(out, rows)
    held = sum(row.held for row in rows)
    out.print(
        f"{held} of {len(rows)} scenes held. Started in {started_in:.1f} s: PostgreSQL, a "
        "simulated XCover, a miniature of Saleor 3.23 with the plugin, and a real Celery worker."
    )


def show(out: Console, rows: Sequence[Row]) -> None:
    """Print the rows. Sentences are printed as text, because they can quote markup of others."""
    if out.width < NARROW:
        for row in rows:
            facts = (row.booking_id, f"{row.seconds:.1f} s")
            out.print(Text.assemble(_mark(row), " ", (row.title, "bold")))
            out.print(Text(f"{row.sentence} ({', '.join(fact for fact in facts if fact)})\n"))
        return
    table = Table(title="A ticket store with XCover protection", show_lines=True)
    table.add_column("", justify="center")
    table.add_column("what happens", no_wrap=True)
    table.add_column("what came of it", ratio=1)
    table.add_column("policy", no_wrap=True)
    table.add_column("seconds", justify="right")
    for row in rows:
        table.add_row(
            _mark(row),
            Text(row.title),
            Text(row.sentence),
            Text(row.booking_id),
            f"{row.seconds:.1f}",
        )
    out.print(table)


def _mark(row: Row) -> Text:
    return Text("✓", "green") if row.held else Text("✗", "red")

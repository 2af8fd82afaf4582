"""What the story prints at its end: a table, paragraphs where a table has no room, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH_OF_A_FILE = 120
NARROW = 90
"""Below this many columns the sentences of the table would be a word wide."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the printed table; ``seconds`` is wall clock time."""

    title: str
    held: bool
    sentence: str
    booking_id: str
    seconds: float


def print_report(rows: Sequence[Row], started_in: float, *, as_json: bool) -> None:
    """Print it to standard output."""
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
    """Print the rows. Sentences are text, never markup: they quote what others wrote."""
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

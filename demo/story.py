"""Play the story and print it: a line while each scene plays, then one table."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from .client.driver import Driver, DriverError
from .client.transports import over_http
from .scenes import STORY, Scene
from .seed import DemoStore
from .stack import Stack
from .stage import DidNotHold, Stage

DATABASE = "xcover_demo"
_START_STEPS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the printed table; ``seconds`` is wall clock time."""

    title: str
    held: bool
    sentence: str
    booking_id: str
    seconds: float


def run(*, scenes: int | None = None, as_json: bool = False) -> int:
    """Play the story, or its first scenes, and return the exit code: 0 only if every scene held."""
    chosen = STORY[:scenes]
    screen = Console(stderr=True)
    with _progress(screen) as progress:
        bar = progress.add_task("starting", total=_START_STEPS + len(chosen))

        def say(what: str) -> None:
            progress.update(bar, description=f"starting {what}", advance=1)

        begun = time.monotonic()
        with Stack(DATABASE, say) as stack:
            store = DemoStore()
            driver = Driver(over_http(stack.host_url))
            say("the plugin: xcover_setup, then its settings")
            store.open(driver, stack.simulator.base_url)
            started_in = time.monotonic() - begun

            def playing(scene: Scene) -> None:
                progress.update(bar, description=scene.title)

            rows = []
            for row in play(Stage(stack, store, driver), chosen, playing):
                rows.append(row)
                progress.update(bar, advance=1)
            errors = "" if all(row.held for row in rows) else stack.errors()
            progress.update(bar, description="stopping")
    _print(rows, started_in, as_json=as_json)
    if errors:
        screen.print(errors, markup=False)
    return 0 if all(row.held for row in rows) else 1


def play(stage: Stage, scenes: Iterable[Scene], playing: Callable[[Scene], None]) -> Iterator[Row]:
    """Play one scene after the other; one that does not hold does not stop the next."""
    for scene in scenes:
        playing(scene)
        begun = time.monotonic()
        try:
            outcome = scene.play(stage)
            held, sentence, booking = True, outcome.sentence, outcome.booking_id
        except (DidNotHold, DriverError) as error:
            held, sentence, booking = False, f"DID NOT HOLD: {error}", ""
        yield Row(scene.title, held, sentence, booking, round(time.monotonic() - begun, 1))


def _progress(screen: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=screen,
        transient=True,
    )


def _print(rows: list[Row], started_in: float, *, as_json: bool) -> None:
    out = Console(width=None if sys.stdout.isatty() else 120)
    if as_json:
        document = {"started_in_seconds": round(started_in, 1), "scenes": [asdict(r) for r in rows]}
        out.print_json(json.dumps(document))
        return
    table = Table(title="A ticket store with XCover protection", show_lines=True)
    table.add_column("", justify="center")
    table.add_column("what happens", no_wrap=True)
    table.add_column("what came of it", ratio=1)
    table.add_column("policy", no_wrap=True)
    table.add_column("seconds", justify="right")
    for row in rows:
        mark = "[green]✓[/green]" if row.held else "[red]✗[/red]"
        table.add_row(mark, row.title, row.sentence, row.booking_id, f"{row.seconds:.1f}")
    out.print(table)
    held = sum(row.held for row in rows)
    out.print(
        f"{held} of {len(rows)} scenes held. Started in {started_in:.1f} s: PostgreSQL, a "
        "simulated XCover, a miniature of Saleor 3.23 with the plugin, and a real Celery worker."
    )

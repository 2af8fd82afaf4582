"""The story: plays the scenes, shows the progress, and prints a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from rich.console import Console

from testkit import shutdown
from testkit.client.driver import Driver, DriverError
from testkit.client.transports import over_http
from testkit.progress import Steps
from testkit.seed import DemoStore
from testkit.stack import Stack

from .report import Row, print_report
from .scenario import DidNotHold, Stage
from .scenes import STORY, Scene

DATABASE = "xcover_demo"
"""Name of the story's database."""
LEASE_SECONDS = 5
"""Lease of outbox messages in the demo, in seconds; 60 in a store."""
SETTING_UP = "the plugin: xcover_setup, then its settings"
"""Name of the last step before the scenes, for the progress display."""


def run(*, scenes: int | None = None, as_json: bool = False) -> int:
    """Play the story, or its first ``scenes`` scenes, and print the report.

    Returns the exit status: 0 if every scene held, else 1. Raises ``DemoError`` if the store cannot
    be started.
    """
    chosen = STORY[:scenes]
    screen = Console(stderr=True)
    rows: list[Row] = []
    with Steps(screen, len((*Stack.steps, SETTING_UP)) + len(chosen)) as steps:

        def say(what: str) -> None:
            steps.begin(f"starting {what}")

        begun = time.monotonic()
        with Stack(DATABASE, say, lease_seconds=LEASE_SECONDS) as stack:
            steps.tell(f"PostgreSQL: {stack.server}")
            steps.tell(
                f"The work of a killed worker waits {LEASE_SECONDS} s here (60 s in a store)."
            )
            store = DemoStore()
            driver = Driver(over_http(stack.host_url))
            say(SETTING_UP)
            store.open(driver, stack.simulator.base_url)
            started_in = time.monotonic() - begun
            stage = Stage(stack, store, driver)
            rows.extend(play(stage, chosen, lambda scene: steps.begin(scene.title)))
            all_held = all(row.held for row in rows)
            errors = "" if all_held else stack.errors()
    print_report(rows, started_in, as_json=as_json)
    if errors:
        screen.print(errors, markup=False, highlight=False, soft_wrap=True)
    return 0 if all_held else 1


def play(stage: Stage, scenes: Iterable[Scene], playing: Callable[[Scene], None]) -> Iterator[Row]:
    """Play the scenes in order and yield their results.

    ``playing`` is called before each scene. A failure of one scene does not stop the next.
    """
    for scene in scenes:
        playing(scene)
        begun = time.monotonic()
        try:
            outcome = scene.play(stage)
            held, sentence, booking = True, outcome.sentence, outcome.booking_id
        except (DidNotHold, DriverError) as error:
            held, sentence, booking = False, f"DID NOT HOLD: {error}", ""
        except Exception as error:
            # A host that died or a response without a field is a failure of the scene too.
            held, sentence, booking = False, f"DID NOT HOLD: {type(error).__name__}: {error}", ""
        shutdown.end_if_told()
        yield Row(scene.title, held, sentence, booking, round(time.monotonic() - begun, 1))

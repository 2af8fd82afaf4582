"""Play the story and print it: a line while each scene plays, then one table."""

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
LEASE_SECONDS = 5
"""Instead of 60 in a store: nobody wants to look at a standing screen for a minute."""
SETTING_UP = "the plugin: xcover_setup, then its settings"


def run(*, scenes: int | None = None, as_json: bool = False) -> int:
    """Play the story, or its first scenes, and return the exit code: 0 only if every scene held."""
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
    """Play one scene after the other; one that does not hold does not stop the next."""
    for scene in scenes:
        playing(scene)
        begun = time.monotonic()
        try:
            outcome = scene.play(stage)
            held, sentence, booking = True, outcome.sentence, outcome.booking_id
        except (DidNotHold, DriverError) as error:
            held, sentence, booking = False, f"DID NOT HOLD: {error}", ""
        except Exception as error:
            # A host that died, an answer without a field: also something that did not hold.
            held, sentence, booking = False, f"DID NOT HOLD: {type(error).__name__}: {error}", ""
        shutdown.end_if_told()
        yield Row(scene.title, held, sentence, booking, round(time.monotonic() - begun, 1))

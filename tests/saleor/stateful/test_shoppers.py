"""Whatever shoppers do: tickets alone plus the premium, to the cent, or no cover at all.

Short by default. The long form, more than 2,000 steps: ``XCOVER_STATEFUL_EXAMPLES=60
XCOVER_STATEFUL_STEPS=30 XCOVER_STATEFUL_SEED=random``. A printed seed tells its stories again.
"""

from __future__ import annotations

import os
import secrets
from time import monotonic

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from . import machine
from .world import World

SEED = 4
EXAMPLES = 5
STEPS = 20
"""By default: stories, and rules in each; a yes after a rule is a step of its own."""


def _seed() -> int:
    wanted = os.environ.get("XCOVER_STATEFUL_SEED", str(SEED))
    return secrets.randbelow(2**31) if wanted == "random" else int(wanted)


def test_random_shoppers_pay_the_tickets_and_the_premium(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    tally, number, started = machine.Tally(), _seed(), monotonic()
    shoppers = type("Shoppers", (machine.Shoppers,), {"world": world, "tally": tally})
    wanted = settings(
        max_examples=int(os.environ.get("XCOVER_STATEFUL_EXAMPLES", EXAMPLES)),
        stateful_step_count=int(os.environ.get("XCOVER_STATEFUL_STEPS", STEPS)),
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        verbosity=Verbosity.normal,
        # Each step is several requests to a real Saleor.
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
        ],
    )
    outcome = "a counterexample"
    try:
        run_state_machine_as_test(seed(number)(shoppers), settings=wanted)
        outcome = "no counterexample"
    finally:
        with capsys.disabled():
            print(
                f"\n{tally.steps:,} steps, seed {number}, {outcome}, "
                f"{monotonic() - started:.0f} s\n{tally}"
            )

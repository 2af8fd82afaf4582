"""Whatever shoppers do: tickets alone plus the premium, to the cent, or no cover at all.

Short by default, long in ``make deep``. A printed seed tells its stories again: ``XCOVER_SEED``.
"""

from __future__ import annotations

from time import monotonic

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from ...deep import counts
from . import machine
from .world import World


def test_random_shoppers_pay_the_tickets_and_the_premium(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    tally, number, started = machine.Tally(), counts.seed("shopper stories"), monotonic()
    shoppers = type("Shoppers", (machine.Shoppers,), {"world": world, "tally": tally})
    wanted = settings(
        max_examples=counts.count("shopper stories"),
        # Rules in each story; a yes after a rule is a step of its own.
        stateful_step_count=counts.count("shopper steps"),
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

"""The short form of ``make chaos``: forty orders, workers killed at random, faults all the time."""

import pytest

from . import sales
from .random_kills import RandomKills

ORDERS = 40


@pytest.mark.parametrize("seed", [1])
def test_nothing_is_lost_or_doubled_when_workers_are_killed_at_random(
    store, shopper, simulator, seed
):
    # given forty paid orders and three workers
    run = RandomKills(
        simulator,
        sales.covered(shopper, store, simulator),
        sales.declined(shopper, store, simulator),
        orders=ORDERS,
        workers=3,
        seed=seed,
        tell=lambda *_: None,
    )

    # when workers die until all is settled
    chaos = run.run()

    # then
    assert chaos.finding.is_clean, chaos.finding
    assert chaos.kills > 0
    assert sum(chaos.faults.values()) > 0

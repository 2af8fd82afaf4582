"""Orders whose workers are killed at random, with faults all the time."""

from testkit.load import sales

from ..deep.counts import count, seed
from .random_kills import RandomKills

ORDERS = count("orders under random kills")
SEED = seed("orders under random kills")


def test_nothing_is_lost_or_doubled_when_workers_are_killed_at_random(store, shopper, simulator):
    # given paid orders and three workers
    print(f"\n{ORDERS} orders, seed {SEED}")
    run = RandomKills(
        simulator,
        sales.covered(shopper, store, simulator),
        sales.declined(shopper, store, simulator),
        orders=ORDERS,
        workers=3,
        seed=SEED,
        tell=lambda *_: None,
    )

    # when workers die until all is settled
    chaos = run.run()

    # then
    assert chaos.finding.is_clean, chaos.finding
    assert chaos.kills > 0
    assert sum(chaos.faults.values()) > 0

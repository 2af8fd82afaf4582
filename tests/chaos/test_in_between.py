"""What changes while no call gets through is what counts, also when workers are killed."""

from testkit.load import sales

from ..deep.counts import count, seed
from .in_between import InBetween

ORDERS = count("orders that change before they are sent")
SEED = seed("orders that change before they are sent")


def test_nothing_that_was_not_carried_out_binds(store, shopper, simulator):
    # given paid orders, and an XCover that lets nobody in
    print(f"\n{ORDERS} orders, seed {SEED}")
    run = InBetween(
        simulator,
        sales.covered(shopper, store, simulator),
        orders=ORDERS,
        workers=3,
        seed=SEED,
        tell=lambda *_: None,
    )

    # when they are refunded, their events begin, and refunds are taken back, before it lets them in
    between = run.run()

    # then
    assert between.finding.is_clean, between.finding
    assert between.policies_too_many == 0
    assert between.turned_away > 0
    assert between.kills > 0

"""What random shoppers ran into, told by name. Two tickets at 100.00, premium 6.66."""

from __future__ import annotations

import pytest

from .pair import Pair
from .world import World


@pytest.fixture
def pair(world: World) -> Pair:
    """Return a buyer of two tickets, with a twin."""
    world.forget()
    return Pair(world, world.store.usd, {"concert": 2})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Found: paid 156.66, parked, 5.05 due back; tickets alone 150.00, so 1.61 was forgotten.
        (None, "FIXED50"),
        # Found: paid 203.33, parked, 3.33 due back; tickets alone 150.00: 50.00 forgotten.
        (None, "ONCE50"),
        # Found: paid 159.94, confirmed, 0.91 due back; alone 150.00 + 6.66: 2.37 forgotten.
        ("P33", "FIXED50"),
        # Found: paid 204.97, parked, 4.97 due back; tickets alone 150.00: 50.00 forgotten.
        ("P33", "ONCE50"),
        (None, "P10"),
        (None, "P33"),
        (None, "EMPTY10"),
        (None, "CONCERT10"),
        ("P33", "P10"),
        ("P10", "P33"),
        ("P33", "EMPTY10"),
    ],
)
def test_a_voucher_after_the_payment_began_leaves_nobody_overcharged(
    pair: Pair, before: str | None, after: str
) -> None:
    # given a yes, perhaps with its line corrected for a first voucher, and a payment under way
    codes = pair.world.codes
    if before:
        pair.both(lambda buyer: buyer.add_promo_code(codes[before]))
    pair.say_yes()
    pair.check()
    assert pair.cover_line is not None
    pair.begin_payment()
    # when
    pair.both(lambda buyer: buyer.add_promo_code(codes[after]))
    pair.check()
    # then
    pair.finish()

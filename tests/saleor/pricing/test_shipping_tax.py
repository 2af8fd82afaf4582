"""Tax on shipping, before a yes: the same with and without the cover, or no cover."""

from __future__ import annotations

import pytest

from .cases import SHIPPING, Case, and_then, standard, weighted
from .play import Player
from .shop import Shop

CASES = (
    # 225.00 + 10.00, of which 1.87 are tax
    Case(
        "parcel, its tax of its own",
        SHIPPING,
        "Taxed tickets beside merchandise, shipping with a tax class of its own at 23 %",
        basket={"taxed": 2, "hoodie": 1},
        prepare=and_then(
            lambda shop: shop.shipping_method("standard", "10.00", is_taxed=True),
            lambda shop: shop.flat_taxes(included=True),
        ),
        before=standard,
        alone="235.00",
        total="241.66",
    ),
    # The rate on shipping is that of the lines, by weight: the cover would lower it
    Case(
        "weighted shipping tax, included",
        SHIPPING,
        "Tax on shipping weighted by the lines, included in prices: the cover would change it",
        basket={"taxed": 2, "hoodie": 1},
        prepare=weighted(included=True),
        before=standard,
        alone="235.00",
        total="235.00",
        premium=None,
        outcome="refused(shipping_tax_not_exact)",
    ),
    # 246.00 + 25.00 + 10.00 x 1.204444
    Case(
        "weighted shipping tax, on top",
        SHIPPING,
        "Tax on shipping weighted by the lines, on top of prices",
        basket={"taxed": 2, "hoodie": 1},
        prepare=weighted(included=False),
        before=standard,
        alone="283.04",
        total="283.04",
        premium=None,
        outcome="refused(shipping_tax_not_exact)",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_shipping_is_taxed_as_without_the_cover_or_there_is_none(
    case: Case, shop: Shop, player: Player
) -> None:
    # when one shopper buys the goods alone, and another asks for a cover
    played = player.play(case, shop)
    # then
    assert (played.outcome, played.premium) == (case.outcome, case.premium)
    assert played.tickets_alone == case.alone
    assert played.checkout_total == played.order_total == case.total

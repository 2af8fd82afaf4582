"""Shipping beside the tickets, and its tax."""

from .case import SHIPPING, Case
from .steps import (
    and_then,
    either_way,
    standard,
    voucher,
    weighted,
    with_parcel,
)

CASES = (
    # 225.00 + 10.00
    Case(
        "merchandise by parcel",
        SHIPPING,
        "Tickets beside merchandise of 25.00 that ships for 10.00",
        basket={"concert": 2, "hoodie": 1},
        prepare=with_parcel,
        before=standard,
        alone="235.00",
        total="241.66",
    ),
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
    Case(
        "weighted shipping tax, shipped later",
        SHIPPING,
        "Tax on shipping weighted by the lines, the way of shipping chosen after the yes",
        basket={"taxed": 2, "hoodie": 1},
        prepare=weighted(included=True),
        after=standard,
        alone="235.00",
        total="235.00",
        outcome="dropped(shipping_tax_not_exact)",
    ),
    Case(
        "weighted shipping tax, nothing taxed",
        SHIPPING,
        "Tax on shipping weighted by lines that are not taxed either",
        basket={"concert": 2, "hoodie": 1},
        prepare=weighted(included=True),
        before=standard,
        alone="235.00",
        total="241.66",
    ),
    Case(
        "weighted shipping tax, nothing shipped",
        SHIPPING,
        "Tax on shipping weighted by the lines, and nothing is shipped",
        basket={"taxed": 2},
        prepare=weighted(included=True),
        alone="200.00",
        total="206.66",
    ),
    # 225.00 - 22.50 + 10.00
    *either_way(
        "parcel and 10 % off",
        SHIPPING,
        "The same with 10 % off the order",
        basket={"concert": 2, "hoodie": 1},
        prepare=and_then(with_parcel, voucher("10")),
        begin=standard,
        alone="212.50",
        total="219.16",
    ),
    Case(
        "cheap parcel up to 230.00",
        SHIPPING,
        "A shipping method of 5.00 for orders up to 230.00, which the premium would close",
        basket={"concert": 2, "hoodie": 1},
        prepare=and_then(
            with_parcel, lambda shop: shop.shipping_method("small", "5.00", maximum="230")
        ),
        before=lambda shop, buyer: shop.ship_by(buyer, "small"),
        alone="230.00",
        total="230.00",
        premium=None,
        outcome="refused(price_not_exact)",
    ),
)

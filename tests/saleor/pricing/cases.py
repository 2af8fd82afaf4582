"""What shops do to prices: one row per kind of discount, tax and basket.

Two tickets at 100.00 and a premium of 6.66, unless a row says otherwise. Expected numbers follow
from one rule: tickets alone plus the premium, or no cover.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from demo.client.people import NEW_YORK

if TYPE_CHECKING:
    from demo.client.shopper import Shopper

    from .shop import Shop

PARTS = (
    "Vouchers on the whole order",
    "Vouchers once per order",
    "Vouchers for named tickets and for shipping",
    "Promotions",
    "What only the premium would reach",
    "Gift cards",
    "Staff discounts on an order that waits for confirmation",
    "Taxes",
    "Shipping",
    "Baskets and currencies",
    "With *Absorb discounts* on",
)
(
    WHOLE,
    ONCE,
    NAMED,
    PROMOTIONS,
    THRESHOLDS,
    GIFT_CARDS,
    STAFF,
    TAXES,
    SHIPPING,
    BASKETS,
    ABSORB,
) = PARTS


def _nothing(*_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Case:
    """One story: ``prepare`` the shop, ``before`` the yes, ``after`` it, then ``staff``.

    ``alone`` is what the tickets cost without cover, ``total`` what checkout and order cost,
    ``line`` the cover line in both; without it the line is the premium itself.
    """

    name: str
    part: str
    says: str
    alone: str
    total: str
    outcome: str = "exact"
    premium: str | None = "6.66"
    line: str | None = None
    due_back: str = ""
    by_card: str | None = None
    order_total: str | None = None
    """Where staff change the order; else it costs what the checkout did."""
    basket: Mapping[str, int] = field(default_factory=lambda: {"concert": 2})
    place: str = "last"
    """Where the cover line stands in checkout and order, if there is one."""
    order_place: str = ""
    """Where it stands in the order, if elsewhere."""
    currency: str = "USD"
    channel: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[Shop], object] = _nothing
    before: Callable[[Shop, Shopper], object] = _nothing
    after: Callable[[Shop, Shopper], object] = _nothing
    staff: Callable[[Shop, str], object] = _nothing
    is_paid_later: bool = False
    is_for_the_premium_only: bool = False
    """The tickets alone do not get what ``after`` asks for."""
    since: str = ""
    """The first Saleor that completes such a checkout; older ones refuse it, cover or not."""

    @property
    def is_changed_by_staff(self) -> bool:
        return self.staff is not _nothing

    @property
    def has_cover(self) -> bool:
        return self.outcome == "exact" or self.outcome.startswith(
            ("absorbed", "parked", "held", "owed")
        )


def use_code(shop: Shop, buyer: Shopper) -> None:
    buyer.add_promo_code(shop.code)


def use_code_and_drop_it(shop: Shop, buyer: Shopper) -> None:
    buyer.add_promo_code(shop.code)
    buyer.remove_promo_code(shop.code)


def drop_code(shop: Shop, buyer: Shopper) -> None:
    buyer.remove_promo_code(shop.code)


def _address_after(act: Callable[[Shop], None]) -> Callable[[Shop, Shopper], None]:
    def played(shop: Shop, buyer: Shopper) -> None:
        act(shop)
        buyer.set_billing(NEW_YORK)

    return played


def _voucher(*arguments: str, **fields: Any) -> Callable[[Shop], None]:
    return lambda shop: shop.voucher(*arguments, **fields)


def _either_way(name: str, part: str, says: str, **numbers: Any) -> tuple[Case, Case]:
    """Make two cases with the same end: the voucher before the yes, and the yes before it.

    ``refused`` and ``dropped`` are the codes where there is an end without cover.
    """
    refused, dropped = numbers.pop("refused", None), numbers.pop("dropped", None)
    begin = numbers.pop("begin", _nothing)
    first = {**numbers, "before": and_then(begin, use_code)}
    then = {**numbers, "before": begin, "after": use_code}
    if refused:
        first |= {"outcome": f"refused({refused})", "premium": None, "total": numbers["alone"]}
        then |= {"outcome": f"dropped({dropped})", "total": numbers["alone"]}
    return (
        Case(f"{name}, then yes", part, f"{says}, used before the yes", **first),
        Case(f"yes, then {name}", part, f"{says}, used after the yes", **then),
    )


_FIXED = {"value_type": "FIXED"}
_ONCE = {"applyOncePerOrder": True}
_NO_DISCOUNT = {"refused": "discount_not_supported", "dropped": "discount_not_supported"}
_TOO_MUCH = {"refused": "price_not_exact", "dropped": "price_not_exact"}
_UNCONFIRMED = {"automatically_confirm_all_new_orders": False, "allow_unpaid_orders": True}


def _with_parcel(shop: Shop) -> None:
    shop.shipping_method("standard", "10.00")


def weighted(*, included: bool) -> Callable[[Shop], None]:
    def prepare(shop: Shop) -> None:
        shop.shipping_method("standard", "10.00")
        shop.flat_taxes(included=included)
        shop.weight_shipping_tax()

    return prepare


def standard(shop: Shop, buyer: Shopper) -> None:
    shop.ship_by(buyer, "standard")


def _prices(**prices: str) -> Callable[[Shop], None]:
    def prepare(shop: Shop) -> None:
        for name, amount in prices.items():
            shop.price(name, amount)

    return prepare


def and_then(*steps: Callable[..., object]) -> Callable[..., None]:
    def all_of(*arguments: Any) -> None:
        for step in steps:
            step(*arguments)

    return all_of


def _absorbing(prepare: Callable[[Shop], object]) -> Callable[[Shop], None]:
    return and_then(lambda shop: shop.absorb(), prepare)


CASES = (
    # 200.00 + 6.66
    Case("no discount", WHOLE, "No discount", alone="200.00", total="206.66"),
    # 200.00 - 20.00 + 6.66
    *_either_way(
        "10 % off",
        WHOLE,
        "10 % off the order",
        prepare=_voucher("10"),
        alone="180.00",
        total="186.66",
    ),
    Case(
        "10 % off, yes, taken back",
        WHOLE,
        "10 % off the order, used before the yes and removed after it",
        prepare=_voucher("10"),
        before=use_code,
        after=drop_code,
        # The shopper who keeps no voucher pays the list price.
        alone="200.00",
        total="206.66",
    ),
    Case(
        "yes, 10 % off, taken back",
        WHOLE,
        "10 % off the order, used and removed after the yes",
        prepare=_voucher("10"),
        after=use_code_and_drop_it,
        alone="200.00",
        total="206.66",
    ),
    Case(
        "10 % off, legacy propagation",
        WHOLE,
        "10 % off the order in a channel with Saleor's legacy propagation of discounts to lines",
        channel={"use_legacy_line_discount_propagation_for_order": True},
        prepare=_voucher("10"),
        before=use_code,
        alone="180.00",
        total="186.66",
    ),
    Case(
        "10 % off runs out",
        WHOLE,
        "10 % off the order, over after the yes: Saleor orders nothing until the code is removed",
        channel={"allow_unpaid_orders": True},
        prepare=_voucher("10"),
        before=lambda shop, buyer: shop.run_voucher(buyer),
        after=lambda shop, buyer: shop.end_voucher(buyer),
        alone="200.00",
        total="206.66",
    ),
    # 99.99 - 15.00 (14.9985 rounded) + 3.33; correcting the line alone would miss it by a cent
    *_either_way(
        "15 % off 3 x 33.33",
        WHOLE,
        "15 % off three tickets at 33.33",
        prepare=and_then(_voucher("15"), _prices(concert="33.33")),
        basket={"concert": 3},
        alone="84.99",
        premium="3.33",
        total="88.32",
    ),
    # 231.31 - 76.33 + 5.25: with the cover last the shares would be 52.07 and 24.27, one cent more
    *_either_way(
        "33 % off two lines",
        WHOLE,
        "33 % off two tickets at 78.89 and a shirt at 73.53: the shares leave a cent over",
        prepare=and_then(_voucher("33"), _prices(concert="78.89", shirt="73.53")),
        basket={"concert": 2, "shirt": 1},
        alone="154.98",
        premium="5.25",
        total="160.23",
        place="before the last",
    ),
    # 200.00 - 66.00 + 6.66
    *_either_way(
        "33 % off",
        WHOLE,
        "33 % off the order",
        prepare=_voucher("33"),
        alone="134.00",
        total="140.66",
    ),
    # 200.00 - 148.00 + 6.66: the line starts at 25.62, nearly three premiums more
    *_either_way(
        "74 % off",
        WHOLE,
        "74 % off the order",
        prepare=_voucher("74"),
        alone="52.00",
        total="58.66",
    ),
    # The line would start at 26.64, three premiums more: the limit itself
    *_either_way(
        "75 % off",
        WHOLE,
        "75 % off the order, the most that is corrected",
        prepare=_voucher("75"),
        alone="50.00",
        total="56.66",
    ),
    *_either_way(
        "80 % off",
        WHOLE,
        "80 % off the order",
        prepare=_voucher("80"),
        alone="40.00",
        total="",
        **_TOO_MUCH,
    ),
    *_either_way(
        "100 % off",
        WHOLE,
        "100 % off the order",
        prepare=_voucher("100"),
        alone="0.00",
        total="",
        **_TOO_MUCH,
    ),
    *_either_way(
        "50.00 off",
        WHOLE,
        "50.00 off the order",
        prepare=_voucher("50", **_FIXED),
        alone="150.00",
        total="",
        **_NO_DISCOUNT,
    ),
    *_either_way(
        "500.00 off",
        WHOLE,
        "500.00 off the order, more than it costs",
        prepare=_voucher("500", **_FIXED),
        alone="0.00",
        total="",
        **_NO_DISCOUNT,
    ),
    # One ticket at half price
    *_either_way(
        "50 % off once",
        ONCE,
        "50 % off the cheapest piece",
        prepare=_voucher("50", **_ONCE),
        alone="150.00",
        total="",
        **_NO_DISCOUNT,
    ),
    *_either_way(
        "20.00 off once",
        ONCE,
        "20.00 off the cheapest piece",
        prepare=_voucher("20", **_ONCE, **_FIXED),
        alone="180.00",
        total="",
        **_NO_DISCOUNT,
    ),
    *_either_way(
        "10 % off tickets",
        NAMED,
        "10 % off the named ticket",
        prepare=_voucher("10", "concert"),
        alone="180.00",
        total="186.66",
    ),
    # 15.00 off each of two
    *_either_way(
        "15.00 off tickets",
        NAMED,
        "15.00 off each piece of the named ticket",
        prepare=_voucher("15", "concert", **_FIXED),
        alone="170.00",
        total="176.66",
    ),
    # 10 % of one ticket
    *_either_way(
        "10 % off one ticket",
        NAMED,
        "10 % off one piece of the named ticket",
        prepare=_voucher("10", "concert", **_ONCE),
        alone="190.00",
        total="196.66",
    ),
    *_either_way(
        "empty catalogue",
        NAMED,
        "10 % off named products without any product named, which Saleor reads as all",
        prepare=_voucher("10", kind="SPECIFIC_PRODUCT"),
        alone="180.00",
        total="",
        **_NO_DISCOUNT,
    ),
    # 200.00 + 25.00 + 10.00 shipping, of which 100 % go
    *_either_way(
        "free shipping",
        NAMED,
        "100 % off shipping, tickets beside merchandise",
        prepare=and_then(_with_parcel, _voucher("100", kind="SHIPPING")),
        begin=standard,
        basket={"concert": 2, "hoodie": 1},
        alone="225.00",
        total="231.66",
    ),
    # Tickets at 90.00: 3.33 % of 180.00 is 5.99
    Case(
        "catalogue promotion",
        PROMOTIONS,
        "Catalogue promotion, 10 % off everything: tickets cost 90.00, and so the premium is less",
        prepare=lambda shop: shop.catalogue_promotion("10", "concert"),
        alone="180.00",
        premium="5.99",
        total="185.99",
    ),
    Case(
        "order promotion 10 %",
        PROMOTIONS,
        "Order promotion, 10 % off",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 100, "percentage": 10}),
        alone="180.00",
        total="186.66",
    ),
    Case(
        "order promotion 50.00",
        PROMOTIONS,
        "Order promotion, 50.00 off",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 100, "fixed": 50}),
        alone="150.00",
        total="150.00",
        premium=None,
        outcome="refused(discount_not_supported)",
    ),
    Case(
        "order promotion gift",
        PROMOTIONS,
        "Order promotion, a gift from 100.00, which the tickets reach",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 100, "gift": "shirt"}),
        alone="200.00",
        total="206.66",
        place="before the last",
        order_place="last",
    ),
    # 200.00 + 25.00; the gift is a line Saleor adds by itself
    Case(
        "gift after the yes",
        PROMOTIONS,
        "Order promotion, a gift from 210.00, which a shirt put in after the yes reaches",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 210, "gift": "festival"}),
        after=lambda shop, buyer: buyer.add(shop.variant("shirt")),
        alone="225.00",
        total="231.66",
    ),
    # The line was made 7.40 so that 6.66 were left; without the promotion 0.74 are too much
    Case(
        "order promotion ends, then pay",
        PROMOTIONS,
        "Order promotion, 10 % off, over after the yes and before the payment",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 100, "percentage": 10}),
        before=lambda shop, buyer: shop.run_promotions(buyer),
        after=lambda shop, buyer: shop.end_promotions(buyer),
        alone="200.00",
        total="207.40",
        line="7.40",
        outcome="owed(0.74)",
        due_back="0.74",
    ),
    Case(
        "order promotion ends, then order",
        PROMOTIONS,
        "The same in a channel with unpaid orders: completing is held once, the line repaired",
        channel={"allow_unpaid_orders": True},
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 100, "percentage": 10}),
        before=lambda shop, buyer: shop.run_promotions(buyer),
        after=lambda shop, buyer: shop.end_promotions(buyer),
        is_paid_later=True,
        alone="200.00",
        total="207.40",
        order_total="206.66",
        line="7.40",
        outcome="held(cover_changed)",
    ),
    Case(
        "gift from 205.00",
        THRESHOLDS,
        "Order promotion, a gift from 205.00",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 205, "gift": "shirt"}),
        alone="200.00",
        total="200.00",
        premium=None,
        outcome="refused(price_not_exact)",
    ),
    Case(
        "10 % from 205.00",
        THRESHOLDS,
        "Order promotion, 10 % off from 205.00",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 205, "percentage": 10}),
        alone="200.00",
        total="200.00",
        premium=None,
        outcome="refused(price_not_exact)",
    ),
    Case(
        "fixed from 205.00",
        THRESHOLDS,
        "Order promotion, 50.00 off from 205.00",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 205, "fixed": 50}),
        alone="200.00",
        total="200.00",
        premium=None,
        outcome="refused(price_not_exact)",
    ),
    Case(
        "minimum spend 205.00",
        THRESHOLDS,
        "10 % off the order from 205.00 spent, tried after the yes",
        prepare=_voucher("10", minimum="205"),
        after=use_code,
        is_for_the_premium_only=True,
        alone="200.00",
        total="200.00",
        outcome="dropped(price_not_exact)",
    ),
    Case(
        "minimum spend 205.00, named ticket",
        THRESHOLDS,
        "10 % off the named ticket from 205.00 spent, tried after the yes",
        prepare=_voucher("10", "concert", minimum="205"),
        after=use_code,
        is_for_the_premium_only=True,
        alone="200.00",
        total="206.66",
        # Once it takes its own 20.00 off the sum is below 205.00: Saleor drops it again.
        outcome="exact",
    ),
    Case(
        "three pieces",
        THRESHOLDS,
        "10 % off the order from three pieces, tried after the yes",
        prepare=_voucher("10", minCheckoutItemsQuantity=3),
        after=use_code,
        is_for_the_premium_only=True,
        alone="200.00",
        total="200.00",
        outcome="dropped(price_not_exact)",
    ),
    Case(
        "three pieces, named ticket",
        THRESHOLDS,
        "10 % off the named ticket from three pieces, tried after the yes",
        prepare=_voucher("10", "concert", minCheckoutItemsQuantity=3),
        after=use_code,
        is_for_the_premium_only=True,
        alone="200.00",
        total="200.00",
        outcome="dropped(price_not_exact)",
    ),
    Case(
        "free shipping from 230.00",
        THRESHOLDS,
        "100 % off shipping from 230.00 spent, tried after the yes",
        basket={"concert": 2, "hoodie": 1},
        prepare=and_then(_with_parcel, _voucher("100", kind="SHIPPING", minimum="230")),
        before=standard,
        after=use_code,
        is_for_the_premium_only=True,
        alone="235.00",
        total="235.00",
        outcome="dropped(price_not_exact)",
    ),
    Case(
        "cheap shipping from 230.00",
        THRESHOLDS,
        "A free shipping method for orders from 230.00, which the premium would open",
        basket={"concert": 2, "hoodie": 1},
        prepare=and_then(
            _with_parcel, lambda shop: shop.shipping_method("free", "0.00", minimum="230")
        ),
        before=standard,
        after=lambda shop, buyer: shop.ship_by(buyer, "free"),
        is_for_the_premium_only=True,
        alone="235.00",
        total="235.00",
        premium=None,
        outcome="refused(price_not_exact)",
    ),
    # A card is money: 206.66 less what it pays
    Case(
        "gift card 50.00",
        GIFT_CARDS,
        "A gift card over 50.00",
        since="3.22",  # 3.21 asks the card payment for what the gift card pays, too
        prepare=lambda shop: shop.gift_card("50"),
        before=use_code,
        alone="200.00",
        total="156.66",
        by_card="50.00",
    ),
    Case(
        "gift card 500.00",
        GIFT_CARDS,
        "A gift card over 500.00, used after the yes; it pays 206.66",
        prepare=lambda shop: shop.gift_card("500"),
        after=use_code,
        alone="200.00",
        total="0.00",
        by_card="206.66",
    ),
    # 10 % of 206.66 is 20.67: of it 0.67 from the premium, 5.99 are left of it and owed
    Case(
        "staff 10 % off the order",
        STAFF,
        "10 % off the order: it takes from the premium, so nothing is insured",
        channel=_UNCONFIRMED,
        staff=lambda shop, order: shop.discount_order(order, "10", "PERCENTAGE"),
        is_paid_later=True,
        alone="180.00",
        total="206.66",
        order_total="185.99",
        outcome="parked(line_changed)",
        due_back="5.99",
    ),
    Case(
        "staff discount taken back",
        STAFF,
        "10 % off the order, taken back before the order is paid",
        channel=_UNCONFIRMED,
        staff=lambda shop, order: shop.take_discount_back(
            shop.discount_order(order, "10", "PERCENTAGE")
        ),
        is_paid_later=True,
        alone="200.00",
        total="206.66",
    ),
    Case(
        "staff 10 % off tickets",
        STAFF,
        "10 % off the ticket lines, the way that keeps the cover",
        channel=_UNCONFIRMED,
        staff=lambda shop, order: shop.discount_tickets(order, "10"),
        is_paid_later=True,
        alone="180.00",
        total="206.66",
        order_total="186.66",
    ),
    Case(
        "10 % off, order priced anew",
        STAFF,
        "10 % off by voucher; then staff have Saleor price the order anew",
        channel=_UNCONFIRMED,
        prepare=_voucher("10"),
        before=use_code,
        staff=lambda shop, order: shop.exempt(order),
        is_paid_later=True,
        alone="180.00",
        total="186.66",
    ),
    Case(
        "23 % included",
        TAXES,
        "Flat rate 23 % on tickets, included in prices",
        basket={"taxed": 2},
        prepare=lambda shop: shop.flat_taxes(included=True),
        alone="200.00",
        total="206.66",
    ),
    # 200.00 x 1.23
    Case(
        "23 % on top",
        TAXES,
        "Flat rate 23 % on tickets, on top of prices",
        basket={"taxed": 2},
        prepare=lambda shop: shop.flat_taxes(included=False),
        alone="246.00",
        total="252.66",
    ),
    # 200.00 / 1.23
    Case(
        "23 % included, exempt",
        TAXES,
        "Flat rate 23 % included, the checkout exempt before the yes",
        basket={"taxed": 2},
        prepare=lambda shop: shop.flat_taxes(included=True),
        before=lambda shop, buyer: shop.exempt(buyer.checkout_id),
        alone="162.60",
        total="169.26",
    ),
    Case(
        "23 % included, exempt later",
        TAXES,
        "Flat rate 23 % included, the checkout exempt after the yes",
        basket={"taxed": 2},
        prepare=lambda shop: shop.flat_taxes(included=True),
        after=lambda shop, buyer: shop.exempt(buyer.checkout_id),
        alone="162.60",
        total="169.26",
    ),
    Case(
        "23 % on top, exempt",
        TAXES,
        "Flat rate 23 % on top, the checkout exempt after the yes",
        basket={"taxed": 2},
        prepare=lambda shop: shop.flat_taxes(included=False),
        after=lambda shop, buyer: shop.exempt(buyer.checkout_id),
        alone="200.00",
        total="206.66",
    ),
    *_either_way(
        "23 % included, 10 % off",
        TAXES,
        "Flat rate 23 % included, 10 % off the order",
        basket={"taxed": 2},
        prepare=and_then(_voucher("10"), lambda shop: shop.flat_taxes(included=True)),
        alone="180.00",
        total="186.66",
    ),
    # 180.00 / 1.23
    Case(
        "23 % included, 10 % off, exempt later",
        TAXES,
        "Flat rate 23 % included, 10 % off the order, exempt after the yes",
        basket={"taxed": 2},
        prepare=and_then(_voucher("10"), lambda shop: shop.flat_taxes(included=True)),
        before=use_code,
        after=lambda shop, buyer: shop.exempt(buyer.checkout_id),
        alone="146.34",
        total="153.00",
    ),
    # 180.00 x 1.23
    *_either_way(
        "23 % on top, 10 % off",
        TAXES,
        "Flat rate 23 % on top, 10 % off the order",
        basket={"taxed": 2},
        prepare=and_then(_voucher("10"), lambda shop: shop.flat_taxes(included=False)),
        alone="221.40",
        total="228.06",
    ),
    Case(
        "tax app",
        TAXES,
        "Taxes calculated by an app",
        prepare=lambda shop: shop.taxes_by_app(),
        alone="200.00",
        total="200.00",
        premium=None,
        outcome="refused(taxed_by_app)",
    ),
    # 225.00 + 10.00
    Case(
        "tax plugin",
        TAXES,
        "Taxes calculated by a plugin of Saleor's",
        prepare=lambda shop: shop.taxes_by_plugin(),
        alone="200.00",
        total="200.00",
        premium=None,
        outcome="refused(taxed_by_app)",
    ),
    Case(
        "tax app for the country",
        TAXES,
        "Taxes calculated by an app for the buyer's country only",
        prepare=lambda shop: shop.taxes_by_app_in("US", channel="FLAT_RATES", there="TAX_APP"),
        alone="200.00",
        total="200.00",
        premium=None,
        outcome="refused(taxed_by_app)",
    ),
    Case(
        "tax app except for the country",
        TAXES,
        "Taxes calculated by an app, except for the buyer's country",
        prepare=lambda shop: shop.taxes_by_app_in("US", channel="TAX_APP", there="FLAT_RATES"),
        alone="200.00",
        total="206.66",
    ),
    Case(
        "tax app later",
        TAXES,
        "The shop lets an app calculate taxes after the yes; the buyer then enters an address",
        before=lambda shop, _: shop.taxes_by_flat_rates(),
        after=_address_after(lambda shop: shop.taxes_by_app()),
        alone="200.00",
        total="200.00",
        outcome="dropped(taxed_by_app)",
    ),
    Case(
        "merchandise by parcel",
        SHIPPING,
        "Tickets beside merchandise of 25.00 that ships for 10.00",
        basket={"concert": 2, "hoodie": 1},
        prepare=_with_parcel,
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
    *_either_way(
        "parcel and 10 % off",
        SHIPPING,
        "The same with 10 % off the order",
        basket={"concert": 2, "hoodie": 1},
        prepare=and_then(_with_parcel, _voucher("10")),
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
            _with_parcel, lambda shop: shop.shipping_method("small", "5.00", maximum="230")
        ),
        before=lambda shop, buyer: shop.ship_by(buyer, "small"),
        alone="230.00",
        total="230.00",
        premium=None,
        outcome="refused(price_not_exact)",
    ),
    # 200.00 + 75.00
    Case(
        "beside merchandise",
        BASKETS,
        "Tickets beside three shirts at 25.00",
        basket={"concert": 2, "shirt": 3},
        alone="275.00",
        total="281.66",
    ),
    # 6.66 and 3.33 % of 50.00 = 1.67
    Case(
        "two events",
        BASKETS,
        "Two tickets at 100.00 and one at 50.00 for another event: two quotes, one line",
        basket={"concert": 2, "festival": 1},
        alone="250.00",
        premium="8.33",
        total="258.33",
    ),
    # 325.00 - 107.25
    *_either_way(
        "two events, shirts, 33 % off",
        BASKETS,
        "The same beside three shirts, with 33 % off the order",
        basket={"concert": 2, "festival": 1, "shirt": 3},
        prepare=_voucher("33"),
        alone="217.75",
        premium="8.33",
        total="226.08",
    ),
    Case(
        "free tickets",
        BASKETS,
        "Free tickets only",
        since="3.22",  # 3.21 never calls a checkout paid whose total was 0 from the beginning
        basket={"concert": 2},
        prepare=_prices(concert="0"),
        alone="0.00",
        total="0.00",
        premium=None,
        outcome="refused(no_tickets)",
    ),
    Case(
        "a free ticket beside paid ones",
        BASKETS,
        "A free ticket for another event beside two at 100.00: it is not insured",
        basket={"concert": 2, "festival": 1},
        prepare=_prices(festival="0"),
        alone="200.00",
        total="206.66",
    ),
    # 3.33 % of 20000
    Case(
        "yen",
        BASKETS,
        "Two tickets at 10000 JPY",
        currency="JPY",
        prepare=_prices(concert="10000"),
        alone="20000",
        premium="666",
        total="20666",
    ),
    # 3.33 % of 66670 is 2220.111; 66670 - 6667
    *_either_way(
        "yen, 10 % off",
        BASKETS,
        "Two tickets at 33335 JPY, 10 % off the order",
        currency="JPY",
        prepare=and_then(_voucher("10"), _prices(concert="33335")),
        alone="60003",
        premium="2220",
        total="62223",
    ),
    Case(
        "dinar",
        BASKETS,
        "Two tickets at 33.335 KWD",
        currency="KWD",
        prepare=_prices(concert="33.335"),
        alone="66.670",
        premium="2.220",
        total="68.890",
    ),
    *_either_way(
        "dinar, 10 % off",
        BASKETS,
        "Two tickets at 33.335 KWD, 10 % off the order",
        currency="KWD",
        prepare=and_then(_voucher("10"), _prices(concert="33.335")),
        alone="60.003",
        premium="2.220",
        total="62.223",
    ),
    Case(
        "krone",
        BASKETS,
        "A currency XCover makes no offer for",
        currency="NOK",
        alone="200.00",
        total="200.00",
        premium=None,
        outcome="refused(no_offer)",
    ),
    *_either_way(
        "absorbing, 10 % off",
        ABSORB,
        "10 % off the order: made exact, nothing to absorb",
        prepare=_absorbing(_voucher("10")),
        alone="180.00",
        total="186.66",
    ),
    # 206.66 less 80 % is 41.33, the tickets 40.00: 1.33 are left of the premium
    *_either_way(
        "absorbing, 80 % off",
        ABSORB,
        "80 % off the order",
        prepare=_absorbing(_voucher("80")),
        alone="40.00",
        total="41.33",
        line="1.33",
        outcome="absorbed(5.33)",
    ),
    # 50.00 x 6.66 / 206.66 = 1.61 fall on the premium and as much less on the tickets
    *_either_way(
        "absorbing, 50.00 off",
        ABSORB,
        "50.00 off the order: the sum is right, the lines share it otherwise",
        prepare=_absorbing(_voucher("50", **_FIXED)),
        alone="150.00",
        total="156.66",
        line="5.05",
        outcome="absorbed(0.00)",
    ),
    *_either_way(
        "absorbing, 500.00 off",
        ABSORB,
        "500.00 off the order: the premium costs the buyer nothing",
        prepare=_absorbing(_voucher("500", **_FIXED)),
        alone="0.00",
        total="0.00",
        line="0.00",
        outcome="absorbed(6.66)",
    ),
    # The voucher would fall on the premium instead of a ticket: the buyer would pay more
    *_either_way(
        "absorbing, 50 % off once",
        ABSORB,
        "50 % off the cheapest piece: the buyer would pay more than tickets and premium",
        prepare=_absorbing(_voucher("50", **_ONCE)),
        alone="150.00",
        total="",
        **_TOO_MUCH,
    ),
    *_either_way(
        "absorbing, 20.00 off once",
        ABSORB,
        "20.00 off the cheapest piece: the buyer would pay more than tickets and premium",
        prepare=_absorbing(_voucher("20", **_ONCE, **_FIXED)),
        alone="180.00",
        total="",
        **_TOO_MUCH,
    ),
    Case(
        "absorbing, order promotion 50.00",
        ABSORB,
        "Order promotion, 50.00 off",
        prepare=_absorbing(lambda shop: shop.order_promotion({"from_subtotal": 100, "fixed": 50})),
        alone="150.00",
        total="156.66",
        line="5.05",
        outcome="absorbed(0.00)",
    ),
    Case(
        "absorbing, gift from 205.00",
        ABSORB,
        "Order promotion, a gift from 205.00: no difference to absorb but a gift",
        prepare=_absorbing(
            lambda shop: shop.order_promotion({"from_subtotal": 205, "gift": "shirt"})
        ),
        alone="200.00",
        total="200.00",
        premium=None,
        outcome="refused(price_not_exact)",
    ),
)
"""Every case by its order in the page."""

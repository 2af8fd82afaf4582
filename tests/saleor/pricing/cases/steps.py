"""Steps cases are made of: prepare the shop, use a code, ship; before the yes or after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from testkit.client.people import NEW_YORK

from .case import Case, nothing

if TYPE_CHECKING:
    from testkit.client.shopper import Shopper

    from ..shop import Shop


def use_code(shop: Shop, buyer: Shopper) -> None:
    buyer.add_promo_code(shop.code)


def use_code_and_drop_it(shop: Shop, buyer: Shopper) -> None:
    buyer.add_promo_code(shop.code)
    buyer.remove_promo_code(shop.code)


def drop_code(shop: Shop, buyer: Shopper) -> None:
    buyer.remove_promo_code(shop.code)


def address_after(act: Callable[[Shop], None]) -> Callable[[Shop, Shopper], None]:
    """Change the shop after the yes; a new address then makes Saleor price the checkout again."""

    def played(shop: Shop, buyer: Shopper) -> None:
        act(shop)
        buyer.set_billing(NEW_YORK)

    return played


def voucher(*arguments: str, **fields: Any) -> Callable[[Shop], None]:
    return lambda shop: shop.voucher(*arguments, **fields)


def either_way(name: str, part: str, says: str, **numbers: Any) -> tuple[Case, Case]:
    """Make two cases with the same end: the voucher before the yes, and the yes before it.

    ``refused`` and ``dropped`` are the codes where there is an end without cover.
    """
    refused, dropped = numbers.pop("refused", None), numbers.pop("dropped", None)
    begin = numbers.pop("begin", nothing)
    first = {**numbers, "before": and_then(begin, use_code)}
    then = {**numbers, "before": begin, "after": use_code}
    if refused:
        first |= {"outcome": f"refused({refused})", "premium": None, "total": numbers["alone"]}
        then |= {"outcome": f"dropped({dropped})", "total": numbers["alone"]}
    return (
        Case(f"{name}, then yes", part, f"{says}, used before the yes", **first),
        Case(f"yes, then {name}", part, f"{says}, used after the yes", **then),
    )


FIXED = {"value_type": "FIXED"}
ONCE_PER_ORDER = {"applyOncePerOrder": True}
NO_DISCOUNT = {"refused": "discount_not_supported", "dropped": "discount_not_supported"}
TOO_MUCH = {"refused": "price_not_exact", "dropped": "price_not_exact"}
UNCONFIRMED = {"automatically_confirm_all_new_orders": False, "allow_unpaid_orders": True}


def with_parcel(shop: Shop) -> None:
    shop.shipping_method("standard", "10.00")


def weighted(*, included: bool) -> Callable[[Shop], None]:
    def prepare(shop: Shop) -> None:
        shop.shipping_method("standard", "10.00")
        shop.flat_taxes(included=included)
        shop.weight_shipping_tax()

    return prepare


def standard(shop: Shop, buyer: Shopper) -> None:
    shop.ship_by(buyer, "standard")


def prices(**prices: str) -> Callable[[Shop], None]:
    def prepare(shop: Shop) -> None:
        for name, amount in prices.items():
            shop.price(name, amount)

    return prepare


def and_then(*steps: Callable[..., object]) -> Callable[..., None]:
    def all_of(*arguments: Any) -> None:
        for step in steps:
            step(*arguments)

    return all_of


def absorbing(prepare: Callable[[Shop], object]) -> Callable[[Shop], None]:
    return and_then(lambda shop: shop.absorb(), prepare)

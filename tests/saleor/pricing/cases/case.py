"""One case of pricing, and the parts of the page the cases stand in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from testkit.client.shopper import Shopper

    from ..shop import Shop

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


def nothing(*_: object) -> None:
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
    prepare: Callable[[Shop], object] = nothing
    before: Callable[[Shop, Shopper], object] = nothing
    after: Callable[[Shop, Shopper], object] = nothing
    staff: Callable[[Shop, str], object] = nothing
    is_paid_later: bool = False
    is_for_the_premium_only: bool = False
    """The tickets alone do not get what ``after`` asks for."""
    since: str = ""
    """The first Saleor that completes such a checkout; older ones refuse it, cover or not."""

    @property
    def is_changed_by_staff(self) -> bool:
        return self.staff is not nothing

    @property
    def has_cover(self) -> bool:
        return self.outcome == "exact" or self.outcome.startswith(
            ("absorbed", "parked", "held", "owed")
        )

"""What the host tells the services: plain, frozen values in our own words."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..domain.eligibility import CheckoutFacts
from ..domain.numbers import whole_number
from ..domain.premium import OrderDiscount
from ..domain.refunds import Refunded, SoldLine
from ..domain.tickets import Policyholder

PRODUCTS = "products"
"""Where what was quoted names the variants of each product."""

OFFER_KEY = "xcover.offer"
PREMIUM_KEY = "xcover.premium"
PLACE_KEY = "xcover.place"


@dataclass(frozen=True, slots=True)
class CoverLine:
    """A line with the cover product, whoever put it there.

    ``offer_id`` comes from private metadata, which shoppers cannot write; None marks a stranger.
    """

    id: uuid.UUID
    quantity: int
    unit_price: Decimal | None
    offer_id: int | None
    correction: Decimal = Decimal(0)
    """What was added so that a discount on the order leaves the premium."""
    stands_last: bool = False
    """After all other lines of the checkout. Not said of an order's line."""
    place_for: str = ""
    """Digest of the totals beside which it had to stand elsewhere; empty if it never had to."""

    @classmethod
    def of(
        cls,
        line_id: uuid.UUID,
        quantity: int,
        unit_price: Decimal | None,
        private_metadata: Mapping[str, Any] | None,
        correction: Decimal | None = None,
        *,
        stands_last: bool = False,
    ) -> CoverLine:
        metadata = private_metadata or {}
        offer_id = str(metadata.get(OFFER_KEY, ""))
        return cls(
            line_id,
            quantity,
            unit_price,
            whole_number(offer_id),
            correction or Decimal(0),
            stands_last,
            str(metadata.get(PLACE_KEY, "")),
        )

    def carries(self, offer_id: int, price: Decimal | None) -> bool:
        """Whether this is our line for the offer: one piece at exactly this price."""
        return (self.offer_id, self.quantity, self.unit_price) == (offer_id, 1, price)


@dataclass(frozen=True, slots=True)
class CheckoutSnapshot:
    """One checkout as it is now."""

    token: uuid.UUID
    channel_id: int
    facts: CheckoutFacts
    cover_lines: tuple[CoverLine, ...]
    policyholder: Policyholder
    needs_shipping: bool
    has_voucher: bool
    has_gift: bool
    is_priced_anew: bool
    """Saleor's prices have run out: what is asked of it next is priced by the rules of then."""
    summary: str | None
    """What its public metadata says of the cover, which shoppers may have overwritten."""

    @property
    def needs_proof(self) -> bool:
        """Whether something here may react to the premium, so that Saleor must price it twice."""
        is_discounted = self.has_voucher or self.facts.order_discount != OrderDiscount.NONE
        return self.needs_shipping or self.has_gift or is_discounted


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """One order as it is now. Amounts are gross, in ``currency``."""

    id: uuid.UUID
    number: str
    channel_id: int
    checkout_token: uuid.UUID | None
    is_from_checkout: bool
    is_cancelled: bool
    is_expired: bool
    is_partly_handed_out: bool
    """Handed out or returned in part: the cover line may be what is missing."""
    currency: str
    total: Decimal
    cost: Decimal
    """What its lines and shipping cost: less than the total where Saleor lost a line meanwhile."""
    charged: Decimal
    given: Refunded
    has_gift_card: bool
    """Part of a refunded order was paid with gift cards; Saleor took that off the total."""
    created_at: datetime
    updated_at: datetime
    lines: tuple[SoldLine, ...]
    """Everything but covers and gifts."""
    cover_lines: tuple[CoverLine, ...]
    cover_summary: str | None
    """What its public metadata says of the cover, which shoppers may have overwritten."""
    policyholder: Policyholder

    @property
    def refunded(self) -> Decimal:
        """All money that went back to the buyer."""
        return self.given.amount

    @property
    def ticket_counts(self) -> Mapping[str, int]:
        """Pieces bought, by variant."""
        counts: Counter[str] = Counter()
        for line in self.lines:
            counts[line.variant] += line.quantity
        return counts

    @property
    def is_paid_in_full(self) -> bool:
        """Charged at least the total, grants not subtracted, and not cancelled since."""
        return self.charged >= self.total and not (self.is_cancelled or self.is_expired)

    @property
    def is_over(self) -> bool:
        """Cancelled, expired or refunded in full: it will never be paid (again)."""
        return self.is_cancelled or self.is_expired or self.is_refunded_in_full

    @property
    def may_hold_cover(self) -> bool:
        """Whether it has a cover line that was sold here: replacements copy lines of others."""
        is_ours = self.is_from_checkout and self.checkout_token is not None
        return is_ours and bool(self.cover_lines)

    @property
    def cover_price(self) -> Decimal:
        """What its cover lines cost."""
        prices = ((line.unit_price or Decimal(0)) * line.quantity for line in self.cover_lines)
        return sum(prices, Decimal(0))

    @property
    def is_refunded_in_full(self) -> bool:
        """Whether all the order cost went back to the buyer, and nothing of it is charged still.

        A duplicate payment given back is no refund of the order.
        """
        return self.total > 0 and self.refunded >= self.total and self.charged <= 0

    @property
    def is_refunded_in_part(self) -> bool:
        """Whether money of the order itself went back: less is charged now than it costs."""
        return self.refunded > 0 and self.charged < self.total and not self.is_refunded_in_full

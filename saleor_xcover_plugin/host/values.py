"""Frozen values in which the host returns checkouts, orders and cover lines.

Amounts are gross, in the currency of the checkout or order.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..domain.eligibility import CheckoutFacts
from ..domain.numbers import whole_number
from ..domain.premium import OrderDiscount
from ..domain.refund_attribution import Refunded, SoldLine
from ..domain.tickets import Buyer

PRODUCTS = "products"
"""Key in ``Offer.request`` under which the variants of each product are stored."""

REGION = "region"
"""Key in ``Offer.request`` of the quoted region, where the store limits regions."""

# Private metadata keys of a cover line, which Saleor copies from the checkout to the order.

OFFER_KEY = "xcover.offer"
"""Primary key of the offer."""

PREMIUM_KEY = "xcover.premium"
"""Premium, as digits."""

PLACE_KEY = "xcover.place"
"""``CoverLine.place_for``."""


@dataclass(frozen=True, slots=True)
class CoverLine:
    """Line of a checkout or order with the cover product, whether or not we added it."""

    id: uuid.UUID
    quantity: int
    unit_price: Decimal | None
    offer_id: int | None
    """Offer it was added for, from private metadata, which shoppers cannot write.

    None if the plugin did not add the line.
    """
    correction: Decimal = Decimal(0)
    """Added to the price so that the premium is left after a discount on the order."""
    stands_last: bool = False
    """True after all other lines of the checkout; always False for a line of an order."""
    place_for: str = ""
    """Digest of the totals for which it was placed before the last line; empty if it never was."""
    charged: tuple[Decimal, Decimal] | None = None
    """Net and gross price when Saleor last priced the checkout; None for a line of an order."""

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
        charged: tuple[Decimal, Decimal] | None = None,
    ) -> CoverLine:
        """Build the value from columns of a line; metadata and correction may be NULL."""
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
            charged,
        )

    def carries(self, offer_id: int, price: Decimal | None) -> bool:
        """Return True if this is the offer's line, with one piece at exactly this price."""
        return (self.offer_id, self.quantity, self.unit_price) == (offer_id, 1, price)


@dataclass(frozen=True, slots=True)
class CheckoutSnapshot:
    """State of a checkout when it was read."""

    token: uuid.UUID
    channel_id: int
    facts: CheckoutFacts
    """Input of the rules on what may be insured."""
    cover_lines: tuple[CoverLine, ...]
    policyholder: Buyer
    needs_shipping: bool
    """True if a line is shipped."""
    has_voucher: bool
    has_gift: bool
    """True if a promotion added a gift line."""
    has_stale_prices: bool
    """True if Saleor's prices have expired, so that it will recalculate them by present rules."""
    changed_at: datetime
    """Time (UTC) of its last change by Saleor, which marks all changes that move its prices."""
    summary: str | None
    """Public summary of the cover in its metadata, which shoppers may have changed."""

    @property
    def needs_proof(self) -> bool:
        """True if something may depend on the premium, so that Saleor must price it both ways.

        That is: shipping, gifts, vouchers and discounts on the order.
        """
        is_discounted = self.has_voucher or self.facts.order_discount != OrderDiscount.NONE
        return self.needs_shipping or self.has_gift or is_discounted


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """State of an order when it was read. Amounts are gross, in ``currency``."""

    id: uuid.UUID
    number: str
    """Number that staff and buyers know."""
    channel_id: int
    checkout_token: uuid.UUID | None
    is_from_checkout: bool
    """False for orders made by staff, imported, reissued or replacing another."""
    is_cancelled: bool
    is_expired: bool
    is_partly_handed_out: bool
    """True if fulfilled or returned in part; only the cover line may be missing."""
    currency: str
    total: Decimal
    cost: Decimal
    """Sum of lines and shipping; less than the total if Saleor lost a line meanwhile."""
    charged: Decimal
    """Money charged, less refunds."""
    given: Refunded
    """Money refunded, and for what."""
    has_gift_card: bool
    """True if the order was refunded and paid in part with gift cards.

    Saleor subtracts gift cards from the total.
    """
    created_at: datetime
    updated_at: datetime
    lines: tuple[SoldLine, ...]
    """All lines but covers and gifts."""
    cover_lines: tuple[CoverLine, ...]
    cover_summary: str | None
    """Public summary of the cover in its metadata, which shoppers may have changed."""
    papers: Mapping[str, str] | None = field(compare=False)
    """Facts for papers in its metadata, which shoppers may have changed; None: none is trusted."""
    policyholder: Buyer

    @property
    def refunded(self) -> Decimal:
        """Total amount refunded to the buyer."""
        return self.given.amount

    @property
    def ticket_counts(self) -> Mapping[str, int]:
        """Number of pieces bought, by variant key."""
        counts: Counter[str] = Counter()
        for line in self.lines:
            counts[line.variant] += line.quantity
        return counts

    @property
    def is_paid_in_full(self) -> bool:
        """True if at least the total is charged and the order is not cancelled or expired.

        Granted refunds are not subtracted from the total.
        """
        return self.charged >= self.total and not (self.is_cancelled or self.is_expired)

    @property
    def is_over(self) -> bool:
        """True if cancelled, expired or refunded in full, so that it will not be paid any more."""
        return self.is_cancelled or self.is_expired or self.is_refunded_in_full

    @property
    def may_hold_cover(self) -> bool:
        """True if the order has a cover line and was made from a checkout.

        Other orders, such as replacements, may have copied the line.
        """
        is_ours = self.is_from_checkout and self.checkout_token is not None
        return is_ours and bool(self.cover_lines)

    @property
    def cover_price(self) -> Decimal:
        """Price of all its cover lines."""
        prices = ((line.unit_price or Decimal(0)) * line.quantity for line in self.cover_lines)
        return sum(prices, Decimal(0))

    @property
    def is_refunded_in_full(self) -> bool:
        """True if at least the total was refunded and nothing is charged any more.

        The refund of a duplicate payment is not a refund of the order.
        """
        return self.total > 0 and self.refunded >= self.total and self.charged <= 0

    @property
    def is_refunded_in_part(self) -> bool:
        """True if money was refunded, less than the total is charged, and it was not all of it."""
        return self.refunded > 0 and self.charged < self.total and not self.is_refunded_in_full

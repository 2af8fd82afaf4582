"""Offers, answers and sold covers. Amounts are gross, in the currency of their offer or cover."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from ..domain.cancellations import ClaimState
from ..domain.money import Money
from ..domain.reasons import ReasonCode
from ..domain.states import LIVE_OFFER_STATUSES, CoverStatus, OfferStatus
from .base import Stateful, choices


class Offer(Stateful):
    """One offer of XCover's for a checkout, or the request for it. One is live per checkout."""

    _status_type = OfferStatus

    channel_id = models.IntegerField()
    checkout_token = models.UUIDField()
    order_id = models.UUIDField(null=True)
    status = models.CharField(max_length=16, choices=choices(OfferStatus))
    reason_code = models.CharField(max_length=40, blank=True, default="")
    # Hash of everything the price depends on (domain/eligibility.py).
    fingerprint = models.CharField(max_length=64)
    xcover_offer_id = models.CharField(max_length=64, blank=True, default="")
    # Key of the XCover account that was asked for it; only that one can make the policy. Empty:
    # stored by a version without this column.
    account = models.CharField(max_length=64, blank=True, default="", db_default="")
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2)
    language = models.CharField(max_length=16)
    ticket_count = models.PositiveIntegerField(default=0)
    event_starts_at = models.DateTimeField(null=True)
    # The insured tickets and events the offer was requested for.
    request = models.JSONField(default=dict)
    # The texts and prices as they are shown to the shopper, and their hash.
    content = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True, default="")
    # The quotes that may be chosen together (domain/product_rules.py): one object per group. Empty:
    # stored by a version without groups; null: by such a version during an upgrade.
    groups = models.JSONField(default=list, null=True)
    # The memory of storefront pages that numbered their answers (domain/answer_sequence.py).
    # An answer from before the first offer is stored in a row of its own whose status is abandoned.
    turns = models.JSONField(default=list, null=True)
    # The process that is requesting the offer, and the time after which another one may.
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    quoted_at = models.DateTimeField(null=True)
    # When Saleor last priced the checkout with the cover line on trial, and the time of the
    # checkout's last change by then (``Checkout.last_change``). Null: it never did.
    tried_at = models.DateTimeField(null=True)
    tried_change = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    shown_at = models.DateTimeField(null=True)
    # Price of an accepted offer's cover line after discounts on the order: the premium, unless the
    # store absorbs discounts; ``absorbed`` is then the part of the premium the store pays.
    line_price = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    absorbed = models.DecimalField(max_digits=20, decimal_places=3, default=0)
    # What an accepted offer's line that carries tax is made of (domain/line_tax.py). Null: it is
    # at 0 %; an empty object: it is, although the store wants the tax on the line.
    line_tax = models.JSONField(null=True)
    # The cover's cost to the buyer when the checkout last changed after a payment had begun: the
    # total with the cover less the total without it. Null: the line's price is all of it.
    cost = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    # The differences the cover then made to the rest of the checkout (domain/price_impact.py);
    # null if there are none.
    effect = models.JSONField(null=True)
    # An accepted offer ended without the shopper's doing: the next attempt to complete the checkout
    # is refused once, so that the shopper notices.
    is_notice_due = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["checkout_token"],
                condition=Q(status__in=[s.value for s in LIVE_OFFER_STATUSES]),
                name="xcover_one_live_offer",
            ),
        )
        indexes = (
            models.Index(fields=["checkout_token"], name="xcover_offer_checkout"),
            # For the sweep: covers open offers only.
            models.Index(
                fields=["updated_at"],
                condition=Q(order_id=None, status__in=[s.value for s in LIVE_OFFER_STATUSES]),
                name="xcover_offer_open",
            ),
            # For reports and evidence of a period.
            models.Index(
                fields=["shown_at"],
                condition=Q(shown_at__isnull=False),
                name="xcover_offer_shown",
            ),
            models.Index(
                fields=["order_id"],
                condition=Q(order_id__isnull=False),
                name="xcover_offer_order",
            ),
        )

    def __str__(self) -> str:
        return f"offer {self.pk} {self.status}"


class Quote(models.Model):
    """One priced product of an offer, in the offer's currency."""

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="quotes")
    # Place among the products as they are shown, from 0.
    position = models.PositiveSmallIntegerField()
    # XCover's id of the product in this offer.
    quote_id = models.CharField(max_length=64)
    title = models.CharField(max_length=255, blank=True, default="")
    # For all tickets together, with tax.
    premium = models.DecimalField(max_digits=20, decimal_places=3)
    # The tax in the premium; null if XCover did not name it.
    tax = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    # The kinds of that tax, each with XCover's name and its amount as digits. Empty if unknown;
    # null: stored by a version without kinds during an upgrade.
    taxes = models.JSONField(default=list, null=True)
    policy_version = models.CharField(max_length=64, blank=True, default="")
    # Link to the policy wording.
    pds_url = models.TextField()
    content = models.JSONField(default=dict)
    is_chosen = models.BooleanField(default=False)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["offer", "quote_id"], name="xcover_quote_once"),
        )

    def __str__(self) -> str:
        return f"quote {self.quote_id}"


class Consent(models.Model):
    """Evidence of one answer: the texts and price shown, the answer and its time. Append-only."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="consents")
    answer = models.CharField(
        max_length=10, choices=[(a, a) for a in ("accepted", "declined", "withdrawn")]
    )
    # The chosen quotes, and their premium in all.
    quote_ids = models.JSONField(default=list)
    premium = models.DecimalField(max_digits=20, decimal_places=3)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=16)
    content_hash = models.CharField(max_length=64)
    content = models.JSONField(default=dict)
    source = models.CharField(max_length=20)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("created_at", "pk")
        indexes = (models.Index(fields=["created_at", "id"], name="xcover_consent_made"),)

    def __str__(self) -> str:
        return f"consent {self.answer} for offer {self.offer_id}"


WAS_REMOVED = Q(status=CoverStatus.VOID.value, reason_code=ReasonCode.LINE_REMOVED)
"""Selects covers whose line was taken out of the order; reports count them as declined."""


COVER_WAITS = Coalesce("waits_since", "updated_at")
"""Selects since when a cover waits for a person; a row of an older version has its last change."""


def _waits_for(status: str, due: Decimal) -> str:
    if status == CoverStatus.PARKED:
        return "decision"
    return "money" if due > 0 else ""


class Cover(Stateful):
    """The sold protection of one order; it has at most one policy at XCover.

    A unique constraint on ``order_id`` and on ``booking_id`` enforces that.
    """

    _status_type = CoverStatus

    order_id = models.UUIDField(unique=True)
    order_number = models.CharField(max_length=32)
    channel_id = models.IntegerField()
    offer = models.OneToOneField(Offer, on_delete=models.PROTECT, related_name="cover", null=True)
    status = models.CharField(max_length=16, choices=choices(CoverStatus))
    premium = models.DecimalField(max_digits=20, decimal_places=3)
    currency = models.CharField(max_length=3)
    # The part of the premium that the store pays instead of the buyer.
    absorbed = models.DecimalField(max_digits=20, decimal_places=3, default=0)
    # XCover's id of the policy, such as AB1CD-EF2GH-INS; null before there is one.
    booking_id = models.CharField(max_length=64, null=True, unique=True)
    # Link to the policy wording.
    pds_url = models.TextField(blank=True, default="")
    # Links that open the policy without a login, encrypted; null where no policy is in force.
    sealed_links = models.BinaryField(null=True)
    # Keyed hashes of the buyer's details at XCover, by field. A field is missing if XCover may have
    # another value.
    policyholder_digests = models.JSONField(default=dict)
    # A ReasonCode while the cover is parked or void, and its sentence for staff.
    reason_code = models.CharField(max_length=40, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    # Money to refund because the premium was paid and nothing is insured. The plugin refunds
    # nothing itself.
    amount_due_back = models.DecimalField(max_digits=20, decimal_places=3, default=0)
    # The money already refunded for no named line when that amount was set: only later refunds
    # reduce it.
    refunded_when_due = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    # The money already refunded for the cover line when that amount was last computed.
    for_cover_when_due = models.DecimalField(max_digits=20, decimal_places=3, default=0, null=True)
    # What staff gave back of that without a refund in Saleor, in all, and when they last said so.
    # Null: nothing.
    given_back = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    given_back_at = models.DateTimeField(null=True)
    # Since when a person must decide, or money is due; other changes do not move it. Null if
    # nothing waits, or while a version before this column wrote the row.
    waits_since = models.DateTimeField(null=True)
    # The end of the cooling-off period, if XCover or the channel's setting names it.
    cooling_off_until = models.DateTimeField(null=True)
    # Recorded by staff; the Offers API does not report claims.
    claim = models.CharField(
        max_length=8, choices=choices(ClaimState), default=ClaimState.UNKNOWN.value
    )
    paid_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    @property
    def waits_for(self) -> str:
        """What the cover waits for: ``decision``, ``money`` that is due, or nothing."""
        return _waits_for(self.status, self.amount_due_back)

    def save_fields(self, now: datetime, **changes: Any) -> None:
        """Set and save the named columns, and since when the cover waits for what it waits for."""
        status = changes.get("status", self.status)
        waits = _waits_for(status, changes.get("amount_due_back", self.amount_due_back))
        if waits != self.waits_for:
            changes["waits_since"] = now if waits else None
        elif waits and self.waits_since is None:
            changes["waits_since"] = self.updated_at
        super().save_fields(now, **changes)

    @property
    def was_removed(self) -> bool:
        """True if the cover's line was taken out of the order, so that it counts as declined."""
        return (self.status, self.reason_code) == (CoverStatus.VOID.value, ReasonCode.LINE_REMOVED)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(amount_due_back__gte=0), name="xcover_due_not_less"),
        )
        indexes = (
            models.Index(
                fields=["updated_at"],
                condition=Q(status__in=["placed", "confirming", "cancelling"]),
                name="xcover_cover_open",
            ),
            models.Index(
                fields=["confirmed_at"],
                condition=Q(status="confirmed"),
                name="xcover_cover_confirmed",
            ),
            models.Index(fields=["created_at"], name="xcover_cover_made"),
            models.Index(
                fields=["updated_at"], condition=Q(status="parked"), name="xcover_cover_parked"
            ),
        )

    @property
    def premium_money(self) -> Money:
        """The premium with its currency."""
        return Money(self.premium, self.currency)

    @property
    def back_elsewhere(self) -> Decimal:
        """The part of what was due that went back without a refund in Saleor; may be 0."""
        return self.given_back or Decimal(0)

    @property
    def account(self) -> str:
        """Key of the XCover account that made its offer; empty if that is not known."""
        return self.offer.account if self.offer else ""

    def __str__(self) -> str:
        return f"cover of order {self.order_number} {self.status}"

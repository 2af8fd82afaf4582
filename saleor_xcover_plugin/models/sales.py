"""What was offered, answered and sold."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..domain.cancellations import ClaimState
from ..domain.money import Money
from ..domain.reasons import ReasonCode
from ..domain.states import LIVE_OFFER_STATUSES, CoverStatus, OfferStatus
from .base import Stateful, choices


class Offer(Stateful):
    """What XCover answered for one checkout: one live offer per checkout."""

    _status_type = OfferStatus

    channel_id = models.IntegerField()
    checkout_token = models.UUIDField()
    order_id = models.UUIDField(null=True)
    status = models.CharField(max_length=16, choices=choices(OfferStatus))
    reason_code = models.CharField(max_length=40, blank=True, default="")
    fingerprint = models.CharField(max_length=64)
    xcover_offer_id = models.CharField(max_length=64, blank=True, default="")
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2)
    language = models.CharField(max_length=16)
    ticket_count = models.PositiveIntegerField(default=0)
    event_starts_at = models.DateTimeField(null=True)
    request = models.JSONField(default=dict)
    content = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True, default="")
    # Which quotes may be chosen together (domain/product_rules.py): one object per group. Empty:
    # stored by a version that knew no groups; null: by one that still runs beside this one.
    groups = models.JSONField(default=list, null=True)
    # Pages of the storefront that numbered their answers (domain/answer_order.py). An answer from
    # before the first offer is kept in a row of its own that was abandoned from the start.
    turns = models.JSONField(default=list, null=True)
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    quoted_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    shown_at = models.DateTimeField(null=True)
    # What the cover line of a yes costs after discounts on the order: the premium, unless the store
    # chose to absorb what a discount takes; then ``absorbed`` is what the buyer pays less.
    line_price = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    absorbed = models.DecimalField(max_digits=20, decimal_places=3, default=0)
    # What the cover cost the buyer in all, when the checkout last changed after money had begun:
    # total with it less tickets alone. Null: its line's price is all of it.
    cost = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    # What the cover then did to the rest of the checkout, unless exact (domain/price_impact.py).
    effect = models.JSONField(null=True)
    # A yes ended without the shopper's doing: completing is held once, so that it is noticed.
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
            # The sweep's view of open offers: cost follows open work.
            models.Index(
                fields=["updated_at"],
                condition=Q(order_id=None, status__in=[s.value for s in LIVE_OFFER_STATUSES]),
                name="xcover_offer_open",
            ),
            # Reports and evidence: cost follows their period.
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
    """One priced product of an offer; premium with tax, in the offer's currency."""

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="quotes")
    position = models.PositiveSmallIntegerField()
    quote_id = models.CharField(max_length=64)
    title = models.CharField(max_length=255, blank=True, default="")
    premium = models.DecimalField(max_digits=20, decimal_places=3)
    tax = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    policy_version = models.CharField(max_length=64, blank=True, default="")
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
    """Evidence of an answer: what was shown at which price, what was said, when. Append-only."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="consents")
    answer = models.CharField(
        max_length=10, choices=[(a, a) for a in ("accepted", "declined", "withdrawn")]
    )
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
"""Covers whose line was taken out of the order: they count as a no."""


class Cover(Stateful):
    """The cover of one order: at most one booking, enforced here."""

    _status_type = CoverStatus

    order_id = models.UUIDField(unique=True)
    order_number = models.CharField(max_length=32)
    channel_id = models.IntegerField()
    offer = models.OneToOneField(Offer, on_delete=models.PROTECT, related_name="cover", null=True)
    status = models.CharField(max_length=16, choices=choices(CoverStatus))
    premium = models.DecimalField(max_digits=20, decimal_places=3)
    currency = models.CharField(max_length=3)
    # What the store pays XCover beyond what the buyer paid for the cover.
    absorbed = models.DecimalField(max_digits=20, decimal_places=3, default=0)
    booking_id = models.CharField(max_length=64, null=True, unique=True)
    pds_url = models.TextField(blank=True, default="")
    # Keyed hashes of the buyer's details XCover holds, by field; a field it may hold otherwise is
    # missing.
    policyholder_digests = models.JSONField(default=dict)
    reason_code = models.CharField(max_length=40, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    # What the buyer is owed back because a paid premium bought nothing; the plugin never moves it.
    amount_due_back = models.DecimalField(max_digits=20, decimal_places=3, default=0)
    # The money that had gone back, for no named line, when that was noted: only later money counts.
    refunded_when_due = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    # The money that had gone back for the cover's line when what is due was last reckoned.
    for_cover_when_due = models.DecimalField(max_digits=20, decimal_places=3, default=0, null=True)
    # The end of the cooling-off period, where XCover or the channel's setting names it.
    cooling_off_until = models.DateTimeField(null=True)
    # What staff know of claims; XCover tells it nowhere.
    claim = models.CharField(
        max_length=8, choices=choices(ClaimState), default=ClaimState.UNKNOWN.value
    )
    paid_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    @property
    def was_removed(self) -> bool:
        """Whether its line was taken out of the order, so that it counts as a no."""
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
        return Money(self.premium, self.currency)

    def __str__(self) -> str:
        return f"cover of order {self.order_number} {self.status}"

"""Cancellations of policies, and cancelled or moved events."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..domain.money import Money
from ..domain.states import CancellationStatus
from .base import Stateful, choices
from .sales import Cover


class EventChange(models.Model):
    """An event that the organiser cancelled or moved, recorded by staff for one ticket variant."""

    variant = models.CharField(max_length=64, unique=True)
    # The new start of a moved event; null: the event is cancelled.
    starts_at = models.DateTimeField(null=True)
    # When staff recorded it.
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"event of variant {self.variant}"


class Cancellation(Stateful):
    """The cancellation of a policy that one refund of the order led to. Amounts in ``currency``."""

    _status_type = CancellationStatus

    cover = models.ForeignKey(Cover, on_delete=models.PROTECT, related_name="cancellations")
    # Identifies the refund that was judged; each refund of a cover is judged once.
    refund_key = models.CharField(max_length=120)
    # A RefundScope.
    scope = models.CharField(max_length=12)
    # The row that decided, or STAFF_RULE: one of domain.cancellations.RULE_SENTENCES.
    rule = models.CharField(max_length=32)
    status = models.CharField(max_length=12, choices=choices(CancellationStatus))
    # The rule requires a person to confirm the refund that XCover previews.
    needs_person = models.BooleanField(default=False)
    # The refund a person approved; no other amount is confirmed.
    approved_refund = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    # How often a preview lapsed and was requested again.
    renewals = models.PositiveSmallIntegerField(default=0)
    # The judgement, as a sentence for staff.
    sentence = models.TextField()
    xcover_cancellation_id = models.CharField(max_length=64, null=True, unique=True)
    # The refund that XCover named; null before it was asked.
    refund = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    currency = models.CharField(max_length=3)
    # XCover pays the buyer itself, according to its automatic-refund flags. Null: not recorded, in
    # rows of an earlier version.
    xcover_refunds_buyer = models.BooleanField(null=True)
    # When XCover's preview lapses.
    confirm_before = models.DateTimeField(null=True)
    cooling_off_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["cover", "refund_key"], name="xcover_judged_once"),
        )
        indexes = (
            models.Index(
                fields=["updated_at"], condition=Q(status="parked"), name="xcover_cancel_parked"
            ),
            models.Index(
                fields=["updated_at"],
                condition=Q(status__in=["requested", "confirming"]),
                name="xcover_cancel_open",
            ),
        )

    @property
    def refund_money(self) -> Money | None:
        """The refund that XCover named, or None before it was asked."""
        return None if self.refund is None else Money(self.refund, self.currency)

    def __str__(self) -> str:
        return f"cancellation {self.pk} {self.status}"

"""Judged refunds, and what organisers did to events."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..domain.money import Money
from ..domain.states import CancellationStatus
from .base import Stateful, choices
from .sales import Cover


class EventChange(models.Model):
    """What the organiser did to an event, as staff told us: for one variant sold as its tickets."""

    variant = models.CharField(max_length=64, unique=True)
    # Null: the event is cancelled; else when it begins now.
    starts_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"event of variant {self.variant}"


class Cancellation(Stateful):
    """One judged refund of a covered order and what became of it at XCover."""

    _status_type = CancellationStatus

    cover = models.ForeignKey(Cover, on_delete=models.PROTECT, related_name="cancellations")
    # The refund that was judged; one judgement per refund event and booking.
    refund_key = models.CharField(max_length=120)
    scope = models.CharField(max_length=12)
    # The row of the table that decided.
    rule = models.CharField(max_length=32)
    status = models.CharField(max_length=12, choices=choices(CancellationStatus))
    # The table wants a person to confirm what XCover would refund.
    needs_person = models.BooleanField(default=False)
    # The refund a person approved: that, and no other, is confirmed.
    approved_refund = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    # How often a preview lapsed and was asked for again.
    renewals = models.PositiveSmallIntegerField(default=0)
    sentence = models.TextField()
    xcover_cancellation_id = models.CharField(max_length=64, null=True, unique=True)
    refund = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    currency = models.CharField(max_length=3)
    # XCover's automatic-refund flags: it pays the buyer itself. Null: nobody wrote it down.
    xcover_refunds_buyer = models.BooleanField(null=True)
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
        """What XCover said it would refund, or None before it was asked."""
        return None if self.refund is None else Money(self.refund, self.currency)

    def __str__(self) -> str:
        return f"cancellation {self.pk} {self.status}"

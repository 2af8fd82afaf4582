"""The journal of XCover's webhooks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ReceivedNotification(models.Model):
    """One verified webhook, reduced to a few listed fields.

    Webhook bodies are not signed, so the row only causes the booking to be read from XCover.
    """

    channel_id = models.IntegerField()
    # The kind of notification, such as BOOKING_CANCELLED.
    event = models.CharField(max_length=40)
    booking_id = models.CharField(max_length=64)
    booking_status = models.CharField(max_length=24)
    # Hash of all that is read of it: XCover sends no id, and a repetition is stored once.
    digest = models.CharField(max_length=64, unique=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    # What was done about it, in a word or two.
    outcome = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        indexes = (
            models.Index(
                fields=["next_attempt_at"], condition=Q(handled_at=None), name="xcover_event_due"
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} {self.booking_id}"

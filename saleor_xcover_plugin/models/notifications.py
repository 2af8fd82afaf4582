"""Webhook notifications of XCover that were verified."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ReceivedNotification(models.Model):
    """Journal of verified webhooks, allow-listed fields only. A hint to look, never the truth."""

    channel_id = models.IntegerField()
    event = models.CharField(max_length=40)
    booking_id = models.CharField(max_length=64)
    booking_status = models.CharField(max_length=24)
    # XCover sends no event id: the same news twice is one row.
    digest = models.CharField(max_length=64, unique=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        indexes = (
            models.Index(
                fields=["next_attempt_at"], condition=Q(handled_at=None), name="xcover_event_due"
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} {self.booking_id}"

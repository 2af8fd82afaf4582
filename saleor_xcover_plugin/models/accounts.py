"""What all workers share about one account at XCover."""

from __future__ import annotations

from django.db import models


class XCoverAccount(models.Model):
    """What all workers share about one XCover account: turns, breaker, and what it told them."""

    # Digest of address and partner code: channels with the same account share one gate.
    name = models.CharField(max_length=64, primary_key=True)
    # When the next call of each queue may leave.
    next_turns = models.JSONField(default=dict)
    # After a 429: nobody of the lane calls before.
    throttled_until = models.JSONField(default=dict)
    failures = models.PositiveSmallIntegerField(default=0)
    trips = models.PositiveSmallIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    # One call is out to see whether XCover is back; the others look again in a moment.
    is_trying = models.BooleanField(default=False)
    last_failed_call = models.CharField(max_length=64, blank=True, default="")
    # How far our clock is ahead of XCover's, in seconds; 0 while both agree.
    clock_skew = models.IntegerField(default=0)
    # Since when XCover refuses the credentials.
    refused_since = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"gate {self.name[:8]}"

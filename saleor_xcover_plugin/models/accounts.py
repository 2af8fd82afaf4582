"""The state that all processes share about one account at XCover."""

from __future__ import annotations

from django.db import models


class XCoverAccount(models.Model):
    """Rate limit, circuit breaker, clock and credentials of one XCover account.

    All web processes and workers share the row; a change is made while holding its lock.
    """

    # Digest of API address and partner code: channels with the same account share the row.
    name = models.CharField(max_length=64, primary_key=True)
    # When the next call of each queue may be sent, by the name of the queue.
    next_turns = models.JSONField(default=dict)
    # After a 429 response: when the next call may be sent, by lane.
    throttled_until = models.JSONField(default=dict)
    # The state of domain.breaker.Breaker.
    failures = models.PositiveSmallIntegerField(default=0)
    trips = models.PositiveSmallIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    is_trying = models.BooleanField(default=False)
    # The call that failed last: repeated failures of one call count once for the breaker.
    last_failed_call = models.CharField(max_length=64, blank=True, default="")
    # Seconds this server's clock is ahead of XCover's; 0 while both agree.
    clock_skew = models.IntegerField(default=0)
    # Since when XCover refuses the credentials; null while it accepts them.
    refused_since = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"account {self.name[:8]}"

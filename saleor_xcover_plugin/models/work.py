"""What is to be done, what was heard, and what all workers share."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..domain.sending import Sending
from ..domain.states import MessageState
from .base import Stateful, choices


class OutboxMessage(Stateful):
    """One call to XCover that must happen: its key lives as long as the row."""

    _status_type = MessageState

    KINDS = (
        "confirm",
        "preview_cancellation",
        "confirm_cancellation",
        "preview_modification",
        "confirm_modification",
        "opt_out",
    )

    kind = models.CharField(max_length=24, choices=[(k, k) for k in KINDS])
    operation_id = models.CharField(max_length=200)
    idempotency_key = models.UUIDField(unique=True)
    priority = models.PositiveSmallIntegerField()
    subject_id = models.BigIntegerField()
    channel_id = models.IntegerField()
    status = models.CharField(max_length=8, choices=choices(MessageState))
    # Whether XCover may have carried it out (ADR 22).
    sending = models.CharField(
        max_length=18, choices=choices(Sending), default=Sending.NEVER_SENT.value
    )
    # The account (a gate's name) whose answer decides while the outcome is unknown; empty where a
    # version without this column sent it.
    sent_to = models.CharField(max_length=64, blank=True, default="")
    # What was sent while its outcome is unknown, encrypted: it holds personal data.
    sealed_body = models.BinaryField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    # Attempts in a row that ended with their worker, seen by leases nobody gave back.
    deaths = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    reason_code = models.CharField(max_length=40, blank=True, default="")
    last_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["kind", "operation_id"], name="xcover_operation_once"),
        )
        indexes = (
            models.Index(
                fields=["priority", "next_attempt_at"],
                condition=Q(status="pending"),
                name="xcover_outbox_due",
            ),
            models.Index(
                fields=["updated_at"], condition=Q(status="parked"), name="xcover_outbox_parked"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.operation_id} {self.status}"

    @property
    def is_unknown(self) -> bool:
        """True when XCover may have carried it out.

        Versions before this column kept a body from the first attempt on, whatever became of it.
        """
        return self.is_bound or self.sending == Sending.EARLIER_UNKNOWN

    @property
    def is_bound(self) -> bool:
        """True when XCover may have carried it out under this very key."""
        return self.sending == Sending.OUTCOME_UNKNOWN or self.sealed_body is not None


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


class Watermark(models.Model):
    """How far a periodic reader of the host's tables has come."""

    name = models.CharField(max_length=40, primary_key=True)
    reached_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.reached_at:%Y-%m-%dT%H:%M:%SZ}"


class Heartbeat(models.Model):
    """When something periodic ran last, and what it found. Its silence is an alarm."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()
    details = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at:%Y-%m-%dT%H:%M:%SZ}"


class Alarm(models.Model):
    """Something a person must know: raised once, cleared by itself when it is over."""

    code = models.CharField(max_length=40)
    # What it is about, where there may be several: an order's number, a gate's name, else empty.
    subject = models.CharField(max_length=64, blank=True, default="")
    sentence = models.TextField()
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["code", "subject"],
                condition=Q(cleared_at=None),
                name="xcover_alarm_once",
            ),
        )

    def __str__(self) -> str:
        return f"alarm {self.code} {self.subject}"


class Failure(models.Model):
    """A piece of periodic work that ended with a defect, until it succeeds."""

    work = models.CharField(max_length=40)
    # What it was about: the key of an order, a checkout or a row; empty for a whole step.
    subject = models.CharField(max_length=64, blank=True, default="")
    # What people call it: the number of the order.
    label = models.CharField(max_length=64, blank=True, default="")
    # The class of the error only: its text may hold what a buyer wrote.
    error = models.CharField(max_length=80)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["work", "subject"], name="xcover_failure_once"),
        )

    def __str__(self) -> str:
        return f"{self.work} {self.subject} failed {self.times} times"


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

"""The outbox: calls to XCover that must be made."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..domain.messages import MessageKind
from ..domain.sending import Sending
from ..domain.states import MessageState
from .base import Stateful, choices


class OutboxMessage(Stateful):
    """One call to XCover that must be made, with its idempotency key and its attempts."""

    _status_type = MessageState

    kind = models.CharField(max_length=24, choices=choices(MessageKind))
    # Identifies the operation among those of its kind; each has at most one message.
    operation_id = models.CharField(max_length=200)
    # The same on every attempt.
    idempotency_key = models.UUIDField(unique=True)
    # Lower ones are sent first.
    priority = models.PositiveSmallIntegerField()
    # Primary key of the offer, cover, cancellation or modification, depending on ``kind``.
    subject_id = models.BigIntegerField()
    channel_id = models.IntegerField()
    status = models.CharField(max_length=8, choices=choices(MessageState))
    # Key of the XCover account that made the offer or policy it is about. Empty: any account may be
    # called.
    account = models.CharField(max_length=64, blank=True, default="", db_default="")
    # What is known about its outcome: docs/adr/0022-sent-refused-or-unknown.md.
    sending = models.CharField(
        max_length=18,
        choices=choices(Sending),
        default=Sending.NEVER_SENT.value,
        # During an upgrade, workers of an earlier version insert rows without this column.
        db_default=Sending.NEVER_SENT.value,
    )
    # The name of the account row it was sent through, while the outcome is unknown; empty if a
    # version without this column sent it.
    sent_to = models.CharField(max_length=64, blank=True, default="", db_default="")
    # The body that was sent, while the outcome is unknown; encrypted, for it holds personal data.
    sealed_body = models.BinaryField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    # Consecutive attempts during which the worker died, known by leases that were not released.
    crash_count = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    # The worker that delivers it right now, and the time after which another one may.
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    reason_code = models.CharField(max_length=40, blank=True, default="")
    last_error = models.TextField(blank=True, default="")
    # When it was added, or added again after it had been dropped.
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
        """True if XCover may have carried it out, under this idempotency key or an earlier one."""
        return self.is_bound or self.sending == Sending.EARLIER_UNKNOWN

    @property
    def is_bound(self) -> bool:
        """True if XCover may have carried it out under this idempotency key.

        Versions before the column ``sending`` kept a body from the first attempt on, whatever the
        outcome.
        """
        return self.sending == Sending.OUTCOME_UNKNOWN or self.sealed_body is not None


class ExpectedDrain(models.Model):
    """The one row that tells until when a worker is expected to look for new messages."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    # Null while none is: the next new message has to ask for one.
    until = models.DateTimeField(null=True)
    # When the last one stopped looking. Soon after, sales come in a rush.
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"expected until {self.until}"

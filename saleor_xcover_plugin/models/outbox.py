"""Calls to XCover that must be made."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..domain.messages import MessageKind
from ..domain.sending import Sending
from ..domain.states import MessageState
from .base import Stateful, choices


class OutboxMessage(Stateful):
    """One call to XCover that must happen: its key lives as long as the row."""

    _status_type = MessageState

    kind = models.CharField(max_length=24, choices=choices(MessageKind))
    operation_id = models.CharField(max_length=200)
    idempotency_key = models.UUIDField(unique=True)
    priority = models.PositiveSmallIntegerField()
    subject_id = models.BigIntegerField()
    channel_id = models.IntegerField()
    status = models.CharField(max_length=8, choices=choices(MessageState))
    # Whether XCover may have carried it out (ADR 22).
    sending = models.CharField(
        max_length=18,
        choices=choices(Sending),
        default=Sending.NEVER_SENT.value,
        # Workers of a version that does not know a column go on adding messages beside it.
        db_default=Sending.NEVER_SENT.value,
    )
    # The account (a gate's name) whose answer decides while the outcome is unknown; empty where a
    # version without this column sent it.
    sent_to = models.CharField(max_length=64, blank=True, default="", db_default="")
    # What was sent while its outcome is unknown, encrypted: it holds personal data.
    sealed_body = models.BinaryField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    # Attempts in a row that ended with their worker, seen by leases nobody gave back.
    crash_count = models.PositiveIntegerField(default=0)
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

"""Work on all policies of an event: runs that workers do, and commands in a terminal."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..domain.states import OPEN_EVENT_RUN_STATUSES, EventChangeKind, EventRunStatus
from .base import Stateful, choices


class EventRun(Stateful):
    """One cancelled or moved event whose policies are worked on in the background."""

    _status_type = EventRunStatus

    change = models.CharField(max_length=12, choices=choices(EventChangeKind))
    status = models.CharField(max_length=12, choices=choices(EventRunStatus))
    # Primary keys, as text, of the variants that are the event's tickets.
    variants = models.JSONField(default=list)
    # The event as staff saw it when they began.
    label = models.TextField()
    # The new start of a moved event.
    starts_at = models.DateTimeField(null=True)
    # What was recorded of the variants before: the start in ISO 8601, or null if cancelled.
    before = models.JSONField(default=dict)
    # The variants of which something else was recorded since it began, and which a withdrawal left
    # as they were; null in rows of an earlier version.
    left = models.JSONField(null=True, default=list)
    # Primary keys of the event's covers, in their order, and the ids of their channels.
    covers = models.JSONField(default=list)
    channels = models.JSONField(default=list)
    # The policies in force when it began, which staff confirmed.
    policies = models.PositiveIntegerField(default=0)
    # Only cancellations that waited since before this time were approved; null: none were.
    approved_at = models.DateTimeField(null=True)
    # The cancellations that were approved.
    approved = models.PositiveIntegerField(default=0)
    # The key of the last cover treated in the present stage, and the number of orders told.
    reached = models.BigIntegerField(default=0)
    told = models.PositiveIntegerField(default=0)
    # The worker that works on it right now, and the time after which another one may.
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(
                fields=["updated_at"],
                condition=Q(status__in=[s.value for s in OPEN_EVENT_RUN_STATUSES]),
                name="xcover_event_run_open",
            ),
        )

    def __str__(self) -> str:
        return f"event run {self.pk} {self.status}"


class EventCommand(models.Model):
    """Work of the command ``xcover_event`` on the policies of an event; deleted when it ends."""

    # As in ``EventRun``.
    variants = models.JSONField(default=list)
    covers = models.JSONField(default=list)
    label = models.TextField()
    # It counts until then, and moves this time on as it works: a killed command ends by itself.
    alive_until = models.DateTimeField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"event command {self.pk}"

"""What periodic work leaves behind: how far it came, when it ran, what failed, what was told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


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

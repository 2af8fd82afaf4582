"""Records of periodic work: its progress, its heartbeats, its alarms and its failures."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Watermark(models.Model):
    """The progress of a periodic reader of Saleor's tables: rows changed before it were read."""

    name = models.CharField(max_length=40, primary_key=True)
    reached_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.reached_at:%Y-%m-%dT%H:%M:%SZ}"


class Heartbeat(models.Model):
    """The last run of a periodic step and its result. An old heartbeat raises an alarm."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()
    details = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at:%Y-%m-%dT%H:%M:%SZ}"


class Alarm(models.Model):
    """An alarm for staff, raised when its incident begins and cleared when the incident is over."""

    # A domain.alarms.AlarmCode.
    code = models.CharField(max_length=40)
    # Tells alarms of one code apart: an order's number, an account row's name, else empty.
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
    """A piece of work that failed. The row is deleted once the work succeeds."""

    work = models.CharField(max_length=40)
    # The key of an order, a checkout or a row; empty for a whole step.
    subject = models.CharField(max_length=64, blank=True, default="")
    # The name people know the subject by, such as the order's number.
    label = models.CharField(max_length=64, blank=True, default="")
    # The class of the error only: its text may hold personal data.
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

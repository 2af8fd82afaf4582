"""The use of the public endpoint: rate allowances, and requests that got no offer."""

from __future__ import annotations

from django.db import models


class Usage(models.Model):
    """The use of one allowance (domain/allowances.py).

    An allowance without a row, or with a time in the past, is unused.
    """

    # Names a checkout, an account, or a client by the keyed hash of its address and the day.
    key = models.CharField(max_length=80, primary_key=True)
    # The time at which the allowance is whole again if nothing more is drawn.
    used_until = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["used_until"], name="xcover_usage_past"),)

    def __str__(self) -> str:
        return f"{self.key.partition(':')[0]} used until {self.used_until:%Y-%m-%dT%H:%M:%SZ}"


class RefusalCount(models.Model):
    """The number of offer requests refused in a channel on one UTC day for one reason."""

    channel_id = models.IntegerField()
    day = models.DateField()
    code = models.CharField(max_length=40)
    count = models.PositiveBigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["channel_id", "day", "code"], name="xcover_one_refusal_count"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} on {self.day}: {self.count}"

"""How much of its allowances the traffic of the public endpoint has used up."""

from __future__ import annotations

from django.db import models


class Usage(models.Model):
    """One allowance that was drawn on; without a row, or once its moment is past, it is whole."""

    # What it is of: a checkout, an account, or the keyed hash of a client's address and the day.
    key = models.CharField(max_length=80, primary_key=True)
    used_until = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["used_until"], name="xcover_usage_past"),)

    def __str__(self) -> str:
        return f"{self.key.partition(':')[0]} used until {self.used_until:%Y-%m-%dT%H:%M:%SZ}"

"""Columns that many tables share."""

import uuid
from decimal import Decimal
from typing import Any

from django.db import models


class ModelWithMetadata(models.Model):
    metadata = models.JSONField(blank=True, null=True, default=dict)
    private_metadata = models.JSONField(blank=True, null=True, default=dict)

    class Meta:
        abstract = True


def amount(**options: Any) -> Any:
    """Return a column for an amount of money, in the row's currency."""
    return models.DecimalField(
        max_digits=20, decimal_places=3, **{"default": Decimal(0), **options}
    )


def currency() -> Any:
    return models.CharField(max_length=3)


def uuid_key() -> Any:
    return models.UUIDField(primary_key=True, editable=False, default=uuid.uuid4)

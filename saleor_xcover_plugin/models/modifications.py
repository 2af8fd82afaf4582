"""Changes of the buyer's details after the policy was made."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..domain.states import OPEN_MODIFICATION_STATUSES, ModificationStatus
from .base import Stateful, choices
from .sales import Cover


class Modification(Stateful):
    """One change of the buyer's details, and its state at XCover. Stores hashes, no details."""

    _status_type = ModificationStatus

    cover = models.ForeignKey(Cover, on_delete=models.PROTECT, related_name="modifications")
    # Keyed hashes of the changed fields in the order, by field.
    wanted = models.JSONField()
    # One hash of all of ``wanted``, so that the same change is requested once.
    wanted_digest = models.CharField(max_length=64)
    status = models.CharField(max_length=12, choices=choices(ModificationStatus))
    # The judgement, as a sentence for staff.
    sentence = models.TextField()
    xcover_update_id = models.CharField(max_length=64, blank=True, default="")
    # The previewed change of the premium, in ``currency``; null before XCover was asked.
    price_difference = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            # A change that was applied or dropped may be made again after it was undone.
            models.UniqueConstraint(
                fields=["cover", "wanted_digest"],
                condition=Q(status__in=["requested", "confirming", "parked"]),
                name="xcover_change_once",
            ),
            models.UniqueConstraint(
                fields=["cover"],
                condition=Q(status__in=[s.value for s in OPEN_MODIFICATION_STATUSES]),
                name="xcover_one_open_change",
            ),
        )
        indexes = (
            models.Index(
                fields=["updated_at"], condition=Q(status="parked"), name="xcover_change_parked"
            ),
            models.Index(
                fields=["updated_at"],
                condition=Q(status__in=[s.value for s in OPEN_MODIFICATION_STATUSES]),
                name="xcover_change_open",
            ),
        )

    def __str__(self) -> str:
        return f"modification {self.pk} {self.status}"

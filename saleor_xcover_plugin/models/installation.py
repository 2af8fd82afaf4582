"""Which store these tables belong to."""

from __future__ import annotations

from django.db import models


class Installation(models.Model):
    """The one row that tells this store from others on the same XCover account."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    # Part of every idempotency key. It stays through backup, restore and failover.
    installation_id = models.UUIDField()
    # What the environment called the store when it was bound; empty: not bound yet.
    bound_to = models.CharField(max_length=200, blank=True, default="")
    bound_at = models.DateTimeField(null=True)
    # When these tables became a store of their own. Offers and policies from before belong to the
    # store they were copied from.
    copied_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"installation {self.installation_id}"

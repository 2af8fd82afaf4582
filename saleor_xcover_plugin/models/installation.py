"""The identity of the store that the tables belong to."""

from __future__ import annotations

from django.db import models


class Installation(models.Model):
    """The identity of this store among all on the same XCover account. There is one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    # Part of every idempotency key. It survives backup, restore and failover.
    installation_id = models.UUIDField()
    # The store's name in the environment when the database was bound; empty: not bound yet.
    bound_to = models.CharField(max_length=200, blank=True, default="")
    bound_at = models.DateTimeField(null=True)
    # When a copied database was made a store of its own. Offers and policies from before belong to
    # the original store.
    copied_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"installation {self.installation_id}"

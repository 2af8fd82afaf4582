from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models


class _Settings(models.Manager["SiteSettings"]):
    def get(self, *_: Any, **lookup: Any) -> SiteSettings:
        """Return the only row, creating it if needed; in Saleor, migrations create it."""
        return self.get_or_create(defaults=lookup, site_id=settings.SITE_ID)[0]


class SiteSettings(models.Model):
    site_id = models.IntegerField(unique=True)
    fulfillment_auto_approve = models.BooleanField(default=True)
    fulfillment_allow_unpaid = models.BooleanField(default=True)

    objects = _Settings()

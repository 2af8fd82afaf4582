"""The one permission the miniature knows, as a row."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PermissionConfig(AppConfig):
    name = "saleor.permission"

    def ready(self) -> None:
        post_migrate.connect(_make, sender=self)


def _make(**_: Any) -> None:
    from django.contrib.contenttypes.models import ContentType

    from .models import Permission

    kind, _ = ContentType.objects.get_or_create(app_label="order", model="order")
    Permission.objects.get_or_create(
        content_type=kind, codename="manage_orders", defaults={"name": "Manage orders."}
    )

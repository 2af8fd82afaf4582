"""Receivers of Django signals for changes that Saleor's plugin interface does not report."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from .guard import guard
from .host import warehouses
from .host.runtime import allow_writer


@receiver(post_save, sender="warehouse.Warehouse", dispatch_uid="saleor_xcover_plugin.warehouse")
def warehouse_saved(instance: Any, created: bool, raw: bool = False, **_: Any) -> None:
    """Stock the cover product in a new warehouse.

    Saleor calls ``warehouse_created`` only for plugins without a channel, and this one is
    configured per channel. The sweep finds warehouses that were created without this signal, for
    example in bulk.
    """
    if created and not raw:
        with guard("warehouse_saved", warehouse=str(instance.pk)), allow_writer():
            warehouses.stock_up()

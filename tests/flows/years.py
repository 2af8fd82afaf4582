"""Let months and years pass: all the plugin and the orders know lies that much further back."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import DateTimeField, F


def pass_by(*, days: int) -> None:
    """Move every moment of our tables, quoted ones too, and of all orders into the past."""
    gone = timedelta(days=days)
    models = list(apps.get_app_config("saleor_xcover_plugin").get_models())
    for model in models:
        _move(model, gone)
    offers: Any = apps.get_model("saleor_xcover_plugin", "Offer").objects
    for offer in offers.exclude(request={}):
        moved = {
            name: _back(offer.request[name], gone)
            for name in ("starts", "ends")
            if name in offer.request
        }
        offers.filter(pk=offer.pk).update(request={**offer.request, **moved})
    orders: Any = apps.get_model("order", "Order").objects
    orders.update(created_at=F("created_at") - gone, updated_at=F("updated_at") - gone)


def touch(order_id: str) -> None:
    """Have an order seem to have changed just now, so that the sweep looks at it."""
    orders = apps.get_model("order", "Order").objects.filter(pk=key_of(order_id))
    assert orders.update(updated_at=datetime.now(UTC)) == 1


def key_of(global_id: str) -> str:
    return base64.b64decode(global_id).decode().partition(":")[2]


def _move(model: Any, gone: timedelta) -> None:
    names = [f.name for f in model._meta.get_fields() if isinstance(f, DateTimeField)]
    model.objects.update(**{name: F(name) - gone for name in names})


def _back(moments: dict[str, str], gone: timedelta) -> dict[str, str]:
    return {
        name: (datetime.fromisoformat(text) - gone).isoformat() for name, text in moments.items()
    }

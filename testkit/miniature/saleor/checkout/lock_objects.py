from typing import Any

from .models import Checkout


def checkout_qs_select_for_update() -> Any:
    return Checkout.objects.order_by("pk").select_for_update(of=("self",))

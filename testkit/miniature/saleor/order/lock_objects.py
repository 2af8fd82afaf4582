from typing import Any

from .models import Order, OrderLine


def order_qs_select_for_update() -> Any:
    return Order.objects.order_by("pk").select_for_update(of=["self"])


def order_lines_qs_select_for_update() -> Any:
    return OrderLine.objects.order_by("pk").select_for_update(of=["self"])

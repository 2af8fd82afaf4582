"""What a buyer pays beside the cover, with its taxes, as Saleor keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from saleor.checkout.models import Checkout
from saleor.order.models import Order

from testkit.client.values import COVER_SKU

from .shop import key


@dataclass(frozen=True, slots=True)
class Price:
    """What one line or the shipping costs after discounts."""

    net: Decimal
    gross: Decimal
    tax_rate: Decimal


@dataclass(frozen=True, slots=True)
class Rest:
    """All lines but the cover, in their order, and shipping."""

    lines: tuple[tuple[int, int, Price], ...]
    """Variant, pieces and price."""
    shipping: Price


def rest_of_checkout(id_: str) -> Rest:
    return _rest_of(Checkout.objects.get(pk=key(id_)))


def rest_of_order(id_: str) -> Rest:
    return _rest_of(Order.objects.get(pk=key(id_)))


def _rest_of(bought: Any) -> Rest:
    lines = bought.lines.exclude(variant__sku=COVER_SKU)
    return Rest(
        tuple((line.variant_id, line.quantity, _price(line, "total_price")) for line in lines),
        _price(bought, "shipping_price", rate=bought.shipping_tax_rate),
    )


def _price(row: Any, name: str, rate: Decimal | None = None) -> Price:
    net, gross = getattr(row, f"{name}_net_amount"), getattr(row, f"{name}_gross_amount")
    kept = rate if name == "shipping_price" else row.tax_rate
    # Where nothing is charged Saleor keeps a rate or none, as it came.
    return Price(net, gross, kept or Decimal(0) if gross else Decimal(0))

"""The queries that read an order, compiled once in a process."""

from __future__ import annotations

import uuid
from functools import cache

from saleor.order.models import Order, OrderLine

from .people import address_columns
from .prepared import KEY, Prepared, Row
from .refunds import SUMS, with_sums

_ORDER = (
    "pk",
    "number",
    "status",
    "origin",
    "channel_id",
    "checkout_token",
    "currency",
    "total_gross_amount",
    "total_charged_amount",
    "shipping_price_gross_amount",
    "created_at",
    "updated_at",
    "user_email",
    "metadata",
    *address_columns("billing_address"),
    *address_columns("shipping_address"),
    *SUMS,
)

PRODUCT_MARK = "variant__product__product_type__private_metadata"

_LINE = (
    "id",
    "quantity",
    "unit_price_gross_amount",
    "total_price_gross_amount",
    "private_metadata",
    "variant_id",
    "product_variant_id",
    "is_gift",
    PRODUCT_MARK,
)


def order_row(order_id: uuid.UUID) -> Row | None:
    """Return the order with its addresses and what went back of it; None when it is gone."""
    rows = _orders().rows(order_id)
    return rows[0] if rows else None


def line_rows(order_id: uuid.UUID) -> list[Row]:
    """Return the order's lines with the mark of their product."""
    return _lines().rows(order_id)


@cache
def _orders() -> Prepared:
    return Prepared(with_sums(Order.objects.filter(pk=KEY)).order_by().values(*_ORDER))


@cache
def _lines() -> Prepared:
    return Prepared(OrderLine.objects.filter(order_id=KEY).values(*_LINE))

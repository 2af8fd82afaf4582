from __future__ import annotations

from typing import Any

from ..checkout.models import Checkout
from ..order.models import Order
from ..product.models import Product, ProductVariantChannelListing
from . import views
from .ids import find_or_none
from .permissions import STAFF, require
from .registry import Request


def checkout(request: Request, id: str) -> views.View | None:
    row = find_or_none(Checkout.objects.select_related("channel"), "Checkout", id)
    return views.checkout(row, request.requestor) if row else None


def order(request: Request, id: str) -> views.View | None:
    """Return the order to any client that knows its id, as in Saleor."""
    row = find_or_none(Order.objects.all(), "Order", id)
    return views.order(row, request.requestor) if row else None


def orders(request: Request, first: int = 50) -> views.View:
    require(request.requestor, STAFF)
    return _edges(
        views.order(row, request.requestor) for row in Order.objects.order_by("-number")[:first]
    )


def products(request: Request, channel: str, first: int = 50) -> views.View:
    listings = ProductVariantChannelListing.objects.filter(
        channel__slug=channel, price_amount__isnull=False
    )
    listed = {listing.variant_id: listing for listing in listings}
    rows = Product.objects.filter(
        channel_listings__channel__slug=channel,
        channel_listings__is_published=True,
        channel_listings__visible_in_listings=True,
    ).order_by("name")
    return _edges(views.product(row, listed) for row in rows[:first])


def _edges(nodes: Any) -> views.View:
    return {"edges": [{"node": node} for node in nodes]}


QUERIES = {"checkout": checkout, "order": order, "orders": orders, "products": products}

from __future__ import annotations

from typing import Any

from graphene.relay import Node

from ..account.models import User
from ..app.models import App
from ..checkout.models import Checkout
from ..core.jwt import create_access_token_for_app
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


def apps(request: Request, first: int = 50) -> views.View:
    """Return the apps, each with a token for the member of staff, as a dashboard asks for it."""
    require(request.requestor, STAFF)
    user, _ = User.objects.get_or_create(
        email="box-office@example.com", defaults={"is_staff": True}
    )
    rows = App.objects.filter(removed_at=None).order_by("name")[:first]
    return _edges(
        {
            "id": Node.to_global_id("App", row.pk),
            "identifier": row.identifier,
            "accessToken": create_access_token_for_app(row, user),
        }
        for row in rows
    )


def _edges(nodes: Any) -> views.View:
    return {"edges": [{"node": node} for node in nodes]}


QUERIES = {
    "apps": apps,
    "checkout": checkout,
    "order": order,
    "orders": orders,
    "products": products,
}

"""Find the tickets of an event among the store's products, and among what it sold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from graphene.relay import Node
from saleor.order.models import OrderLine
from saleor.product.models import Product, ProductVariant

from ..domain.numbers import whole_number
from ..models import Cover
from .values import PRODUCTS


@dataclass(frozen=True, slots=True)
class Ticket:
    """One variant tickets are, or were, sold as."""

    key: str
    """As offers name it."""
    sku: str
    product: str
    """The product's name."""

    @property
    def label(self) -> str:
        """What people call it."""
        return self.sku or f"variant {self.key}"


class SeveralProducts(Exception):
    """Products that are gone had the same name or SKU; ``keys`` are theirs."""

    def __init__(self, keys: Collection[str]) -> None:
        super().__init__(", ".join(keys))
        self.keys = keys


def tickets_of(named: str) -> list[Ticket]:
    """Return the tickets of a product, named by slug, key or the SKU of one of its variants.

    Variants, or the whole product, that were deleted since are found by what was quoted and sold of
    them; such a product by its name too. Raise ``SeveralProducts`` where that is not clear: a name
    is no identity.
    """
    product = _product(named)
    if product is None:
        return _gone(named)
    there = ProductVariant.objects.filter(product_id=product.pk).order_by("pk")
    found = {str(row.pk): Ticket(str(row.pk), row.sku or "", product.name) for row in there}
    for ticket in _sold_of(str(product.pk)):
        found.setdefault(ticket.key, ticket)
    return list(found.values())


def _gone(named: str) -> list[Ticket]:
    """Return the tickets of a product that is gone: by its key, or by what orders keep of it."""
    if whole_number(named, most=_LARGEST_PRODUCT) is not None and (found := _sold_of(named)):
        return found
    sold = _sold_as(Q(product_sku=named) | Q(product_name=named))
    products = {key for ticket in sold for key in _products_of(ticket.key)}
    if len(products) > 1:
        raise SeveralProducts(sorted(products))
    return _sold_of(products.pop()) if products else sold


def _sold_of(product_key: str) -> list[Ticket]:
    """Return the variants of a product that were sold with a cover and are gone."""
    covers = Cover.objects.filter(**{f"offer__request__{PRODUCTS}__has_key": product_key})
    quoted = {
        variant
        for products in covers.values_list(f"offer__request__{PRODUCTS}", flat=True)
        for variant in products[product_key]
    }
    names = [Node.to_global_id("ProductVariant", variant) for variant in sorted(quoted)]
    return _sold_as(Q(product_variant_id__in=names))


def _products_of(variant_key: str) -> set[str]:
    """Return the keys of the products a variant was quoted as part of."""
    covers = Cover.objects.filter(offer__request__tickets__has_key=variant_key)
    return {
        product
        for products in covers.values_list(f"offer__request__{PRODUCTS}", flat=True)
        for product, variants in (products or {}).items()
        if variant_key in variants
    }


def _product(named: str) -> Product | None:
    found = Product.objects.filter(slug=named).first()
    product_key = whole_number(named, most=_LARGEST_PRODUCT)
    if found is None and product_key is not None:
        found = Product.objects.filter(pk=product_key).first()
    if found is None:
        variant = ProductVariant.objects.filter(sku=named).select_related("product").first()
        found = variant.product if variant else None
    return found


def _sold_as(which: Q) -> list[Ticket]:
    """Return variants that are gone from the catalogue and stand in orders with a cover."""
    covered = Exists(Cover.objects.filter(order_id=OuterRef("order_id")))
    lines = OrderLine.objects.filter(which, covered, variant_id=None).order_by("product_sku", "pk")
    columns = ("product_variant_id", "product_sku", "product_name")
    found: dict[str, Ticket] = {}
    for global_id, sku, product in lines.values_list(*columns):
        key = key_of_variant(global_id)
        if key and not _is_there(key):
            found.setdefault(key, Ticket(key, sku or "", product))
    return list(found.values())


def _is_there(key: str) -> bool:
    number = whole_number(key, most=_LARGEST_PRODUCT)
    return number is not None and ProductVariant.objects.filter(pk=number).exists()


_LARGEST_PRODUCT = 2**31 - 1
"""Saleor counts products and variants in four bytes."""


def key_of_variant(global_id: str | None) -> str:
    """Return the key in a variant's global id, as order lines keep it; empty for anything else."""
    try:
        kind, key = Node.from_global_id(global_id or "")
    except ValueError:
        return ""
    return str(key) if kind == "ProductVariant" else ""

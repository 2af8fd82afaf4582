"""Find the tickets of an event among the store's products, and among what it sold."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from graphene.relay import Node
from saleor.order.models import OrderLine
from saleor.product.models import Product, ProductVariant

from ..domain.numbers import LARGEST_INTEGER, whole_number
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
    """Products have, or had, the same name or SKU; ``keys`` are theirs."""

    def __init__(self, keys: Collection[str]) -> None:
        super().__init__(", ".join(keys))
        self.keys = keys


def tickets_of(named: str, now: datetime) -> list[Ticket]:
    """Return the tickets of a product, named by slug, key or the SKU of one of its variants.

    Variants, or the whole product, that were deleted since are found by what was quoted and sold of
    them; such a product by its name too. Raise ``SeveralProducts`` where that is not clear: a name
    or a SKU is no identity, and a product may have been deleted and made again.
    """
    keys = _products_called(named, now)
    if len(keys) > 1:
        raise SeveralProducts(sorted(keys))
    if keys:
        return _tickets_of_product(keys.pop())
    return _sold_as(_called(named))


def _products_called(named: str, now: datetime) -> set[str]:
    """Return the keys of the products that are called so, and of those that were."""
    product = _product(named)
    if product is not None and named == str(product.pk):
        return {named}
    if product is None:
        if whole_number(named, most=LARGEST_INTEGER) is not None and _sold_of(named):
            return {named}
        return _products_of(_sold_as(_called(named)))
    skus = [named, *product.variants.exclude(sku=None).values_list("sku", flat=True)]
    before = _products_of(_sold_as(Q(product_sku__in=skus)), since=now - _STAYS_NEWS)
    return {str(product.pk), *before}


def _called(named: str) -> Q:
    return Q(product_sku=named) | Q(product_name=named)


def _tickets_of_product(key: str) -> list[Ticket]:
    """Return the tickets a product is sold as, and those that were sold of it and are gone."""
    number = whole_number(key, most=LARGEST_INTEGER)
    there = ProductVariant.objects.filter(product_id=number).select_related("product")
    found = {
        str(row.pk): Ticket(str(row.pk), row.sku or "", row.product.name)
        for row in there.order_by("pk")
    }
    for ticket in _sold_of(key):
        found.setdefault(ticket.key, ticket)
    return list(found.values())


def _sold_of(product_key: str) -> list[Ticket]:
    """Return the variants of a product that were sold with a cover and are gone."""
    covers = Cover.objects.filter(**{f"offer__request__{PRODUCTS}__has_key": product_key})
    quoted = {
        variant
        for products in covers.values_list(f"offer__request__{PRODUCTS}", flat=True)
        for variant in _variants_by_product(products).get(product_key, ())
    }
    names = [Node.to_global_id("ProductVariant", variant) for variant in sorted(quoted)]
    return _sold_as(Q(product_variant_id__in=names))


def _products_of(tickets: Iterable[Ticket], since: datetime | None = None) -> set[str]:
    """Return the keys of the products that tickets were quoted as part of.

    With ``since`` only of events that were quoted to begin later, or nobody knows when.
    """
    keys = {ticket.key for ticket in tickets}
    covers = Cover.objects.filter(offer__request__tickets__has_any_keys=sorted(keys))
    if since is not None:
        begins = "offer__event_starts_at"
        covers = covers.filter(Q(**{f"{begins}__gte": since}) | Q(**{begins: None}))
    return {
        product
        for products in covers.values_list(f"offer__request__{PRODUCTS}", flat=True)
        for product, variants in _variants_by_product(products).items()
        if keys & set(variants)
    }


def _variants_by_product(products: object) -> dict[str, list[str]]:
    """Read what an offer keeps of its products; of a row somebody wrote by hand nothing."""
    if not isinstance(products, dict):
        return {}
    return {
        product: [variant for variant in variants if isinstance(variant, str)]
        for product, variants in products.items()
        if isinstance(variants, list)
    }


def _product(named: str) -> Product | None:
    found = Product.objects.filter(slug=named).first()
    product_key = whole_number(named, most=LARGEST_INTEGER)
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
    number = whole_number(key, most=LARGEST_INTEGER)
    return number is not None and ProductVariant.objects.filter(pk=number).exists()


_STAYS_NEWS = timedelta(days=31)
"""How long after it began an event may still be told to be cancelled."""


def key_of_variant(global_id: str | None) -> str:
    """Return the key in a variant's global id, as order lines keep it; empty for anything else."""
    try:
        kind, key = Node.from_global_id(global_id or "")
    except ValueError:
        return ""
    return str(key) if kind == "ProductVariant" else ""

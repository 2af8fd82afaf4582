"""Find the variants that are the tickets of an event, in the catalogue and among sold lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote

from django.db.models import Exists, OuterRef, Q
from graphene.relay import Node
from saleor.order.models import OrderLine
from saleor.product.models import Product, ProductType, ProductVariant

from ..domain.numbers import LARGEST_INTEGER, whole_number
from ..models import Cover
from .cover_product import MARK, MARK_VALUE
from .values import PRODUCTS


@dataclass(frozen=True, slots=True)
class Ticket:
    """One variant as which tickets are or were sold."""

    key: str
    """Primary key of the variant, as text; offers refer to it."""
    sku: str
    """SKU; empty if there is none."""
    product: str
    """Name of the product."""

    @property
    def label(self) -> str:
        """SKU or, without one, "variant" and the key; for staff."""
        return self.sku or f"variant {self.key}"


class SeveralProducts(Exception):
    """Several products have or had the same name or SKU; ``ids`` are their GraphQL global ids."""

    def __init__(self, ids: Collection[str]) -> None:
        super().__init__(", ".join(ids))
        self.ids = ids


def tickets_of(named: str, now: datetime) -> list[Ticket]:
    """Return the tickets of a product, named by slug, id, primary key or the SKU of a variant.

    Deleted variants and products are found through the offers and orders in which they were sold; a
    deleted product also by its name. Raise ``SeveralProducts`` when the name fits more than one
    product, for example one that was deleted and created again, or one whose slug is the primary
    key of another. The id, as in the dashboard's address, fits one product only.
    """
    key = _key_of("Product", unquote(named))
    keys = {key} if key else _products_called(named, now)
    if len(keys) > 1:
        raise SeveralProducts([Node.to_global_id("Product", key) for key in sorted(keys)])
    if keys:
        return _tickets_of_product(keys.pop())
    return _sold_as(_called(named))


def names_of(keys: Collection[str]) -> dict[str, str]:
    """Return the names of the products of variants, by the variants' primary keys as text.

    Variants that were deleted are left out.
    """
    numbers = [n for key in keys if (n := whole_number(key, most=LARGEST_INTEGER)) is not None]
    if not numbers:
        return {}
    rows = ProductVariant.objects.filter(pk__in=numbers).values_list("pk", "product__name")
    return {str(pk): name for pk, name in rows}


def products_like(text: str, *, limit: int) -> list[tuple[str, str]]:
    """Return products by a part of their name, their slug or a SKU: global id and name.

    Sorted by name. The cover product is left out.
    """
    meant = Q(name__icontains=text) | Q(slug=text) | Q(variants__sku=text)
    cover_types = ProductType.objects.filter(private_metadata__contains={MARK: MARK_VALUE})
    found = Product.objects.filter(meant).exclude(product_type__in=cover_types).distinct()
    rows = found.order_by("name", "pk").values_list("pk", "name")[:limit]
    return [(Node.to_global_id("Product", pk), name) for pk, name in rows]


def _products_called(named: str, now: datetime) -> set[str]:
    """Return the primary keys of the products that have this slug, key, name or SKU, or had it."""
    found = _living_products(named) | _sold_products(named)
    if found == {named}:
        return found
    if not found:
        return _products_of(_sold_as(_called(named)))
    variants = ProductVariant.objects.filter(product_id__in=[int(key) for key in found]).exclude(
        sku=None
    )
    skus = [named, *variants.values_list("sku", flat=True)]
    before = _products_of(_sold_as(Q(product_sku__in=skus)), since=now - _CANCELLABLE_FOR)
    return found | before


def _living_products(named: str) -> set[str]:
    """Return the primary keys of the existing products that have this slug, key or SKU."""
    meant = Q(slug=named) | Q(variants__sku=named)
    number = whole_number(named, most=LARGEST_INTEGER)
    if number is not None:
        meant |= Q(pk=number)
    return {str(key) for key in Product.objects.filter(meant).values_list("pk", flat=True)}


def _sold_products(key: str) -> set[str]:
    """Return the primary key, if tickets of that product were sold whose variants are deleted."""
    number = whole_number(key, most=LARGEST_INTEGER)
    return {key} if number is not None and _sold_of(key) else set()


def _called(named: str) -> Q:
    return Q(product_sku=named) | Q(product_name=named)


def _tickets_of_product(key: str) -> list[Ticket]:
    """Return the tickets of a product: its present variants, and deleted ones that were sold."""
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
    """Return the deleted variants of a product that were sold with a cover."""
    covers = Cover.objects.filter(**{f"offer__request__{PRODUCTS}__has_key": product_key})
    quoted = {
        variant
        for products in covers.values_list(f"offer__request__{PRODUCTS}", flat=True)
        for variant in _variants_by_product(products).get(product_key, ())
    }
    names = [Node.to_global_id("ProductVariant", variant) for variant in sorted(quoted)]
    return _sold_as(Q(product_variant_id__in=names))


def _products_of(tickets: Iterable[Ticket], since: datetime | None = None) -> set[str]:
    """Return the keys of the products to which these tickets belonged when they were quoted.

    With ``since`` (UTC), only for offers whose event begins then or later, or at an unknown time.
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
    """Return the variants by product that an offer stores; ignore malformed values."""
    if not isinstance(products, dict):
        return {}
    return {
        product: [variant for variant in variants if isinstance(variant, str)]
        for product, variants in products.items()
        if isinstance(variants, list)
    }


def _sold_as(which: Q) -> list[Ticket]:
    """Return the deleted variants in order lines that match, of orders with a cover."""
    covered = Exists(Cover.objects.filter(order_id=OuterRef("order_id")))
    lines = OrderLine.objects.filter(which, covered, variant_id=None).order_by("product_sku", "pk")
    columns = ("product_variant_id", "product_sku", "product_name")
    found: dict[str, Ticket] = {}
    for global_id, sku, product in lines.values_list(*columns):
        key = key_of_variant(global_id)
        if key and not _exists(key):
            found.setdefault(key, Ticket(key, sku or "", product))
    return list(found.values())


def _exists(key: str) -> bool:
    number = whole_number(key, most=LARGEST_INTEGER)
    return number is not None and ProductVariant.objects.filter(pk=number).exists()


_CANCELLABLE_FOR = timedelta(days=31)
"""Time after its start in which staff may still report an event as cancelled."""


def key_of_variant(global_id: str | None) -> str:
    """Return the key in a variant's GraphQL global id; empty for any other text."""
    return _key_of("ProductVariant", global_id or "")


def _key_of(kind: str, global_id: str) -> str:
    try:
        found, key = Node.from_global_id(global_id)
    except ValueError:
        return ""
    return str(key) if found == kind and "\0" not in key else ""

"""The stock of the cover product: one piece in every warehouse.

Saleor offers a collection point, completes a checkout with one and fulfils a line only where the
variant has a stock row, also for a variant whose inventory is not tracked (saleor.warehouse.models,
``applicable_for_click_and_collect``; saleor.order.actions, ``create_fulfillments``). As it is not
tracked, one piece is enough for every order and stays one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from saleor.product.models import ProductVariant
from saleor.warehouse.models import Allocation, Stock, Warehouse

from .cover_product import MARK, MARK_VALUE

QUANTITY = 1
_OF_COVER = {"product__product_type__private_metadata__contains": {MARK: MARK_VALUE}}


@dataclass(frozen=True, slots=True)
class UnstockedWarehouse:
    """A warehouse in which the cover product cannot be picked up or fulfilled as tickets can."""

    id: UUID
    name: str
    variant_id: int
    has_row: bool
    """True when there is a stock row with a wrong quantity, or one that orders hold pieces of."""


def unstocked() -> list[UnstockedWarehouse]:
    """Return the warehouses without a proper stock row, in one query; none before the setup."""
    rows = _unstocked().order_by("slug").values_list("pk", "name", "variant", "has_row")
    return [UnstockedWarehouse(*row) for row in rows]


def stock_up() -> int:
    """Give every warehouse its proper row; return how many lacked it. One query when none does."""
    missing = unstocked()
    if not missing:
        return 0
    for variant_id in {warehouse.variant_id for warehouse in missing}:
        _stock_up(variant_id, [each.id for each in missing if each.variant_id == variant_id])
    return len(missing)


def names() -> Iterator[str]:
    """Yield the name of every warehouse, sorted by slug."""
    yield from Warehouse.objects.order_by("slug").values_list("name", flat=True)


def remove_stock() -> int:
    """Take the rows away; return how many there were."""
    count, _ = Stock.objects.filter(
        product_variant__product__product_type__private_metadata__contains={MARK: MARK_VALUE}
    ).delete()
    return int(count)


def _unstocked() -> QuerySet[Any]:
    variants = ProductVariant.objects.filter(**_OF_COVER).order_by("pk")
    rows = Stock.objects.filter(
        warehouse_id=OuterRef("pk"), product_variant_id=OuterRef("variant")
    ).order_by()
    # An order made while tracking was on, or brought in in bulk, holds a piece for itself.
    held = Allocation.objects.filter(stock_id=OuterRef("pk"), quantity_allocated__gt=0).order_by()
    proper = rows.filter(
        ~Exists(held),
        quantity=QUANTITY,
        quantity_allocated=0,
        product_variant__track_inventory=False,
    )
    return (
        Warehouse.objects.annotate(
            variant=Subquery(variants.values("pk")[:1]), has_row=Exists(rows)
        )
        .filter(~Exists(proper))
        .exclude(variant=None)
    )


def _stock_up(variant_id: int, warehouse_ids: list[UUID]) -> None:
    ProductVariant.objects.filter(pk=variant_id, track_inventory=True).update(track_inventory=False)
    Stock.objects.bulk_create(
        [
            Stock(warehouse_id=pk, product_variant_id=variant_id, quantity=QUANTITY)
            for pk in warehouse_ids
        ],
        ignore_conflicts=True,
    )
    stocks = Stock.objects.filter(warehouse_id__in=warehouse_ids, product_variant_id=variant_id)
    Allocation.objects.filter(stock__in=stocks).delete()
    stocks.update(quantity=QUANTITY, quantity_allocated=0)

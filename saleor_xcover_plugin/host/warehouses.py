"""Keep one piece of the cover product in stock in every warehouse.

Saleor offers a collection point, completes a checkout with it, and fulfils a line there only if the
variant has a stock row, even if its inventory is not tracked (saleor.warehouse.models,
``applicable_for_click_and_collect``; saleor.order.actions, ``create_fulfillments``). Because it is
not tracked, the one piece is never used up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from saleor.product.models import ProductVariant
from saleor.warehouse.models import Allocation, Stock, Warehouse

from .cover_product import MARK, MARK_VALUE

QUANTITY = 1
"""Pieces of the cover in each warehouse."""

_OF_COVER = {"product__product_type__private_metadata__contains": {MARK: MARK_VALUE}}


@dataclass(frozen=True, slots=True)
class UnstockedWarehouse:
    """Warehouse without the proper stock row of the cover product."""

    id: UUID
    """Primary key of the warehouse."""
    name: str
    variant_id: int
    """Primary key of the cover variant."""
    has_row: bool
    """True if there is a stock row, but with a wrong quantity or with allocated pieces."""


def unstocked() -> list[UnstockedWarehouse]:
    """Return the warehouses without a proper stock row; none before ``xcover_setup``.

    The row has ``QUANTITY`` pieces, none of them allocated, and the variant is not tracked.
    """
    somewhere = Exists(
        Warehouse.objects.filter(~Exists(_proper(OuterRef("pk"), OuterRef(OuterRef("pk")))))
    )
    lacking = ProductVariant.objects.filter(somewhere, **_OF_COVER).order_by("pk")
    return [
        UnstockedWarehouse(pk, name, variant_id, has_row)
        for variant_id in lacking.values_list("pk", flat=True)
        for pk, name, has_row in _warehouses_without(variant_id)
    ]


def stock_up() -> int:
    """Create or correct the stock row of every warehouse; return how many lacked it.

    Takes one query when nothing is missing.
    """
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
    """Delete all stock rows of the cover product; return how many rows were deleted."""
    count, _ = Stock.objects.filter(
        product_variant__product__product_type__private_metadata__contains={MARK: MARK_VALUE}
    ).delete()
    return int(count)


def _proper(warehouse: Any, variant: Any) -> QuerySet[Any]:
    """Return the proper stock row; both are keys, or references to them in an outer query."""
    # An order made while tracking was on, or imported in bulk, has a piece allocated.
    allocated = Allocation.objects.filter(
        stock_id=OuterRef("pk"), quantity_allocated__gt=0
    ).order_by()
    rows = Stock.objects.filter(
        ~Exists(allocated),
        warehouse_id=warehouse,
        product_variant_id=variant,
        quantity=QUANTITY,
        quantity_allocated=0,
        product_variant__track_inventory=False,
    )
    return rows.order_by()


def _warehouses_without(variant_id: int) -> QuerySet[Any]:
    """Return key and name of warehouses without a proper row, and whether they have any."""
    rows = Stock.objects.filter(warehouse_id=OuterRef("pk"), product_variant_id=variant_id)
    lacking = Warehouse.objects.filter(~Exists(_proper(OuterRef("pk"), variant_id)))
    found = lacking.annotate(has_row=Exists(rows.order_by())).order_by("slug")
    return found.values_list("pk", "name", "has_row")


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

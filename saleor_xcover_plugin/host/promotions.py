"""Find promotions and vouchers that reduce the price of the cover product; none should."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from saleor.discount.models import PromotionRule, Voucher
from saleor.product.models import ProductVariant


def touching(variant_id: int, channel_id: int, now: datetime) -> list[str]:
    """Return the names of promotions and vouchers that reduce this variant now or will later.

    Those that ended before ``now`` are left out.
    """
    variant = ProductVariant.objects.select_related("product").get(pk=variant_id)
    product = variant.product
    rules = PromotionRule.objects.filter(
        not_over("promotion__", now), variants=variant, channels=channel_id
    )
    named = Q(variants=variant) | Q(products=product)
    named |= Q(collections__in=product.collections.all())
    if product.category_id is not None:
        named |= Q(categories=product.category_id)
    vouchers = Voucher.objects.filter(not_over("", now), named, _listed_in(channel_id))
    return [
        *(f"promotion {name}" for name in _names(rules.order_by(), "promotion__name")),
        *(f"voucher {name or 'without a name'}" for name in _names(vouchers.order_by(), "name")),
    ]


def not_over(prefix: str, now: datetime | Now) -> Q:
    """Return the condition that a promotion or voucher runs now or will run later.

    ``prefix`` leads from the query's model to it, such as ``promotion__``.
    """
    return Q(**{f"{prefix}end_date": None}) | Q(**{f"{prefix}end_date__gte": now})


def _listed_in(channel_id: int) -> Q:
    return Q(channel_listings__channel_id=channel_id)


def _names(rows: Any, column: str) -> list[str]:
    return sorted({str(name or "") for name in rows.values_list(column, flat=True)})

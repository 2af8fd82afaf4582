"""Tell when only a trial can show what the cover line would cost in a checkout.

Saleor prices each line for itself, unless a discount, a gift or shipping depends on the whole. So
beside none of these the line costs its price, and nothing else changes, if its tax class is free of
tax where the buyer is, no promotion reduces the cover product, and no promotion can begin because
the order grows (saleor.checkout.calculations, saleor.tax.calculations.checkout).
"""

from __future__ import annotations

import uuid
from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce, Now
from saleor.checkout.models import Checkout
from saleor.discount import PromotionType
from saleor.discount.models import PromotionRule
from saleor.product.models import ProductVariant, ProductVariantChannelListing
from saleor.tax.models import TaxClassCountryRate

from ..compiled_query import KEY, CompiledQuery
from .checkouts import tax_country
from .cover_product import sellable
from .promotions import not_over
from .values import CheckoutSnapshot


def is_needed(state: CheckoutSnapshot) -> bool:
    """Return True unless the cover line is sure to cost its price and to change nothing else."""
    if state.needs_proof or state.facts.is_taxed_by_app:
        return True
    found = _found(state.token)
    return not (found["is_cover_untaxed"] and found["is_unpromoted"])


def is_cover_untaxed(token: uuid.UUID) -> bool:
    """Return True if the cover is free of tax where the buyer of the checkout is taxed."""
    return bool(_found(token)["is_cover_untaxed"])


def _found(token: uuid.UUID) -> dict[str, Any]:
    rows = _conditions().rows(token)
    return dict(rows[0]) if rows else {"is_cover_untaxed": False, "is_unpromoted": False}


@cache
def _conditions() -> CompiledQuery:
    listings = ProductVariantChannelListing.objects.filter(channel_id=OuterRef("channel_id"))
    running = PromotionRule.objects.filter(not_over("promotion__", Now()))
    of_orders = running.filter(promotion__type=PromotionType.ORDER)
    on_orders = of_orders.filter(channels=OuterRef("channel_id"))
    on_cover = running.filter(variants=OuterRef("cover_variant"))
    checkouts = Checkout.objects.filter(pk=KEY).annotate(
        cover_variant=Subquery(sellable(listings).values("variant_id")[:1]),
        is_cover_untaxed=Exists(_zero_rate()),
        is_unpromoted=~Exists(on_orders) & ~Exists(on_cover),
    )
    return CompiledQuery(checkouts.order_by().values("is_cover_untaxed", "is_unpromoted"))


def _zero_rate() -> Any:
    """Return the zero rate of the cover's tax class where the buyer of a checkout is taxed."""
    own = Coalesce("product__tax_class_id", "product__product_type__tax_class_id")
    cover = ProductVariant.objects.filter(pk=OuterRef(OuterRef("cover_variant")))
    return TaxClassCountryRate.objects.filter(
        tax_class_id=Subquery(cover.values(found=own)), country=tax_country(), rate=0
    )

"""Tell when only a trial can show what the cover line would cost in a checkout.

Saleor prices each line for itself, unless a discount, a gift or shipping depends on the whole. So
beside none of these the line costs its price, and nothing else changes, if its tax class is free of
tax where the buyer is, no promotion reduces the cover product, and no promotion can begin because
the order grows (saleor.checkout.calculations, saleor.tax.calculations.checkout).
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from saleor.checkout.models import Checkout
from saleor.discount import PromotionType
from saleor.discount.models import PromotionRule
from saleor.product.models import ProductVariant
from saleor.tax.models import TaxClassCountryRate

from .checkouts import tax_country
from .promotions import not_over
from .values import CheckoutSnapshot


def is_needed(state: CheckoutSnapshot, variant_id: int, now: datetime) -> bool:
    """Return True unless the cover line is sure to cost its price and to change nothing else.

    ``state`` is a checkout whose taxes no app calculates, ``variant_id`` the cover's variant.
    ``now`` is in UTC.
    """
    return state.needs_proof or not _prices_lines_alone(state.token, variant_id, now)


def _prices_lines_alone(token: uuid.UUID, variant_id: int, now: datetime) -> bool:
    running = PromotionRule.objects.filter(not_over("promotion__", now))
    on_orders = running.filter(promotion__type=PromotionType.ORDER, channels=OuterRef("channel_id"))
    found = Checkout.objects.filter(
        Exists(_zero_rate(variant_id)),
        ~Exists(on_orders),
        ~Exists(running.filter(variants=variant_id)),
        pk=token,
    )
    return found.exists()


def _zero_rate(variant_id: int) -> Any:
    """Return the zero rate of the cover's tax class where the buyer of a checkout is taxed."""
    own = Coalesce("product__tax_class_id", "product__product_type__tax_class_id")
    tax_class = ProductVariant.objects.filter(pk=variant_id).values(found=own)
    return TaxClassCountryRate.objects.filter(
        tax_class_id=Subquery(tax_class), country=tax_country(), rate=0
    )

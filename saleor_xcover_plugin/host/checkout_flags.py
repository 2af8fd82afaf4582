"""Discounts and taxes of a checkout, asked where it is read."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Now, NullIf
from saleor.discount import DiscountType, DiscountValueType, VoucherType
from saleor.discount.models import CheckoutDiscount, VoucherCode
from saleor.tax import TaxCalculationStrategy
from saleor.tax.models import TaxConfiguration, TaxConfigurationPerCountry

from ..domain.premium import OrderDiscount
from .prepared import Row


def with_flags(checkouts: QuerySet[Any]) -> QuerySet[Any]:
    """Answer what taxes and promotions there are in the query of the checkout itself.

    With as few queries inside as there can be: PostgreSQL plans each longer than it runs.
    """
    promotions = CheckoutDiscount.objects.filter(
        checkout_id=OuterRef("pk"), type=DiscountType.ORDER_PROMOTION
    )
    return checkouts.annotate(
        tax_strategy=_tax_strategy(),
        # Saleor compares with the time now as well, not with one that is passed in.
        has_stale_prices=Q(price_expiration__lte=Now()),
        promotions=ArraySubquery(promotions.order_by().values("value_type")),
    )


def with_voucher_flags(checkouts: QuerySet[Any]) -> QuerySet[Any]:
    """Answer what the voucher of a checkout with one does to the cover line.

    A query of its own, as that of the money is: PostgreSQL plans each longer than it runs.
    """
    # Vouchers that reach the cover line: everything but shipping and named products.
    narrow = Q(voucher__type=VoucherType.SHIPPING) | (
        Q(voucher__type=VoucherType.SPECIFIC_PRODUCT)
        & (
            Q(voucher__products__isnull=False)
            | Q(voucher__variants__isnull=False)
            | Q(voucher__collections__isnull=False)
            | Q(voucher__categories__isnull=False)
        )
    )
    codes = VoucherCode.objects.filter(code=OuterRef("voucher_code"))
    percentage = Q(
        voucher__type=VoucherType.ENTIRE_ORDER,
        voucher__discount_value_type=DiscountValueType.PERCENTAGE,
        voucher__apply_once_per_order=False,
    )
    return checkouts.annotate(
        has_wide_voucher=Exists(codes) & ~Exists(codes.filter(narrow)),
        has_percentage_voucher=Exists(codes.filter(percentage)),
    )


def is_taxed_by_app(checkout: Row) -> bool:
    """Whether an app or a plugin calculates the taxes of a checkout with its flags."""
    return bool(checkout["tax_strategy"] == TaxCalculationStrategy.TAX_APP)


def _tax_strategy() -> Coalesce:
    """How taxes are calculated, in a query over checkouts; empty where Saleor names no way.

    Saleor asks for the country of the shipping address first, and a country with settings of its
    own inherits nothing from its channel (saleor.tax.utils, get_tax_calculation_strategy).
    """
    strategy = Coalesce("tax_calculation_strategy", Value(""))
    here = TaxConfigurationPerCountry.objects.filter(
        tax_configuration__channel_id=OuterRef("channel_id"), country=_tax_country()
    )
    channel = TaxConfiguration.objects.filter(channel_id=OuterRef("channel_id"))
    found = [
        Subquery(each.order_by().annotate(strategy=strategy).values("strategy")[:1])
        for each in (here, channel)
    ]
    return Coalesce(*found, Value(""))


def _tax_country() -> Coalesce:
    addresses = ("shipping_address__country", "billing_address__country")
    return Coalesce(*[NullIf(OuterRef(name), Value("")) for name in addresses])


def order_discount(checkout: Row, voucher: Row) -> OrderDiscount:
    """Judge what lowers the whole order by the flags; ``voucher`` is empty when there is none."""
    has_wide_voucher = voucher.get("has_wide_voucher", False)
    promotions = checkout["promotions"]
    is_other = (promotions and DiscountValueType.PERCENTAGE not in promotions) or (
        has_wide_voucher and not voucher["has_percentage_voucher"]
    )
    if is_other:
        return OrderDiscount.OTHER
    is_discounted = promotions or has_wide_voucher
    return OrderDiscount.PERCENTAGE if is_discounted else OrderDiscount.NONE

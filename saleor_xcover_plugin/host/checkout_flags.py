"""Money, discounts and taxes of a checkout, asked where it is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Now, NullIf
from saleor.discount import DiscountType, DiscountValueType, VoucherType
from saleor.discount.models import CheckoutDiscount, VoucherCode
from saleor.payment import TransactionEventType
from saleor.payment.models import Payment, TransactionEvent, TransactionItem
from saleor.tax import TaxCalculationStrategy
from saleor.tax.models import TaxConfiguration, TaxConfigurationPerCountry

from ..domain.premium import OrderDiscount

_GIVEN_UP = timedelta(hours=1)


def with_flags(checkouts: QuerySet[Any]) -> QuerySet[Any]:
    """Answer what money, taxes and promotions there are in the query of the checkout itself."""
    money = (
        Q(authorized_value__gt=0)
        | Q(charged_value__gt=0)
        | Q(authorize_pending_value__gt=0)
        | Q(charge_pending_value__gt=0)
    )
    promotions = CheckoutDiscount.objects.filter(
        checkout_id=OuterRef("pk"), type=DiscountType.ORDER_PROMOTION
    )
    return checkouts.annotate(
        is_taxed_by_app=_is_taxed_by_app(),
        # Saleor compares with the time now as well, not with one that is passed in.
        has_stale_prices=Q(price_expiration__lte=Now()),
        has_transaction_money=Exists(
            TransactionItem.objects.filter(
                money | Exists(_unanswered()), checkout_id=OuterRef("pk")
            )
        ),
        has_payment_money=Exists(
            Payment.objects.filter(
                Q(captured_amount__gt=0) | Q(transactions__is_success=True) | Q(to_confirm=True),
                checkout_id=OuterRef("pk"),
                is_active=True,
            )
        ),
        has_promotion=Exists(promotions),
        has_percentage_promotion=Exists(promotions.filter(value_type=DiscountValueType.PERCENTAGE)),
    )


def with_voucher_flags(checkouts: QuerySet[Any]) -> QuerySet[Any]:
    """Answer what the voucher of a checkout with one does to the cover line.

    A query of its own: to plan it costs PostgreSQL more than all the other flags.
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


def _is_taxed_by_app() -> Any:
    """Whether an app or a plugin calculates the taxes of a checkout in a query over checkouts.

    Saleor asks for the country of the shipping address first, and a country with settings of its
    own inherits nothing from its channel (saleor.tax.utils, get_tax_calculation_strategy).
    """
    here = TaxConfigurationPerCountry.objects.filter(
        tax_configuration__channel_id=OuterRef("channel_id"), country=_tax_country()
    )
    channel = TaxConfiguration.objects.filter(channel_id=OuterRef("channel_id"))
    by_app = Q(tax_calculation_strategy=TaxCalculationStrategy.TAX_APP)
    return Exists(here.filter(by_app)) | (~Exists(here) & Exists(channel.filter(by_app)))


def _tax_country() -> Coalesce:
    addresses = ("shipping_address__country", "billing_address__country")
    return Coalesce(*[NullIf(OuterRef(name), Value("")) for name in addresses])


def order_discount(checkout: Mapping[str, Any], voucher: Mapping[str, Any]) -> OrderDiscount:
    """Judge what lowers the whole order by the flags; ``voucher`` is empty when there is none."""
    has_wide_voucher = voucher.get("has_wide_voucher", False)
    is_other = (checkout["has_promotion"] and not checkout["has_percentage_promotion"]) or (
        has_wide_voucher and not voucher["has_percentage_voucher"]
    )
    if is_other:
        return OrderDiscount.OTHER
    is_discounted = checkout["has_promotion"] or has_wide_voucher
    return OrderDiscount.PERCENTAGE if is_discounted else OrderDiscount.NONE


def _unanswered() -> QuerySet[Any]:
    """A payment the shopper is in the middle of (3-D Secure): neither done nor failed.

    A request and its failure may both be without reference: the payment app gave none. One that
    got no answer at all is given up after an hour; its worker died.
    """
    kinds = TransactionEventType
    reference = Coalesce("psp_reference", Value(""))
    answered = TransactionEvent.objects.annotate(reference=reference).filter(
        transaction_id=OuterRef("transaction_id"),
        reference=OuterRef("reference"),
        type__in=[
            kinds.AUTHORIZATION_SUCCESS,
            kinds.AUTHORIZATION_FAILURE,
            kinds.CHARGE_SUCCESS,
            kinds.CHARGE_FAILURE,
            kinds.CANCEL_SUCCESS,
        ],
    )
    return TransactionEvent.objects.annotate(reference=reference).filter(
        ~Q(reference="") | Q(created_at__gt=Now() - _GIVEN_UP),
        ~Exists(answered),
        transaction_id=OuterRef("pk"),
        type__in=[
            kinds.AUTHORIZATION_REQUEST,
            kinds.AUTHORIZATION_ACTION_REQUIRED,
            kinds.CHARGE_REQUEST,
            kinds.CHARGE_ACTION_REQUIRED,
        ],
    )

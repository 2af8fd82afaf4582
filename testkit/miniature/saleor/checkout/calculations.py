"""Prices with one percentage voucher, one gift card and no taxes. They are valid for an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from promise import Promise

from ..core.prices import quantize_price
from ..payment import ChargeStatus
from .fetch import CheckoutInfo, CheckoutLineInfo
from .models import CheckoutLine

PRICES_TTL = timedelta(hours=1)


def subtotal_before_discount(lines: list[CheckoutLineInfo]) -> Decimal:
    return sum((info.base_total for info in lines), Decimal(0))


def fetch_checkout_data(
    checkout_info: CheckoutInfo,
    manager: Any,
    lines: list[CheckoutLineInfo],
    *,
    requestor: Any = None,
    force_update: bool = False,
    allow_sync_webhooks: bool = True,
) -> Promise:
    """Price the checkout again if its prices have expired; promise ``(checkout_info, lines)``.

    A line that is added while the prices are valid stays at 0.00, as in Saleor.
    """
    if force_update or checkout_info.checkout.price_expiration <= timezone.now():
        _recalculate(checkout_info, lines)
    return Promise.resolve((checkout_info, lines))


@dataclass(frozen=True, slots=True)
class _Amount:
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Gross:
    gross: _Amount


def calculate_checkout_total_with_gift_cards(
    manager: Any,
    checkout_info: CheckoutInfo,
    lines: list[CheckoutLineInfo],
    *,
    allow_sync_webhooks: bool = True,
) -> _Gross:
    """Return the total, from which gift cards are already subtracted."""
    fetch_checkout_data(checkout_info, manager, lines).get()
    return _Gross(_Amount(checkout_info.checkout.total_gross_amount))


def _recalculate(checkout_info: CheckoutInfo, lines: list[CheckoutLineInfo]) -> None:
    checkout = checkout_info.checkout
    before = subtotal_before_discount(lines)
    left = discount = min(checkout.discount_amount, before)
    for index, info in enumerate(lines):
        full = info.base_total
        # The last line takes what rounding left over.
        share = quantize_price(full / before * discount, checkout.currency) if before else before
        share = left if index == len(lines) - 1 else share
        left -= share
        info.line.undiscounted_unit_price_amount = info.unit_price
        info.line.total_price_gross_amount = max(full - share, Decimal(0))
        info.line.total_price_net_amount = info.line.total_price_gross_amount
        info.line.tax_rate = Decimal(0)
    CheckoutLine.objects.bulk_update(
        [info.line for info in lines],
        [
            "undiscounted_unit_price_amount",
            "total_price_net_amount",
            "total_price_gross_amount",
            "tax_rate",
        ],
    )
    checkout.subtotal_gross_amount = before - discount
    checkout.total_gross_amount = checkout.subtotal_gross_amount - gift_card_part(checkout_info)
    checkout.price_expiration = checkout.discount_expiration = timezone.now() + PRICES_TTL
    update_charge_status(checkout)
    # Prices only: a reader holds no lock and must not write back other columns.
    fields = ("subtotal_gross_amount", "total_gross_amount", "charge_status")
    checkout.save(update_fields=[*fields, "price_expiration", "discount_expiration"])


def gift_card_part(checkout_info: CheckoutInfo) -> Decimal:
    """Return the part of the subtotal that the gift card pays."""
    cards = checkout_info.checkout.gift_cards.all()
    balance = sum((card.current_balance_amount for card in cards), Decimal(0))
    return min(balance, checkout_info.checkout.subtotal_gross_amount)


def update_charge_status(checkout: Any) -> None:
    """Set the charge status from the transactions and the total; the caller saves."""
    charged = sum((item.charged_value for item in checkout.payment_transactions.all()), Decimal(0))
    checkout.charge_status = charge_status(charged, checkout.total_gross_amount)
    if not checkout.lines.exists():
        checkout.charge_status = ChargeStatus.NONE


def is_authorized(checkout: Any) -> bool:
    """Return True if authorized and charged amounts cover the total, as Saleor requires."""
    items = checkout.payment_transactions.all()
    covered = sum((item.charged_value + item.authorized_value for item in items), Decimal(0))
    return bool(covered >= checkout.total_gross_amount)


def charge_status(charged: Decimal, total: Decimal) -> str:
    if charged == total:
        return ChargeStatus.FULL
    if charged <= 0:
        return ChargeStatus.NONE
    return ChargeStatus.PARTIAL if charged < total else ChargeStatus.OVERCHARGED

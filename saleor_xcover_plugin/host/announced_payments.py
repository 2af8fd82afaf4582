"""Keep payments that took no money yet in line with the total of their checkout.

These are payments of the legacy flow (``checkoutPaymentCreate``). Such a payment announces the
total at the time it was created. When the order is made, Saleor charges the full amount of the
active payment, even if the order costs less by then. Without an active payment it refuses the order
(``CHECKOUT_NOT_FULLY_PAID``) and charges nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from saleor.checkout.calculations import calculate_checkout_total_with_gift_cards
from saleor.checkout.fetch import fetch_checkout_info, fetch_checkout_lines
from saleor.payment.models import Payment
from saleor.plugins.manager import get_plugins_manager

from .checkouts import HAS_BEGUN
from .compat import call_with_known, price_checkout

CANCELLED_KEY = "xcover.cancelled"
"""Private metadata key of a payment that we cancelled because the total of its checkout changed."""


def follow_total(checkout: Any) -> None:
    """Keep a payment active only while the checkout costs what the payment announces.

    Call it after a cover line or a yes was added, changed or removed, with the checkout locked. A
    payment of another total is cancelled. A payment that was cancelled here is active again once
    the checkout costs that much again, unless another was created since. Payments that took money
    are left alone, and so are all payments while Saleor completes the checkout.
    """
    if checkout.is_checkout_locked():
        return
    payments = _announced(checkout)
    if not payments:
        return
    amount = _amount_to_pay(checkout)
    for payment in payments:
        if payment.total != amount:
            _cancel(payment)
        elif not payment.is_active:
            _resume(payment)


def _announced(checkout: Any) -> list[Any]:
    """Lock and return the active payments that took no money, or the last one if we cancelled it.

    Payments that another session has locked are being processed and are left out.
    """
    payments = Payment.objects.filter(checkout_id=checkout.pk, order_id=None).order_by("-pk")
    begun = payments.filter(HAS_BEGUN).values("pk")
    untouched = payments.exclude(pk__in=begun).select_for_update(skip_locked=True, of=("self",))
    active = list(untouched.filter(is_active=True))
    if active:
        return active
    last = payments.values("pk")[:1]
    return list(untouched.filter(pk__in=last, private_metadata__has_key=CANCELLED_KEY))


def _cancel(payment: Any) -> None:
    if payment.is_active:
        payment.is_active = False
        payment.private_metadata = {**(payment.private_metadata or {}), CANCELLED_KEY: "true"}
        payment.save(update_fields=["is_active", "private_metadata"])


def _resume(payment: Any) -> None:
    payment.is_active = True
    del payment.private_metadata[CANCELLED_KEY]
    payment.save(update_fields=["is_active", "private_metadata"])


def _amount_to_pay(checkout: Any) -> Decimal | None:
    """Return what Saleor would charge for the checkout now, gross; change nothing.

    Return None when a tax app calculates the taxes: apps are not called here.
    """
    with transaction.atomic():
        amount = _priced(checkout)
        transaction.set_rollback(True)
    checkout.refresh_from_db()
    return amount


def _priced(checkout: Any) -> Decimal | None:
    lines, _ = fetch_checkout_lines(checkout)
    if not lines:
        return Decimal(0)
    manager = get_plugins_manager(allow_replica=False)
    info = fetch_checkout_info(checkout, lines, manager)
    info, lines = price_checkout(info, lines, manager)
    if info.checkout.price_expiration <= timezone.now():
        return None
    total = call_with_known(
        calculate_checkout_total_with_gift_cards,
        manager=manager,
        checkout_info=info,
        lines=lines,
        address=None,  # up to 3.22; used only when Saleor recalculates
        allow_sync_webhooks=False,
    )
    amount: Decimal = total.gross.amount
    return amount

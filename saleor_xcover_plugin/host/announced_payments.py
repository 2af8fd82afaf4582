"""Payments of the legacy flow that took no money yet (``checkoutPaymentCreate``).

Such a payment announces what the checkout cost when it was created. Saleor charges the whole of
the active one when the order is made, also where the order costs less by then. Without an active
one it refuses the order (``CHECKOUT_NOT_FULLY_PAID``), and nothing is charged.
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
"""In the private metadata of a payment: we cancelled it, for the checkout cost something else."""


def follow_total(checkout: Any) -> None:
    """Keep a payment active only while the checkout costs what the payment announces.

    To be called wherever a cover line or a yes came, changed or went. A payment of another total is
    cancelled. One that was cancelled here is active again once the checkout costs that much again,
    unless another was created since. A payment that took money is left alone, and so is every
    payment while Saleor completes the checkout. The caller holds the checkout's lock.
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
    """Return the active payments that took no money, or the last one if we cancelled it.

    One that somebody else holds is being processed right now: it is not waited for.
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
    """Return what Saleor would take for the checkout now, and change nothing.

    None where only an app knows the taxes: it is not asked here.
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
        address=None,  # up to 3.22; needed to price anew only
        allow_sync_webhooks=False,
    )
    amount: Decimal = total.gross.amount
    return amount

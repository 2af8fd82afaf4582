"""How much money went back to the buyer, in both payment flows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Sum
from saleor.payment import TransactionKind
from saleor.payment.models import Transaction, TransactionItem


def refunded_amount(order: Any) -> Decimal:
    """Sum of all money given back, gross, in the order's currency.

    Neither ``charge_status`` nor granted refunds tell it: granted amounts are intentions, and
    Saleor subtracts them from the total.
    """
    transactions = TransactionItem.objects.filter(order_id=order.pk).aggregate(
        value=Sum("refunded_value")
    )["value"]
    legacy = Transaction.objects.filter(
        payment__order_id=order.pk, kind=TransactionKind.REFUND, is_success=True
    ).aggregate(value=Sum("amount"))["value"]
    return (transactions or Decimal(0)) + (legacy or Decimal(0))

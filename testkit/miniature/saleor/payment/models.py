import uuid

from django.db import models
from django.utils import timezone

from ..core.models import ModelWithMetadata, amount, currency


class Payment(ModelWithMetadata):
    """A payment of the legacy flow."""

    gateway = models.CharField(max_length=255)
    is_active = models.BooleanField(default=True)
    to_confirm = models.BooleanField(default=False)
    total = amount()
    captured_amount = amount()
    currency = currency()
    checkout = models.ForeignKey(
        "checkout.Checkout", null=True, related_name="payments", on_delete=models.SET_NULL
    )
    order = models.ForeignKey(
        "order.Order", null=True, related_name="payments", on_delete=models.PROTECT
    )


class Transaction(models.Model):
    """A transaction of a legacy payment."""

    payment = models.ForeignKey(Payment, related_name="transactions", on_delete=models.PROTECT)
    kind = models.CharField(max_length=25)
    is_success = models.BooleanField(default=False)
    amount = amount()
    currency = currency()


class TransactionItem(models.Model):
    """A transaction of a payment app."""

    token = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=512, blank=True, default="")
    psp_reference = models.CharField(max_length=512, null=True)
    currency = currency()
    charged_value = amount()
    authorized_value = amount()
    refunded_value = amount()
    authorize_pending_value = amount()
    charge_pending_value = amount()
    checkout = models.ForeignKey(
        "checkout.Checkout",
        null=True,
        related_name="payment_transactions",
        on_delete=models.SET_NULL,
    )
    order = models.ForeignKey(
        "order.Order", null=True, related_name="payment_transactions", on_delete=models.PROTECT
    )


class TransactionEvent(models.Model):
    transaction = models.ForeignKey(
        TransactionItem, related_name="events", on_delete=models.CASCADE
    )
    created_at = models.DateTimeField(default=timezone.now)
    type = models.CharField(max_length=128)
    psp_reference = models.CharField(max_length=512, null=True)
    amount_value = amount()
    currency = currency()
    include_in_calculations = models.BooleanField(default=True)
    related_granted_refund = models.ForeignKey(
        "order.OrderGrantedRefund",
        related_name="transaction_events",
        null=True,
        on_delete=models.SET_NULL,
    )

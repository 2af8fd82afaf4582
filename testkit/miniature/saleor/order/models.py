from django.db import models
from django.utils import timezone

from ..account.models import Address, User
from ..channel.models import Channel
from ..core.models import ModelWithMetadata, amount, currency, uuid_key
from ..giftcard.models import GiftCard
from ..payment import ChargeStatus
from ..payment.models import TransactionItem
from ..product.models import ProductVariant
from . import OrderGrantedRefundStatus, OrderOrigin, OrderStatus


class OrderNumber(models.Model):
    """One row per order, whose key is the order's number."""


def next_number() -> int:
    return int(OrderNumber.objects.create().pk)


class Order(ModelWithMetadata):
    id = uuid_key()
    number = models.IntegerField(unique=True, default=next_number, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)
    status = models.CharField(max_length=32, default=OrderStatus.UNFULFILLED)
    charge_status = models.CharField(max_length=32, default=ChargeStatus.NONE)
    origin = models.CharField(max_length=32, default=OrderOrigin.CHECKOUT)
    channel = models.ForeignKey(Channel, related_name="orders", on_delete=models.PROTECT)
    checkout_token = models.CharField(max_length=36, blank=True, default="")
    user = models.ForeignKey(User, related_name="+", null=True, on_delete=models.SET_NULL)
    user_email = models.EmailField(blank=True, default="")
    billing_address = models.ForeignKey(
        Address, related_name="+", null=True, on_delete=models.SET_NULL
    )
    shipping_address = models.ForeignKey(
        Address, related_name="+", null=True, on_delete=models.SET_NULL
    )
    gift_cards = models.ManyToManyField(GiftCard, related_name="orders")
    currency = currency()
    voucher_code = models.CharField(max_length=255, null=True)
    total_gross_amount = amount()
    shipping_price_gross_amount = amount()
    undiscounted_total_gross_amount = amount()
    total_authorized_amount = amount()
    total_charged_amount = amount()

    def is_fully_paid(self) -> bool:
        return bool(self.total_charged_amount >= self.total_gross_amount)


class OrderLine(ModelWithMetadata):
    id = uuid_key()
    order = models.ForeignKey(Order, related_name="lines", on_delete=models.CASCADE)
    variant = models.ForeignKey(
        ProductVariant, related_name="order_lines", null=True, on_delete=models.SET_NULL
    )
    product_name = models.CharField(max_length=386, default="")
    product_sku = models.CharField(max_length=255, null=True)
    product_variant_id = models.CharField(max_length=255, null=True)
    quantity = models.IntegerField()
    quantity_fulfilled = models.IntegerField(default=0)
    is_gift = models.BooleanField(default=False)
    is_price_overridden = models.BooleanField(default=False)
    currency = currency()
    unit_price_gross_amount = amount()
    undiscounted_unit_price_gross_amount = amount()
    total_price_gross_amount = amount()
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("position",)


class OrderGrantedRefund(models.Model):
    order = models.ForeignKey(Order, related_name="granted_refunds", on_delete=models.CASCADE)
    amount_value = amount()
    currency = currency()
    reason = models.TextField(blank=True, default="")
    shipping_costs_included = models.BooleanField(default=False)
    transaction_item = models.ForeignKey(TransactionItem, null=True, on_delete=models.SET_NULL)
    status = models.CharField(max_length=128, default=OrderGrantedRefundStatus.NONE)


class OrderGrantedRefundLine(models.Model):
    granted_refund = models.ForeignKey(
        OrderGrantedRefund, related_name="lines", on_delete=models.CASCADE
    )
    order_line = models.ForeignKey(
        OrderLine, related_name="granted_refund_lines", on_delete=models.CASCADE
    )
    quantity = models.PositiveIntegerField()


class Fulfillment(models.Model):
    """A fulfillment of an order, or its refund."""

    order = models.ForeignKey(Order, related_name="fulfillments", on_delete=models.CASCADE)
    status = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)
    total_refund_amount = amount(null=True)
    shipping_refund_amount = amount(null=True)


class FulfillmentLine(models.Model):
    fulfillment = models.ForeignKey(Fulfillment, related_name="lines", on_delete=models.CASCADE)
    order_line = models.ForeignKey(
        OrderLine, related_name="fulfillment_lines", on_delete=models.CASCADE
    )
    quantity = models.PositiveIntegerField()
    stock = models.ForeignKey("warehouse.Stock", null=True, on_delete=models.SET_NULL)


class OrderEvent(models.Model):
    order = models.ForeignKey(Order, related_name="events", on_delete=models.CASCADE)
    date = models.DateTimeField(default=timezone.now)
    type = models.CharField(max_length=255)
    parameters = models.JSONField(default=dict)

    class Meta:
        ordering = ("date", "pk")

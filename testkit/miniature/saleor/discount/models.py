import uuid

from django.db import models
from django.utils import timezone

from ..channel.models import Channel
from ..core.models import amount, currency
from ..product.models import Category, Collection, Product, ProductVariant
from . import DiscountValueType, PromotionType, VoucherType


class Voucher(models.Model):
    """A voucher. The API creates only percentages of the entire order; other columns are read."""

    type = models.CharField(max_length=20, default=VoucherType.ENTIRE_ORDER)
    name = models.CharField(max_length=255, null=True)
    discount_value_type = models.CharField(max_length=10, default=DiscountValueType.PERCENTAGE)
    apply_once_per_order = models.BooleanField(default=False)
    start_date = models.DateTimeField(default=timezone.now)
    end_date = models.DateTimeField(null=True)
    products = models.ManyToManyField(Product)
    variants = models.ManyToManyField(ProductVariant)
    collections = models.ManyToManyField(Collection)
    categories = models.ManyToManyField(Category)


class VoucherCode(models.Model):
    code = models.CharField(max_length=255, unique=True)
    voucher = models.ForeignKey(Voucher, related_name="codes", on_delete=models.CASCADE)


class VoucherChannelListing(models.Model):
    voucher = models.ForeignKey(Voucher, related_name="channel_listings", on_delete=models.CASCADE)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    discount_value = amount()
    currency = currency()


class Promotion(models.Model):
    """A promotion, which can be read but never changes a price."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=255, default=PromotionType.CATALOGUE)
    start_date = models.DateTimeField(default=timezone.now)
    end_date = models.DateTimeField(null=True)


class PromotionRule(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    promotion = models.ForeignKey(Promotion, related_name="rules", on_delete=models.CASCADE)
    channels = models.ManyToManyField(Channel)
    variants = models.ManyToManyField(ProductVariant)


class CheckoutDiscount(models.Model):
    """An order promotion of a checkout; the miniature creates none."""

    checkout = models.ForeignKey(
        "checkout.Checkout", related_name="discounts", on_delete=models.CASCADE
    )
    type = models.CharField(max_length=64)
    value_type = models.CharField(max_length=10, default=DiscountValueType.FIXED)


class CheckoutLineDiscount(models.Model):
    """A manual discount of a line, applied before discounts of the order."""

    line = models.ForeignKey(
        "checkout.CheckoutLine", related_name="discounts", on_delete=models.CASCADE
    )
    type = models.CharField(max_length=64)
    unique_type = models.CharField(max_length=64, null=True)
    value_type = models.CharField(max_length=10)
    value = amount()
    amount_value = amount()
    currency = currency()
    reason = models.TextField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["line", "unique_type"], name="unique_checkoutline_discount_type"
            ),
        )

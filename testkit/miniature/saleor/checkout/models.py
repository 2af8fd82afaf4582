from django.db import models
from django.utils import timezone

from ..account.models import Address, User
from ..channel.models import Channel
from ..core.models import ModelWithMetadata, amount, currency, uuid_key
from ..giftcard.models import GiftCard
from ..payment import ChargeStatus
from ..product.models import ProductVariant


class Checkout(models.Model):
    """A checkout. Its prices are stored in the row and valid until ``price_expiration``."""

    token = uuid_key()
    created_at = models.DateTimeField(auto_now_add=True)
    last_change = models.DateTimeField(auto_now=True)
    channel = models.ForeignKey(Channel, related_name="checkouts", on_delete=models.PROTECT)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE)
    email = models.EmailField(blank=True, null=True)
    billing_address = models.ForeignKey(
        Address, related_name="+", null=True, on_delete=models.SET_NULL
    )
    shipping_address = models.ForeignKey(
        Address, related_name="+", null=True, on_delete=models.SET_NULL
    )
    gift_cards = models.ManyToManyField(GiftCard, related_name="checkouts")
    currency = currency()
    language_code = models.CharField(max_length=35, default="en")
    voucher_code = models.CharField(max_length=255, blank=True, null=True)
    discount_amount = amount()
    discount_name = models.CharField(max_length=255, blank=True, null=True)
    total_gross_amount = amount()
    subtotal_gross_amount = amount()
    # Nothing is shipped here.
    shipping_price_net_amount = amount()
    shipping_price_gross_amount = amount()
    shipping_tax_rate = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    charge_status = models.CharField(max_length=32, default=ChargeStatus.NONE)
    price_expiration = models.DateTimeField(default=timezone.now)
    tax_error = models.CharField(max_length=255, null=True)
    discount_expiration = models.DateTimeField(default=timezone.now)
    completing_started_at = models.DateTimeField(null=True)

    def is_checkout_locked(self) -> bool:
        """Return False: unlike in Saleor, a completion holds the row lock until it ends.

        A caller that holds the lock sees no completion in progress; one without it may be wrong.
        """
        return False


class CheckoutLine(ModelWithMetadata):
    id = uuid_key()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    checkout = models.ForeignKey(Checkout, related_name="lines", on_delete=models.CASCADE)
    variant = models.ForeignKey(ProductVariant, related_name="+", on_delete=models.CASCADE)
    quantity = models.PositiveIntegerField()
    is_gift = models.BooleanField(default=False)
    currency = currency()
    price_override = amount(null=True, default=None)
    undiscounted_unit_price_amount = amount()
    total_price_net_amount = amount()
    total_price_gross_amount = amount()
    tax_rate = models.DecimalField(max_digits=5, decimal_places=4, null=True)

    class Meta:
        ordering = ("created_at", "id")


class CheckoutMetadata(ModelWithMetadata):
    checkout = models.OneToOneField(
        Checkout, related_name="metadata_storage", on_delete=models.CASCADE
    )

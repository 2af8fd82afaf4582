from django.db import models
from django_countries.fields import CountryField

from . import MarkAsPaidStrategy


class Channel(models.Model):
    name = models.CharField(max_length=250)
    slug = models.SlugField(max_length=255, unique=True)
    is_active = models.BooleanField(default=False)
    currency_code = models.CharField(max_length=3)
    default_country = CountryField()
    order_mark_as_paid_strategy = models.CharField(
        max_length=255, default=MarkAsPaidStrategy.PAYMENT_FLOW
    )
    allow_unpaid_orders = models.BooleanField(default=False)
    automatically_confirm_all_new_orders = models.BooleanField(default=True)
    use_legacy_line_discount_propagation_for_order = models.BooleanField(default=True)

from django.db import models

from ..core.models import amount, currency


class GiftCard(models.Model):
    code = models.CharField(max_length=16, unique=True)
    is_active = models.BooleanField(default=True)
    currency = currency()
    initial_balance_amount = amount()
    current_balance_amount = amount()

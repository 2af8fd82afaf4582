from django.db import models

from ..core.models import uuid_key
from ..order.models import OrderLine
from ..product.models import ProductVariant


class Warehouse(models.Model):
    id = uuid_key()
    name = models.CharField(max_length=250)
    slug = models.SlugField(max_length=255, unique=True)


class Stock(models.Model):
    """Stock of a variant, which is checked on fulfillment but not on sale."""

    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE)
    product_variant = models.ForeignKey(
        ProductVariant, related_name="stocks", on_delete=models.CASCADE
    )
    quantity = models.IntegerField(default=0)
    quantity_allocated = models.IntegerField(default=0)

    class Meta:
        unique_together = [["warehouse", "product_variant"]]


class Allocation(models.Model):
    """An allocation of stock; the miniature creates none."""

    order_line = models.ForeignKey(OrderLine, related_name="allocations", on_delete=models.CASCADE)
    stock = models.ForeignKey(Stock, related_name="allocations", on_delete=models.CASCADE)
    quantity_allocated = models.PositiveIntegerField(default=0)

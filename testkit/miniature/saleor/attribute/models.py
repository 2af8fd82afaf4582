from django.db import models

from ..product.models import Product, ProductVariant
from . import AttributeInputType


class Attribute(models.Model):
    slug = models.SlugField(max_length=250, unique=True)
    input_type = models.CharField(max_length=50, default=AttributeInputType.PLAIN_TEXT)


class AttributeValue(models.Model):
    attribute = models.ForeignKey(Attribute, related_name="values", on_delete=models.CASCADE)
    name = models.CharField(max_length=250)
    date_time = models.DateTimeField(null=True)
    plain_text = models.TextField(null=True)
    boolean = models.BooleanField(null=True)


class AssignedProductAttributeValue(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    value = models.ForeignKey(AttributeValue, on_delete=models.CASCADE)


class AssignedVariantAttribute(models.Model):
    variant = models.ForeignKey(ProductVariant, on_delete=models.CASCADE)


class AssignedVariantAttributeValue(models.Model):
    assignment = models.ForeignKey(AssignedVariantAttribute, on_delete=models.CASCADE)
    value = models.ForeignKey(AttributeValue, on_delete=models.CASCADE)

from django.db import models

from ..channel.models import Channel
from ..core.models import ModelWithMetadata, amount, currency
from ..tax.models import TaxClass
from . import ProductTypeKind


class Category(models.Model):
    name = models.CharField(max_length=250)
    slug = models.SlugField(max_length=255, unique=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE)
    # Where it stands in the tree of categories, as django-mptt numbers it.
    tree_id = models.PositiveIntegerField(default=0)
    lft = models.PositiveIntegerField(default=0)
    rght = models.PositiveIntegerField(default=0)


class Collection(models.Model):
    name = models.CharField(max_length=250)


class ProductType(ModelWithMetadata):
    name = models.CharField(max_length=250)
    slug = models.SlugField(max_length=255, unique=True)
    kind = models.CharField(max_length=32, default=ProductTypeKind.NORMAL)
    has_variants = models.BooleanField(default=True)
    is_shipping_required = models.BooleanField(default=True)
    tax_class = models.ForeignKey(TaxClass, null=True, on_delete=models.SET_NULL)


class Product(ModelWithMetadata):
    product_type = models.ForeignKey(ProductType, related_name="products", on_delete=models.CASCADE)
    name = models.CharField(max_length=250)
    slug = models.SlugField(max_length=255, unique=True)
    category = models.ForeignKey(Category, null=True, on_delete=models.SET_NULL)
    collections = models.ManyToManyField(Collection)
    tax_class = models.ForeignKey(TaxClass, null=True, on_delete=models.SET_NULL)
    default_variant = models.OneToOneField(
        "ProductVariant", null=True, on_delete=models.SET_NULL, related_name="+"
    )


class ProductVariant(ModelWithMetadata):
    product = models.ForeignKey(Product, related_name="variants", on_delete=models.CASCADE)
    sku = models.CharField(max_length=255, unique=True, null=True)
    name = models.CharField(max_length=255, blank=True)
    track_inventory = models.BooleanField(default=True)
    quantity_limit_per_customer = models.IntegerField(null=True)


class ProductChannelListing(models.Model):
    product = models.ForeignKey(Product, related_name="channel_listings", on_delete=models.CASCADE)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    currency = currency()
    is_published = models.BooleanField(default=False)
    visible_in_listings = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True)
    available_for_purchase_at = models.DateTimeField(null=True)


class ProductVariantChannelListing(models.Model):
    variant = models.ForeignKey(
        ProductVariant, related_name="channel_listings", on_delete=models.CASCADE
    )
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    currency = currency()
    price_amount = amount(null=True)
    discounted_price_amount = amount(null=True)

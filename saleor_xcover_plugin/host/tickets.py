"""Find the tickets of an event among the store's products."""

from __future__ import annotations

from saleor.product.models import Product, ProductVariant


def variants_of(product: str) -> list[str]:
    """Return the variants of a product, named by slug or key, as offers name them."""
    found = Product.objects.filter(slug=product).first()
    if found is None and product.isdigit() and len(product) < 10:
        found = Product.objects.filter(pk=int(product)).first()
    if found is None:
        return []
    keys = ProductVariant.objects.filter(product_id=found.pk).order_by("pk")
    return [str(key) for key in keys.values_list("pk", flat=True)]

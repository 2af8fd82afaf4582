"""Check that limits on offers name what the store has: a misspelt one excludes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...config.fields import label_of
from ...config.settings import PluginSettings
from ...host import listings
from .finding import Finding, fine, warning

_CHECK = "limits"


def check(by_channel: Mapping[str, PluginSettings]) -> Iterator[Finding]:
    """Check the exclusions of each channel that has any."""
    for slug, settings in sorted(by_channel.items()):
        limits = settings.limits
        named = {
            "products": limits.products - listings.known_products(limits.products),
            "product_types": limits.product_types - listings.known_types(limits.product_types),
            "categories": limits.categories - listings.known_categories(limits.categories),
        }
        unknown = [f"{kind}: {', '.join(sorted(names))}" for kind, names in named.items() if names]
        if unknown:
            yield warning(
                _CHECK,
                slug,
                f"{label_of('limits')} exclude what this store does not have, as slug or SKU: "
                f"{'; '.join(unknown)}. Whatever was meant is insured: correct the names.",
            )
        elif limits.products or limits.product_types or limits.categories:
            yield fine(_CHECK, slug, "Every exclusion names something.")

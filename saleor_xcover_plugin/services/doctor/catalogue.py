"""The cover product: there, taxed at zero, listed where it is sold, and reduced by nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db import transaction

from ...host import catalog, cover_product, promotions
from .finding import Finding, fine, problem

_WRONG = {"created": "is missing", "corrected": "is not as it must be"}


def look(channels: Mapping[str, int], now: datetime) -> Iterator[Finding]:
    """Try the setup and take it back: what it would touch is wrong."""
    with transaction.atomic():
        steps = catalog.provision(sorted(channels), now)
        transaction.set_rollback(True)
    wrong = [step for step in steps if step.outcome in _WRONG]
    for step in wrong:
        sentence = f"It {_WRONG[step.outcome]}: manage.py xcover_setup mends it."
        yield problem("cover product", step.what, sentence)
    if not wrong:
        yield fine("cover product", "product, tax class, listings", "As the setup made them.")
    for slug, channel_id in sorted(channels.items()):
        variant_id = cover_product.listed_variant_id(channel_id)
        if variant_id is not None:
            yield from _reductions(slug, variant_id, channel_id, now)


def _reductions(slug: str, variant_id: int, channel_id: int, now: datetime) -> Iterator[Finding]:
    found = promotions.touching(variant_id, channel_id, now)
    for name in found:
        yield problem(
            "discounts",
            slug,
            f"The {name} includes the protection. A premium must not be discounted: take the "
            "product out of it. Until then offers may be withheld.",
        )
    if not found:
        yield fine("discounts", slug, "No promotion or voucher names the protection.")

"""Check the cover product: it exists, is taxed at 0 %, listed, in stock and never discounted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain

from django.db import transaction

from ...host import catalog, configuration, cover_product, promotions, warehouses
from .finding import Finding, fine, problem, warning

_WRONG = {"created": "is missing", "corrected": "is not as it must be"}


def check(channels: Mapping[str, int], now: datetime) -> Iterator[Finding]:
    """Run the setup in a transaction that is rolled back; whatever it would change is a problem."""
    with transaction.atomic():
        taxed = configuration.with_tax_on_line(channels)
        steps = catalog.provision(sorted(channels), now, taxed)
        transaction.set_rollback(True)
    wrong = [step for step in steps if step.outcome in _WRONG]
    for step in wrong:
        sentence = f"It {_WRONG[step.outcome]}: manage.py xcover_setup mends it."
        yield problem("cover product", step.what, sentence)
    if not wrong:
        yield fine("cover product", "product, tax class, listings", "As the setup made them.")
    yield from _stock()
    for slug, channel_id in sorted(channels.items()):
        variants = cover_product.listed_variant_ids(channel_id)
        if variants:
            yield from _reductions(slug, variants, channel_id, now)


def _stock() -> Iterator[Finding]:
    """Check the stock: without it Saleor allows no pick-up and fulfils no order with a cover."""
    unstocked = warehouses.unstocked()
    for warehouse in unstocked:
        said = "The stock row is not one free piece" if warehouse.has_row else "No stock row"
        yield problem(
            "stock",
            warehouse.name,
            f"{said} of the protection: orders with it cannot be picked up there or fulfilled from "
            "there. manage.py xcover_setup mends it now, the sweep within a minute.",
        )
    count = sum(1 for _ in warehouses.names())
    if not count:
        yield warning("stock", "", "There is no warehouse: Saleor can fulfil no order.")
    elif not unstocked:
        held = "the one warehouse" if count == 1 else f"each of {count} warehouses"
        yield fine("stock", "", f"One piece of the protection in {held}.")


def _reductions(
    slug: str, variants: Iterable[int], channel_id: int, now: datetime
) -> Iterator[Finding]:
    touching = (promotions.touching(each, channel_id, now) for each in variants)
    found = dict.fromkeys(chain.from_iterable(touching))
    for name in found:
        yield problem(
            "discounts",
            slug,
            f"The {name} includes the protection. A premium must not be discounted: take the "
            "product out of it. Until then offers may be withheld.",
        )
    if not found:
        yield fine("discounts", slug, "No promotion or voucher names the protection.")

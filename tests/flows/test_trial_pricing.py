"""An offer is priced on trial only where the protection could cost more than its premium."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store, Variant
from testkit.rows import key

SendShopper = Callable[[Channel], Shopper]
Request = Callable[[Store, SendShopper, list[Variant]], int]

MOST = 20
"""Statements of a request for an offer that needs no trial."""


def request_offer(store: Store, shopper: SendShopper, variants: list[Variant]) -> int:
    """Request the offer of a new checkout with these tickets; return the number of statements."""
    from saleor_xcover_plugin.checkout.offer_request import ensure_offer
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.host import configuration

    ada = shopper(store.usd_unpaid)
    checkout = ada.create_checkout(dict.fromkeys(variants, 2))
    channel_id = int(key(store.usd_unpaid.id))
    settings = configuration.settings_of(channel_id)
    with CaptureQueriesContext(connection) as queries:
        offer = ensure_offer(uuid.UUID(str(key(checkout.id))), channel_id, settings, utc_now)
    assert offer.status == "available"
    return len(statements(queries))


def statements(queries: Any) -> list[str]:
    words = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return [one["sql"] for one in queries if not one["sql"].lstrip().upper().startswith(words)]


@pytest.mark.usefixtures("simulator")
def test_a_plain_checkout_is_offered_protection_in_few_statements(
    store: Store, shopper: SendShopper
) -> None:
    request_offer(store, shopper, [store.concert])  # what a process asks once
    # given checkouts with one kind of ticket, and with ten
    starts_at = timezone.now() + timedelta(days=60)
    others = [store.new_event(price="20.00", starts_at=starts_at) for _ in range(9)]
    one = request_offer(store, shopper, [store.concert])
    several = request_offer(store, shopper, [store.concert, *others])
    # then none was priced on trial, and lines cost no statements
    assert one <= MOST
    assert several == one


@pytest.mark.usefixtures("simulator")
@pytest.mark.parametrize("reason", ["order promotion", "promotion of the cover", "tax"])
def test_what_could_change_prices_is_tried(store: Store, shopper: SendShopper, reason: str) -> None:
    from saleor_xcover_plugin.host import cover_product

    request_offer(store, shopper, [store.concert])
    plain = request_offer(store, shopper, [store.concert])
    # given a promotion that may begin as the order grows, or that reduces the cover, or a tax on it
    channel_id = int(key(store.usd_unpaid.id))
    variant_id = cover_product.listed_variant_id(channel_id)
    if reason == "tax":
        apps.get_model("tax", "TaxClassCountryRate").objects.filter(
            tax_class__isnull=False
        ).delete()
    else:
        kind = "order" if reason == "order promotion" else "catalogue"
        promotion = apps.get_model("discount", "Promotion").objects.create(
            name="Spring", type=kind, end_date=timezone.now() + timedelta(days=1)
        )
        rule = apps.get_model("discount", "PromotionRule").objects.create(promotion=promotion)
        rule.channels.add(channel_id)
        if kind == "catalogue":
            rule.variants.add(variant_id)
    # when an offer is requested
    tried = request_offer(store, shopper, [store.concert])
    # then Saleor priced the checkout with the cover line and without it
    assert tried > plain + 5

"""What only some Saleor versions do: 3.21 has metadata that is not even empty."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]


def forget_metadata(rows: Any, column: str) -> None:
    """Put NULL into a metadata column, where this Saleor has such rows."""
    if not rows.model._meta.get_field(column).null:
        pytest.skip("metadata is never NULL in this Saleor")
    assert rows.update(**{column: None}) == 1


def test_staff_see_the_policy_in_an_order_that_had_no_metadata(
    store: Store, shopper: SendShopper, staff: Staff, work: Work
) -> None:
    from saleor.order.models import Order

    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    placed = ada.complete()
    found = Order.objects.filter(number=placed.number)
    forget_metadata(found, "private_metadata")

    staff.mark_as_paid(placed.id)
    work()

    assert found.get().private_metadata["xcover.status"] == "confirmed"


def test_storefronts_see_the_cover_in_a_checkout_that_had_no_metadata(
    store: Store, shopper: SendShopper, work: Work
) -> None:
    from saleor.checkout.models import Checkout, CheckoutMetadata

    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    offer = ada.offer()
    token = Checkout.objects.latest("created_at").pk
    assert isinstance(token, uuid.UUID)
    CheckoutMetadata.objects.get_or_create(checkout_id=token)
    found = CheckoutMetadata.objects.filter(checkout_id=token)
    forget_metadata(found, "metadata")

    ada.accept(offer)
    work()

    assert '"accepted"' in found.get().metadata["xcover"]

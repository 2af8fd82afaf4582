"""xcover_setup provisions what the cover line needs, twice as well as once."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.management.base import CommandError

from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]


def outcomes(store: Store, *arguments: str) -> dict[str, str]:
    printed = json.loads(store.command("xcover_setup", "--json", *arguments))
    return {step["what"]: step["outcome"] for step in printed["steps"]}


def test_running_it_twice_changes_nothing(store: Store) -> None:
    store.command("xcover_setup")

    assert set(outcomes(store).values()) == {"unchanged"}


def test_a_dry_run_says_what_would_be_done_and_does_not(bare_store: Store) -> None:
    channel = bare_store.new_channel("USD")
    wanted = {f"listing in {channel.slug}": "created", f"price 0 in {channel.slug}": "created"}

    for _ in range(2):
        found = outcomes(bare_store, "--dry-run", "--channel", channel.slug)
        assert {what: found[what] for what in wanted} == wanted


def test_an_unknown_channel_is_named(store: Store) -> None:
    with pytest.raises(CommandError, match="No such channel: nowhere"):
        store.command("xcover_setup", "--channel", "nowhere")


def test_what_staff_broke_is_corrected(store: Store) -> None:
    from saleor.product.models import ProductVariant, ProductVariantChannelListing
    from saleor.tax.models import TaxClassCountryRate

    variant = ProductVariant.objects.get(sku="XCOVER-TICKET-PROTECTION")
    listings = ProductVariantChannelListing.objects.filter(variant=variant)
    ProductVariant.objects.filter(pk=variant.pk).update(track_inventory=True)
    listings.update(price_amount=Decimal(5), discounted_price_amount=Decimal(5))
    TaxClassCountryRate.objects.filter(tax_class=variant.product.tax_class, country="DE").update(
        rate=19
    )

    found = outcomes(store)

    assert found["variant"] == "corrected"
    assert found["zero tax rate of every country"] == "corrected"
    variant.refresh_from_db()
    assert not variant.track_inventory
    assert set(listings.values_list("price_amount", flat=True)) == {Decimal("0.000")}


def test_a_channel_without_the_cover_product_has_no_offers(
    store: Store, shopper: SendShopper, staff: Staff, sell_insurance: Callable[[Channel], Channel]
) -> None:
    from saleor.product.models import ProductVariantChannelListing

    from testkit.client.driver import Refused

    channel = sell_insurance(store.new_channel(allow_unpaid_orders=True))
    ProductVariantChannelListing.objects.filter(
        channel__slug=channel.slug, variant__sku="XCOVER-TICKET-PROTECTION"
    ).delete()
    ada = shopper(channel)
    ada.create_checkout({store.concert: 2})

    with pytest.raises(Refused) as caught:
        ada.offer()

    assert caught.value.codes == ("not_set_up",)
    assert ada.complete().total == Decimal("200.00")


def test_removing_is_refused_while_work_is_open(
    store: Store, shopper: SendShopper, staff: Staff, work: Work
) -> None:
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    staff.mark_as_paid(ada.complete().id)

    with pytest.raises(CommandError, match="Still open"):
        store.command("xcover_setup", "--remove", "--dry-run")

    work()
    store.command("xcover_setup")
    assert outcomes(store, "--remove", "--dry-run")["product type"] == "removed"
    assert set(outcomes(store).values()) == {"unchanged"}  # it was only a dry run

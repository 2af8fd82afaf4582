"""A store's limits on offers, and how often each was the reason for none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils import timezone

from testkit.client.driver import Refused
from testkit.client.shopper import NEW_YORK, Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS

from .holding import held

SendShopper = Callable[[Channel], Shopper]
Limit = Callable[[str], None]


@pytest.fixture
def limit(staff: Staff, store: Store) -> Iterator[Limit]:
    """A function that saves the limits of the channel."""

    def save(text: str) -> None:
        staff.configure_plugin(store.usd, {"limits": text})

    yield save
    save("")


@pytest.fixture
def buyer(shopper: SendShopper, store: Store) -> Shopper:
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2}, billing=NEW_YORK)
    return ada


def refusal(buyer: Shopper) -> tuple[str, list[str]]:
    with pytest.raises(Refused) as refused:
        buyer.offer()
    (error,) = refused.value.errors
    return refused.value.codes[0], error["fields"]


def refusals() -> dict[str, int]:
    out = StringIO()
    call_command("xcover_report", "--json", stdout=out)
    found: list[dict[str, Any]] = json.loads(out.getvalue())["refusals"]
    return {each["code"]: each["requests"] for each in found}


@pytest.mark.parametrize(
    ("text", "code", "fields"),
    [
        ("ticket_price: {maximum: 99.99}", "ticket_price_too_high", []),
        ("ticket_price: {minimum: 100.01}", "ticket_price_too_low", []),
        ("insured_value: {per_order: 199.99}", "insured_value_too_high", ["per_order"]),
        ("insured_value: {per_person: 99.99}", "insured_value_too_high", ["per_person"]),
        ("starts: {after: 9999d}", "event_too_soon", []),
        ("starts: {within: 1d}", "event_too_far", []),
        ("regions: {without: [US-NY]}", "region_without_offer", []),
    ],
)
def test_a_sale_beyond_a_limit_is_sold_without_protection(
    simulator: SimulatorProcess,
    limit: Limit,
    buyer: Shopper,
    text: str,
    code: str,
    fields: list[str],
) -> None:
    limit(text)

    assert refusal(buyer) == (code, fields)
    assert simulator.calls("create_offer") == []
    assert buyer.checkout().total == TICKETS
    assert refusals() == {code: 1}


def test_a_limit_ends_a_yes_before_the_payment_and_tells_the_shopper(
    limit: Limit, buyer: Shopper
) -> None:
    # given a yes
    buyer.accept(buyer.offer())
    assert buyer.checkout().total == TICKETS + PREMIUM
    # when staff set a limit, and the checkout changes
    limit("ticket_price: {maximum: 99.99}")
    buyer.write_metadata({"note": "1"})
    # then the line is gone, and the order is held up once
    assert buyer.checkout().total == TICKETS
    assert refusal(buyer)[0] == "ticket_price_too_high"


def test_a_product_is_switched_off_by_its_metadata_and_the_others_are_insured(
    shopper: SendShopper, store: Store, simulator: SimulatorProcess
) -> None:
    starts_at = timezone.now() + timedelta(days=60)
    off = store.new_event(price="30.00", starts_at=starts_at, xcover_insurable="no")
    ada = shopper(store.usd)
    ada.create_checkout({off: 1})
    assert refusal(ada)[0] == "tickets_excluded"

    ada.add(store.concert, 2)
    ada.offer()

    (event,) = simulator.calls("create_offer")[-1]["body"]["context"]["events"]
    assert len(event["tickets"]) == 2


def test_a_category_stands_for_those_below_it(
    shopper: SendShopper, store: Store, limit: Limit, simulator: SimulatorProcess
) -> None:
    # given a concert in a category below music
    categories = apps.get_model("product", "Category")
    products = apps.get_model("product", "Product")
    names = {field.name for field in categories._meta.get_fields()}
    made = "level" in names  # a real Saleor numbers its tree itself

    def category(slug: str, parent: Any, left: int, right: int) -> Any:
        tree = {} if made else {"tree_id": 7, "lft": left, "rght": right}
        return categories.objects.create(name=slug, slug=slug, parent=parent, **tree)

    music = category("music-of-limits", None, 1, 4)
    jazz = category("jazz-of-limits", music, 2, 3)
    concert = products.objects.filter(variants__pk=key(store.concert.id))
    before = concert.get().category
    concert.update(category=jazz)
    try:
        ada = shopper(store.usd)
        ada.create_checkout({store.concert: 2})
        # when either is excluded, there is no offer
        for slug in (jazz.slug, music.slug):
            limit(f"exclude: {{categories: [{slug}]}}")
            assert refusal(ada)[0] == "tickets_excluded"
        limit("exclude: {categories: [sport]}")
        assert ada.offer().quotes
    finally:
        concert.update(category=before)
        jazz.delete()
        music.delete()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ticket_price: {min: 5}", "Limits on offers, ticket_price.min: there is no limit of this"),
        ("starts: {after: soon}", "Limits on offers, starts.after: a time is wanted here"),
    ],
)
def test_limits_that_cannot_be_meant_are_refused_on_saving(
    limit: Limit, text: str, sentence: str
) -> None:
    with pytest.raises(Refused) as refused:
        limit(text)

    assert refused.value.errors[0]["message"].startswith(sentence)


# Why no offer ----------------------------------------------------------------------------


def test_the_report_counts_why_there_was_no_offer(
    shopper: SendShopper, store: Store, limit: Limit, buyer: Shopper
) -> None:
    limit("ticket_price: {maximum: 50}")
    for _ in range(3):
        assert refusal(buyer)[0] == "ticket_price_too_high"
    without = shopper(store.usd)
    without.create_checkout({store.shirt: 1})
    assert refusal(without)[0] == "no_tickets"

    assert refusals() == {"ticket_price_too_high": 3, "no_tickets": 1}
    out = StringIO()
    call_command("xcover_report", stdout=out)
    assert "Why no offer:" in out.getvalue()
    assert f"{store.usd.slug}  ticket_price_too_high  3" in out.getvalue()


def test_a_shopper_who_has_no_address_yet_is_not_counted(
    shopper: SendShopper, store: Store
) -> None:
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2}, billing=None)

    assert refusal(ada)[0] == "country_missing"
    assert refusals() == {}


def test_nobody_waits_for_a_count(buyer: Shopper, limit: Limit, store: Store) -> None:
    from saleor_xcover_plugin.models import RefusalCount

    # given somebody who holds today's count
    limit("ticket_price: {maximum: 50}")
    refusal(buyer)
    with held(RefusalCount.objects.filter(day=datetime.now(UTC).date())):
        # then the shopper is told the same, and it is not counted
        assert refusal(buyer)[0] == "ticket_price_too_high"
    assert refusals() == {"ticket_price_too_high": 1}


@pytest.mark.parametrize("written", ["New York", "N.Y.", "US-NY", "Gotham"])
def test_a_region_without_offer_has_none_however_it_is_written(
    limit: Limit, shopper: SendShopper, store: Store, written: str
) -> None:
    limit("regions: {without: [US-NY]}")
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2}, billing=NEW_YORK)
    change_region(ada, written)

    assert refusal(ada) == ("region_without_offer", [])


def test_a_buyer_who_moves_there_after_the_payment_is_not_insured(
    limit: Limit,
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: Any,
    work: Any,
    simulator: SimulatorProcess,
) -> None:
    # given a store that makes no offer in New York, and a yes in California that is paid
    limit("regions: {without: [US-NY]}")
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2}, billing=NEW_YORK)
    change_region(ada, "CA")
    ada.accept(ada.offer())
    checkout = ada.checkout()
    payments.charge(checkout.id, checkout.total, checkout.currency)
    # when the address becomes one in New York
    change_region(ada, "New York")
    order = ada.complete()
    work()
    # then no policy is made, and staff are told what is owed
    assert simulator.state()["bookings"] == []
    assert staff.order(order.id).has_note("another region than the quoted one", "refund what")


def change_region(buyer: Shopper, region: str) -> None:
    """Write a region as a storefront can that has Saleor check no address."""
    checkouts = apps.get_model("checkout", "Checkout").objects
    checkout = checkouts.select_related("billing_address").get(pk=key(buyer.checkout_id))
    checkout.billing_address.country_area = region
    checkout.billing_address.save()


def test_the_doctor_names_exclusions_that_exclude_nothing(limit: Limit, store: Store) -> None:
    limit(f"exclude: {{products: [no-such-ticket, {store.concert.sku}], categories: [nowhere]}}")

    out = StringIO()
    with suppress(SystemExit):
        call_command(
            "xcover_doctor", "--channel", store.usd.slug, "--no-call", "--json", stdout=out
        )
    (found,) = [f for f in json.loads(out.getvalue())["findings"] if f["check"] == "limits"]

    assert found["outcome"] == "warning"
    assert "products: no-such-ticket; categories: nowhere." in found["sentence"]

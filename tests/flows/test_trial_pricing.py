"""An offer is priced on trial only where the protection could cost more than its premium."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from testkit.client.driver import Refused
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store, Variant
from testkit.rows import key
from testkit.work import Work

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


@contextmanager
def promoted(channel_id: int, kind: str, variant_id: int | None) -> Iterator[None]:
    """Have a promotion run in the channel meanwhile."""
    promotion = apps.get_model("discount", "Promotion").objects.create(
        name="Spring", type=kind, end_date=timezone.now() + timedelta(days=1)
    )
    rule = apps.get_model("discount", "PromotionRule").objects.create(promotion=promotion)
    rule.channels.add(channel_id)
    if variant_id is not None:
        rule.variants.add(variant_id)
    try:
        yield
    finally:
        promotion.delete()


@contextmanager
def order_promotion(channel_id: int, _variant_id: int) -> Iterator[None]:
    """A promotion that may begin as the order grows."""
    with promoted(channel_id, "order", None):
        yield


@contextmanager
def promotion_of_cover(channel_id: int, variant_id: int) -> Iterator[None]:
    with promoted(channel_id, "catalogue", variant_id):
        yield


@contextmanager
def tax(_channel_id: int, variant_id: int) -> Iterator[None]:
    """A tax on the cover where the shopper is."""
    product = apps.get_model("product", "ProductVariant").objects.get(pk=variant_id).product
    tax_class = product.tax_class_id or product.product_type.tax_class_id
    rates = apps.get_model("tax", "TaxClassCountryRate").objects.filter(
        tax_class_id=tax_class, country="US"
    )
    assert rates.update(rate=7) == 1
    try:
        yield
    finally:
        rates.update(rate=0)


@pytest.mark.usefixtures("simulator")
@pytest.mark.parametrize("reason", [order_promotion, promotion_of_cover, tax])
def test_what_could_change_prices_is_tried(store: Store, shopper: SendShopper, reason: Any) -> None:
    from saleor_xcover_plugin.errors import Refusal
    from saleor_xcover_plugin.host import cover_product

    def request() -> None:
        with suppress(Refusal):  # a taxed cover costs more than its premium
            request_offer(store, shopper, [store.concert])

    channel_id = int(key(store.usd_unpaid.id))
    variant_id = cover_product.listed_variant_id(channel_id)
    with reason(channel_id, variant_id):
        assert repricings(request) == 1
    assert repricings(request) == 0


# A trial holds while the checkout stays as it is --------------------------------------------


def repricings(act: Callable[[], Any]) -> int:
    """Return how often Saleor priced a checkout on trial."""
    from saleor_xcover_plugin.checkout import offer_pricing

    with mock.patch.object(
        offer_pricing, "objection", side_effect=offer_pricing.objection
    ) as tried:
        act()
    return tried.call_count


@pytest.fixture
def beside_voucher(store: Store, shopper: SendShopper, staff: Staff, ten_percent: str) -> Shopper:
    """A shopper who was shown an offer beside a percentage off the order."""
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    buyer.add_promo_code(ten_percent)
    buyer.offer()
    return buyer


@pytest.fixture
def ten_percent(store: Store, staff: Staff, request: pytest.FixtureRequest) -> str:
    code = f"TEN-{abs(hash(request.node.name))}-{store.usd.slug}"
    staff.create_voucher(code, [store.usd], Decimal(10))
    return code


@pytest.mark.usefixtures("simulator")
def test_an_offer_beside_a_discount_is_read_without_pricing_the_checkout_again(
    beside_voucher: Shopper,
) -> None:
    read: list[Any] = []
    assert repricings(lambda: read.append(beside_voucher.held_offer())) == 0
    assert repricings(beside_voucher.offer) == 0
    assert read[0].answer is None


def add_shirt(buyer: Shopper, store: Store, _code: str) -> None:
    buyer.add(store.shirt)


def remove_voucher(buyer: Shopper, _store: Store, code: str) -> None:
    buyer.remove_promo_code(code)
    buyer.add_promo_code(code)


def give_email(buyer: Shopper, _store: Store, _code: str) -> None:
    # A voucher may be for each customer once.
    buyer.set_email("grace@example.com")


def wait_a_minute(buyer: Shopper, _store: Store, _code: str) -> None:
    offers_of(buyer).update(tried_at=timezone.now() - timedelta(seconds=61))


def set_clock_back(buyer: Shopper, _store: Store, _code: str) -> None:
    offers_of(buyer).update(tried_at=timezone.now() + timedelta(seconds=61))


CHANGES = (add_shirt, remove_voucher, give_email, wait_a_minute, set_clock_back)


@pytest.mark.usefixtures("simulator")
@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_what_may_change_prices_has_the_checkout_priced_again(
    store: Store, beside_voucher: Shopper, ten_percent: str, change: Any
) -> None:
    change(beside_voucher, store, ten_percent)

    assert repricings(lambda: beside_voucher.held_offer() is None or pytest.fail("held")) == 0
    assert repricings(beside_voucher.offer) == 1
    assert repricings(beside_voucher.offer) == 0


@pytest.mark.usefixtures("simulator")
def test_a_trial_of_what_was_read_before_a_change_does_not_hold_after_it(
    store: Store, beside_voucher: Shopper
) -> None:
    from saleor_xcover_plugin.checkout.offer_pricing import recheck
    from saleor_xcover_plugin.host import checkouts, configuration

    # given a request that has read a checkout nobody tried, and a change before it locks it
    offers_of(beside_voucher).update(tried_at=None, tried_change=None)
    settings = configuration.settings_of(int(key(store.usd.id)))
    token = uuid.UUID(str(key(beside_voucher.checkout_id)))
    read = checkouts.read(token, settings.rules.sources)
    assert read is not None
    beside_voucher.add(store.shirt)
    # when it tries what it read
    offer = offers_of(beside_voucher).get(status="available")
    assert repricings(lambda: recheck(offer, read, settings, timezone.now())) == 1
    # then the changed checkout is tried, too
    assert beside_voucher.held_offer() is None
    assert repricings(beside_voucher.offer) == 1


@pytest.mark.usefixtures("simulator")
def test_an_offer_that_does_not_fit_is_refused_without_pricing_the_checkout_again(
    store: Store, beside_voucher: Shopper, ten_percent: str
) -> None:
    from saleor_xcover_plugin.checkout import offer_pricing
    from saleor_xcover_plugin.errors import Code

    # given an offer whose premium Saleor cannot charge exactly
    beside_voucher.add(store.shirt)
    with mock.patch.object(offer_pricing, "objection", return_value=Code.PRICE_NOT_EXACT):
        assert refusal_of(beside_voucher.offer) == ("price_not_exact",)
    # when it is read or requested again: the same answer, from memory
    told: list[Any] = []
    assert repricings(lambda: told.append(refusal_of(beside_voucher.held_offer))) == 0
    assert repricings(lambda: told.append(refusal_of(beside_voucher.offer))) == 0
    assert told == [("price_not_exact",)] * 2
    # when the checkout changes, it is tried again, and fits
    beside_voucher.remove_promo_code(ten_percent)
    assert repricings(beside_voucher.offer) == 1


@pytest.mark.usefixtures("simulator")
def test_a_worker_prices_the_changed_checkout_before_the_page_asks(
    store: Store, beside_voucher: Shopper, work: Work
) -> None:
    # given a change after the offer was shown, in whose hook a task is sent
    assert tasks_of(lambda: beside_voucher.add(store.shirt)) == [
        "saleor_xcover_plugin.tasks.request_offer"
    ]
    # when a worker runs it before the page asks
    assert repricings(lambda: work.fetch_offer(beside_voucher.checkout_id, store.usd)) == 1
    # then the page does not wait for prices
    assert repricings(beside_voucher.offer) == 0
    # and where nothing depends on prices, or the answer is given, no task is sent
    beside_voucher.decline()
    assert tasks_of(lambda: beside_voucher.add(store.shirt)) == []


@pytest.mark.usefixtures("simulator")
def test_an_offer_out_of_date_is_not_requested_anew_for_a_page_that_may_never_ask(
    store: Store, beside_voucher: Shopper
) -> None:
    offers_of(beside_voucher).update(valid_until=timezone.now() - timedelta(seconds=1))

    assert tasks_of(lambda: beside_voucher.add(store.shirt)) == []


@pytest.mark.usefixtures("simulator")
def test_a_yes_is_judged_by_the_prices_of_its_moment(
    store: Store, beside_voucher: Shopper, ten_percent: str
) -> None:
    # given staff who made the voucher one of an amount, of which no change of the checkout tells
    offer = beside_voucher.held_offer()
    assert offer is not None
    vouchers = apps.get_model("discount", "Voucher").objects.filter(codes__code=ten_percent)
    assert vouchers.update(discount_value_type="fixed") == 1
    # when the shopper says yes
    before = beside_voucher.checkout().total
    with pytest.raises(Refused) as refused:
        beside_voucher.accept(offer)
    # then nothing was sold at another price
    assert refused.value.codes in {("price_not_exact",), ("discount_not_supported",)}
    assert beside_voucher.checkout().cover_lines == ()
    assert beside_voucher.checkout().total == before


@pytest.mark.usefixtures("simulator")
@pytest.mark.parametrize("reason", [order_promotion, promotion_of_cover, tax])
def test_what_staff_change_after_the_offer_is_tried_at_the_next_look(
    store: Store, shopper: SendShopper, reason: Any
) -> None:
    from saleor_xcover_plugin.host import cover_product

    # given an offer that needed no trial
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    assert buyer.held_offer() is not None
    # when staff change what the cover may cost
    channel_id = int(key(store.usd_unpaid.id))
    variant_id = cover_product.listed_variant_id(channel_id)
    with reason(channel_id, variant_id):
        # then it is not held as it is, but tried
        assert buyer.held_offer() is None
        assert repricings(lambda: refusal_of(buyer.offer)) == 1
        assert repricings(lambda: refusal_of(buyer.offer)) == 0


@pytest.mark.usefixtures("simulator")
def test_a_change_beside_a_promotion_is_tried_before_the_page_asks(
    store: Store, shopper: SendShopper, work: Work
) -> None:
    # given an offer beside a promotion that may begin as the order grows
    buyer = shopper(store.usd_unpaid)
    with order_promotion(int(key(store.usd_unpaid.id)), 0):
        buyer.create_checkout({store.concert: 2})
        buyer.offer()
        # when the checkout changes
        sent = tasks_of(lambda: buyer.set_email("grace@example.com"))
        # then a worker is sent to look
        assert sent == ["saleor_xcover_plugin.tasks.request_offer"]
        assert repricings(lambda: work.fetch_offer(buyer.checkout_id, store.usd_unpaid)) == 1
        assert repricings(buyer.offer) == 0


@pytest.mark.usefixtures("simulator")
def test_an_offer_whose_trial_was_cut_off_is_not_held(
    store: Store, shopper: SendShopper, ten_percent: str
) -> None:
    from saleor_xcover_plugin.checkout import offer_request

    # given a worker that meets a defect between XCover's answer and the trial
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    buyer.add_promo_code(ten_percent)
    with mock.patch.object(offer_request, "check_new", side_effect=RuntimeError):
        refusal_of(buyer.offer)
    assert offers_of(buyer).get().status == "available"
    # then it is not shown before it was tried
    assert buyer.held_offer() is None
    assert repricings(buyer.offer) == 1


@pytest.mark.usefixtures("simulator")
def test_a_refused_yes_keeps_the_offer_from_being_shown_again(
    store: Store, beside_voucher: Shopper
) -> None:
    from saleor_xcover_plugin.checkout import selection
    from saleor_xcover_plugin.errors import Code, Refusal

    # given a yes whose premium Saleor cannot charge exactly
    offer = beside_voucher.held_offer()
    assert offer is not None
    inexact = Refusal(Code.PRICE_NOT_EXACT)
    with mock.patch.object(selection, "put_exactly", side_effect=inexact):
        assert refusal_of(lambda: beside_voucher.accept(offer)) == ("price_not_exact",)
    # then the page is told the same, without another trial
    told: list[Any] = []
    assert repricings(lambda: told.append(refusal_of(beside_voucher.held_offer))) == 0
    assert repricings(lambda: told.append(refusal_of(beside_voucher.offer))) == 0
    assert told == [("price_not_exact",)] * 2
    # and tried again a minute later
    wait_a_minute(beside_voucher, store, "")
    assert repricings(beside_voucher.offer) == 1


@pytest.mark.usefixtures("simulator")
def test_a_tax_on_the_cover_is_noticed_beside_a_yes(store: Store, shopper: SendShopper) -> None:
    from saleor_xcover_plugin.checkout import checkout_sync
    from saleor_xcover_plugin.host import cover_product

    # given a yes
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.accept(buyer.offer())
    channel_id = int(key(store.usd_unpaid.id))
    variant_id = cover_product.listed_variant_id(channel_id)
    assert variant_id is not None

    def looks(email: str) -> int:
        """Return how often Saleor's price of the line is looked at when the e-mail changes."""
        hold = checkout_sync.hold_exactly
        with mock.patch.object(checkout_sync, "hold_exactly", side_effect=hold) as held:
            buyer.set_email(email)
        return held.call_count

    assert looks("ada@example.com") == 0
    # when the cover is taxed where the buyer is
    with tax(channel_id, variant_id):
        assert looks("grace@example.com") == 1


def refusal_of(act: Callable[[], object]) -> tuple[str, ...]:
    """Return the codes with which ``act`` is refused; empty if it is not."""
    try:
        act()
    except Refused as refused:
        return refused.codes
    return ()


def offers_of(buyer: Shopper) -> Any:
    from saleor_xcover_plugin.models import Offer

    return Offer.objects.filter(checkout_token=key(buyer.checkout_id))


def tasks_of(act: Callable[[], Any]) -> list[str]:
    """Return the tasks that were sent meanwhile."""
    from saleor_xcover_plugin.outbox import task_queue

    with mock.patch.object(task_queue, "send_task") as send:
        act()
    return [call.args[0] for call in send.call_args_list]

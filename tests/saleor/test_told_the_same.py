"""The checkout's metadata and the storefront API tell the same of a cover."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from testkit.client.driver import Driver, Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import BERLIN, NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import Checkout, Offer, Transaction
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, accept_cover, bookings
from testkit.work import Work

from .pricing.shop import key
from .test_orders_of_one_checkout import KEEPING_THE_CHECKOUT

SendShopper = Callable[[Channel], Shopper]

ACCEPTED = {"state": "accepted", "premium": "6.66", "currency": "USD"}


def metadata(buyer: Shopper) -> dict[str, str] | None:
    """Return what the checkout's public metadata says of the cover; None where it says nothing."""
    kept = buyer.checkout().metadata.get("xcover")
    found: dict[str, str] | None = json.loads(kept) if kept is not None else None
    return found


def refused(ask: Callable[..., object], *arguments: Any, **keywords: Any) -> tuple[str, ...]:
    with pytest.raises(Refused) as caught:
        ask(*arguments, **keywords)
    return caught.value.codes


class Paid:
    """A buyer whose yes is set aside for, and a voucher that would take from the cover line."""

    def __init__(
        self, buyer: Shopper, store: Store, payments: PaymentApp, staff: Staff, voucher: str
    ) -> None:
        self.buyer = buyer
        self.code = f"SAME-{buyer.channel.slug}-{next(_NUMBERS)}"
        staff.create_voucher(self.code, [store.usd], Decimal(10), value_type=voucher)
        self.checkout: Checkout
        self.offer: Offer
        self.checkout, self.offer = accept_cover(buyer, store)
        self.payment: Transaction = payments.authorize(self.checkout.id, TOTAL)


_NUMBERS = itertools.count()


@pytest.fixture(params=["FIXED", "PERCENTAGE"])
def voucher(request: pytest.FixtureRequest) -> str:
    """Beside the first kind nothing is offered, beside the second the price is corrected."""
    kind: str = request.param
    return kind


@pytest.fixture
def paid(
    voucher: str,
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    simulator: SimulatorProcess,
) -> Paid:
    return Paid(shopper(store.usd), store, payments, staff, voucher)


def test_a_voucher_used_after_the_payment_leaves_nobody_insured_and_the_api_says_so(
    paid: Paid, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    ada = paid.buyer
    # given a page that answered, and a voucher used once money is set aside
    seen = ada.add_promo_code(paid.code)
    assert metadata(ada) == {"state": "withdrawn", "code": "cover_changed"}
    # when the page asks what holds, and tells that it showed it
    # then no answer is there to be taken for a yes, and asking changes nothing
    assert refused(ada.offer) == ("not_insured",)
    assert refused(ada.shown) == ("not_insured",)
    assert refused(ada.offer) == ("not_insured",)
    assert metadata(ada) == {"state": "withdrawn", "code": "cover_changed"}
    assert ada.checkout().total == seen.total
    # and another answer is not taken
    assert refused(ada.accept, paid.offer) == ("payment_started",)
    assert refused(ada.decline) == ("payment_started",)
    # when it becomes an order, that is what came of it
    payments.capture(paid.payment, seen.total)
    ada.complete()
    work()
    cover = ada.cover()
    assert cover is not None
    assert cover.status == "parked"
    assert bookings(simulator) == []


@pytest.mark.parametrize("voucher", ["PERCENTAGE"], indirect=True)
def test_a_late_answer_is_not_told_of_a_yes_that_insures_nothing(paid: Paid) -> None:
    ada = paid.buyer
    assert refused(ada.decline, page="one", turn=2) == ("payment_started",)
    ada.add_promo_code(paid.code)

    assert refused(ada.accept, paid.offer, page="one", turn=1) == ("not_insured",)


def test_the_voucher_taken_off_again_is_told_as_a_yes_again(paid: Paid) -> None:
    ada = paid.buyer
    ada.add_promo_code(paid.code)
    assert refused(ada.offer) == ("not_insured",)

    ada.remove_promo_code(paid.code)

    offer = ada.offer()
    assert (offer.answer, offer.chosen_premium) == ("accepted", PREMIUM)
    assert metadata(ada) == ACCEPTED


@pytest.mark.parametrize("voucher", ["PERCENTAGE"], indirect=True)
def test_other_tickets_or_another_country_are_told_alike(paid: Paid) -> None:
    ada = paid.buyer
    (line,) = paid.checkout.ticket_lines
    for change, back in (
        (lambda: ada.set_quantity(line, 3), lambda: ada.set_quantity(line, 2)),
        (lambda: ada.set_billing(BERLIN), lambda: ada.set_billing(NEW_YORK)),
    ):
        change()
        assert metadata(ada) == {"state": "withdrawn", "code": "offer_stale"}
        assert refused(ada.offer) == ("not_insured",)
        back()
        assert metadata(ada) == ACCEPTED
        assert ada.offer().answer == "accepted"


@pytest.mark.parametrize("voucher", ["PERCENTAGE"], indirect=True)
def test_another_language_after_the_payment_leaves_the_yes_and_only_that_is_told(
    paid: Paid,
) -> None:
    ada = paid.buyer

    ada.set_language("DE")

    assert metadata(ada) == ACCEPTED
    assert refused(ada.offer) == ("payment_started",)


@pytest.mark.parametrize("voucher", ["FIXED"], indirect=True)
def test_a_payment_that_failed_beside_a_voucher_that_ends_the_yes(
    paid: Paid, payments: PaymentApp
) -> None:
    ada = paid.buyer
    ada.add_promo_code(paid.code)
    payments.report(paid.payment, "CANCEL_SUCCESS", TOTAL)
    # Saleor tells no plugin of it, and a yes from before is not taken for one now
    assert refused(ada.accept, paid.offer) == ("discount_not_supported",)
    # when the page asks
    assert refused(ada.offer) == ("discount_not_supported",)
    # then line and metadata are as the checkout would be sold
    assert ada.checkout().cover_lines == ()
    assert metadata(ada) == {"state": "withdrawn", "code": "discount_not_supported"}


@pytest.mark.parametrize("is_asked", [False, True])
@pytest.mark.parametrize("voucher", ["PERCENTAGE"], indirect=True)
def test_a_payment_that_failed_beside_a_voucher_the_price_can_be_kept_with(
    paid: Paid, payments: PaymentApp, is_asked: bool
) -> None:
    ada = paid.buyer
    ada.add_promo_code(paid.code)
    payments.report(paid.payment, "CANCEL_SUCCESS", TOTAL)
    # when the page asks, or sends its yes again
    seen = ada.offer() if is_asked else ada.accept(paid.offer)
    # then the yes stands at its premium, in the checkout as in what is said
    assert (seen.answer, seen.chosen_premium) == ("accepted", PREMIUM)
    assert metadata(ada) == ACCEPTED
    assert ada.checkout().total == TICKETS * Decimal("0.9") + PREMIUM


@pytest.mark.parametrize("voucher", ["FIXED"], indirect=True)
def test_the_same_yes_said_again_after_payment_and_voucher_are_gone_stands(
    paid: Paid, payments: PaymentApp
) -> None:
    ada = paid.buyer
    (line,) = paid.checkout.ticket_lines
    ada.set_quantity(line, 3)
    payments.report(paid.payment, "CANCEL_SUCCESS", TOTAL)

    offer = ada.offer()

    assert offer.answer != "accepted"
    assert ada.checkout().total == 3 * TICKETS / 2
    assert metadata(ada) == {"state": "withdrawn", "code": "offer_stale"}
    assert ada.accept(offer).answer == "accepted"
    said = metadata(ada)
    assert said is not None
    assert said["state"] == "accepted"


def test_a_deleted_line_is_not_told_as_an_answer_that_holds(
    store: Store, shopper: SendShopper, payments: PaymentApp, simulator: SimulatorProcess
) -> None:
    # given a paid yes whose line was deleted
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payments.charge(checkout.id, TOTAL)
    ada.delete(*checkout.cover_lines)
    assert ada.offer().answer is None
    # when the offer could not be made again as it is
    ada.set_language("DE")
    # then nobody is told that the answer before holds
    assert refused(ada.offer) == ("not_insured",)
    assert metadata(ada) == {"state": "withdrawn"}


def test_a_yes_that_ended_before_the_payment_is_not_told_as_one_that_holds(
    store: Store, shopper: SendShopper, payments: PaymentApp, simulator: SimulatorProcess
) -> None:
    # given a page with a yes, whose tickets change elsewhere before the payment
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    three = ada.set_quantity(checkout.ticket_lines[0], 3)
    assert three.cover_lines == ()
    payments.charge(checkout.id, three.total)
    # when the page looks again
    # then it is told what the metadata says
    assert refused(ada.offer) == ("not_insured",)
    assert metadata(ada) == {"state": "withdrawn", "code": "offer_stale"}


def test_who_never_answered_before_the_payment_is_told_of_the_payment(
    store: Store, shopper: SendShopper, payments: PaymentApp, simulator: SimulatorProcess
) -> None:
    ada = shopper(store.usd)
    checkout = ada.create_checkout({store.concert: 2})
    payments.charge(checkout.id, TICKETS)

    assert refused(ada.offer) == ("payment_started",)
    assert metadata(ada) is None


def test_a_yes_that_stands_is_not_called_gone_because_nothing_more_could_be_offered(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    simulator: SimulatorProcess,
) -> None:
    from saleor.product.models import ProductVariantChannelListing

    from saleor_xcover_plugin.host import cover_product

    # given a paid yes, and a store that stopped to sell the cover meanwhile
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payments.charge(checkout.id, TOTAL)
    channel_id = key(store.usd.id)
    listing = ProductVariantChannelListing.objects.get(
        variant_id=cover_product.listed_variant_id(channel_id), channel_id=channel_id
    )
    ProductVariantChannelListing.objects.filter(pk=listing.pk).update(price_amount=None)
    try:
        code = refused(ada.offer)
    finally:
        ProductVariantChannelListing.objects.filter(pk=listing.pk).update(
            price_amount=listing.price_amount
        )
    # then what was answered before holds
    assert code == ("payment_started",)
    assert metadata(ada) == ACCEPTED


@pytest.fixture
def kept(
    store: Store,
    shopper: SendShopper,
    driver: Driver,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> Shopper:
    """A buyer whose order is paid and insured, and whose checkout an app kept."""
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    order = driver.mutate(KEEPING_THE_CHECKOUT, {"id": checkout.id}, token=store.store_app_token())[
        "order"
    ]
    staff.mark_as_paid(order["id"])
    work()
    work()
    assert len(bookings(simulator)) == 1
    return ada


def test_the_page_of_a_kept_checkout_takes_the_line_and_the_word_for_it(kept: Shopper) -> None:
    # given a checkout that still says what its order got
    assert metadata(kept) == ACCEPTED
    # when its page asks
    offer = kept.offer()
    # then line, answer and metadata go together
    checkout = kept.checkout()
    assert (offer.answer, checkout.cover_lines, checkout.total) == (None, (), TICKETS)
    assert metadata(kept) == {"state": "withdrawn"}


def test_a_change_of_a_kept_checkout_takes_the_line_and_the_word_for_it(kept: Shopper) -> None:
    kept.set_email("ada@example.org")

    assert kept.checkout().cover_lines == ()
    assert metadata(kept) == {"state": "withdrawn"}


def test_a_line_deleted_in_a_kept_checkout_takes_the_word_for_it(kept: Shopper) -> None:
    kept.delete(*kept.checkout().cover_lines)

    assert metadata(kept) == {"state": "withdrawn"}


def test_a_line_that_no_answer_put_there_goes_without_a_word(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    # given a checkout nobody answered in, with a line of the cover that nobody said yes to
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    _put_stray_line(ada.checkout())
    # when anything changes
    ada.set_email("ada@example.org")
    # then the line is gone and nothing is said
    assert ada.checkout().cover_lines == ()
    assert metadata(ada) is None


def test_a_stray_line_goes_and_the_no_stays(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    ada.offer()
    ada.decline()
    _put_stray_line(ada.checkout())

    ada.set_email("ada@example.org")

    assert ada.checkout().cover_lines == ()
    assert metadata(ada) == {"state": "declined"}


@pytest.mark.parametrize("written", ["accepted", '["accepted"]', "null", "[" * 50_000])
def test_what_a_shopper_writes_there_stops_nothing(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess, written: str
) -> None:
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})

    ada.write_metadata({"xcover": written})

    assert ada.accept(ada.offer()).answer == "accepted"
    assert metadata(ada) == ACCEPTED


def test_a_yes_a_shopper_only_wrote_there_is_taken_back(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})

    ada.write_metadata({"xcover": json.dumps(ACCEPTED)})

    assert metadata(ada) == {"state": "withdrawn"}
    assert ada.offer().answer is None


def _put_stray_line(checkout: Checkout) -> None:
    from saleor.checkout.models import Checkout as Row
    from saleor.checkout.models import CheckoutLine

    from saleor_xcover_plugin.host import cover_product

    row = Row.objects.get(pk=checkout.token)
    CheckoutLine.objects.create(
        checkout=row,
        variant_id=cover_product.listed_variant_id(row.channel_id),
        quantity=1,
        currency=row.currency,
    )

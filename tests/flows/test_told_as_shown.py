"""An offer counts as shown when a storefront says so in time; of any other XCover hears nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import BERLIN
from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import asked, opt_outs
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]


@pytest.fixture
def buyer(store: Store, shopper: SendShopper, work: Work) -> Shopper:
    """A shopper whose offer a server rendered, and nobody has counted yet."""
    one = shopper(store.usd)
    checkout = one.create_checkout({store.concert: 2})
    work.fetch_offer(checkout.id, store.usd)
    return one


def offers(buyer: Shopper) -> Any:
    from saleor_xcover_plugin.models import Offer

    return Offer.objects.filter(checkout_token=key(buyer.checkout_id))


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    (code,) = caught.value.codes
    return code


def expire(buyer: Shopper) -> None:
    assert offers(buyer).update(valid_until=datetime.now(UTC) - timedelta(seconds=1)) == 1


def assert_nothing_is_told(
    buyer: Shopper, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    """Buy the tickets without an answer: nothing was counted, and XCover gets no opt-out."""
    assert not offers(buyer).exclude(shown_at=None).exists()
    payments.charge(buyer.checkout_id, buyer.checkout().total)
    buyer.complete()
    work()
    assert opt_outs(simulator) == []
    assert asked(simulator) == {"create_offer": 1}


def test_an_offer_told_too_late_is_not_counted(
    buyer: Shopper, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    expire(buyer)

    assert refusal(buyer.shown) == "offer_expired"

    assert_nothing_is_told(buyer, payments, work, simulator)


def test_an_offer_for_another_basket_is_not_counted(
    buyer: Shopper, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    # given a change of which no hook has told
    offers(buyer).update(fingerprint="another")

    assert refusal(buyer.shown) == "offer_stale"

    assert_nothing_is_told(buyer, payments, work, simulator)


def test_an_offer_a_change_has_ended_is_stale_although_the_checkout_is_there(
    buyer: Shopper, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    (line,) = buyer.checkout().ticket_lines
    buyer.set_quantity(line, 3)

    assert refusal(buyer.shown) == "offer_stale"

    assert_nothing_is_told(buyer, payments, work, simulator)


def test_a_checkout_that_never_had_an_offer_is_there(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})

    assert refusal(buyer.shown) == "offer_stale"

    buyer.create_checkout({store.shirt: 1})
    assert refusal(buyer.shown) == "no_tickets"
    assert asked(simulator) == {}


def test_while_xcover_is_asked_the_price_is_pending(buyer: Shopper) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=10)
    offers(buyer).update(status="requested", leased_until=soon)
    assert refusal(buyer.shown) == "offer_pending"
    # and why there is none is said as by the query
    offers(buyer).update(status="unavailable", reason_code="xcover_unavailable")
    assert refusal(buyer.shown) == refusal(buyer.held_offer) == "xcover_unavailable"
    assert not offers(buyer).exclude(shown_at=None).exists()


@pytest.mark.parametrize("act", ["shown", "offer", "held_offer", "decline"])
def test_every_operation_says_the_same_of_a_checkout_it_may_not_touch(
    act: str, buyer: Shopper, store: Store
) -> None:
    buyer.channel = store.eur
    assert refusal(getattr(buyer, act)) == "checkout_in_other_channel"
    buyer.channel = store.usd
    buyer.checkout_id = "00000000-0000-4000-8000-000000000000"
    assert refusal(getattr(buyer, act)) == "checkout_not_found"


def test_a_late_answer_at_another_channel_is_told_where_the_checkout_is(
    buyer: Shopper, store: Store
) -> None:
    buyer.offer()
    buyer.decline(page="one", turn=2)

    buyer.channel = store.eur

    assert refusal(lambda: buyer.decline(page="one", turn=1)) == "checkout_in_other_channel"


def test_told_in_time_it_counts_once_also_after_payment_began(
    buyer: Shopper, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    # given a shopper who looks at the offer and pays, faster than the page tells of it
    payments.charge(buyer.checkout_id, buyer.checkout().total)
    # when
    buyer.shown()
    seen_at = offers(buyer).get().shown_at
    buyer.shown()
    # then
    assert offers(buyer).get().shown_at == seen_at
    buyer.complete()
    work()
    assert len(opt_outs(simulator)) == 1
    # and of the order nobody can tell any more
    assert refusal(buyer.shown) == "checkout_not_found"


@pytest.mark.parametrize("answer", ["accepted", "declined"])
def test_an_answered_offer_told_again_changes_nothing(buyer: Shopper, answer: str) -> None:
    offer = buyer.offer()
    {"accepted": lambda: buyer.accept(offer), "declined": buyer.decline}[answer]()
    before = offers(buyer).values().get()

    buyer.shown()

    assert offers(buyer).values().get() == before
    read = buyer.held_offer()
    assert read is not None
    assert read.answer == answer


def test_an_expired_offer_can_be_requested_and_counts_then(
    buyer: Shopper, simulator: SimulatorProcess
) -> None:
    expire(buyer)
    assert refusal(buyer.shown) == "offer_expired"

    assert buyer.offer().is_shown

    assert asked(simulator) == {"create_offer": 2}
    buyer.set_billing(BERLIN)
    assert refusal(buyer.shown) == "offer_stale"

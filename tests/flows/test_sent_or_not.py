"""Never sent, refused or unknown: only a call that may have been carried out binds the plugin.

In the other two cases everything is checked again before the next attempt, as if it were the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.client.driver import Driver, Refused
from testkit.client.insurance_desk import InsuranceDesk
from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder, Transaction
from testkit.seed import PARTNER
from testkit.simulator import SimulatorProcess
from testkit.steps import TOTAL, Sale, asked, bookings, buy_with_cover, opt_outs, sell_with_cover
from testkit.work import Work

from .waits import let_waits_pass

SendShopper = Callable[[Channel], Shopper]

TURNED_AWAY = {
    "401": {"status": 401},
    "403": {"status": 403},
    "429": {"status": 429, "retry_after": 1},
    "a redirect": {"status": 302},
}
"""Answers of XCover that mean that it did not look at the call."""


def messages(**which: Any) -> Any:
    from saleor_xcover_plugin.models import OutboxMessage

    return OutboxMessage.objects.filter(**which)


@contextmanager
def held_back() -> Iterator[None]:
    """Have the breaker be open meanwhile: no call is let out."""
    from saleor_xcover_plugin.models import XCoverAccount

    now = datetime.now(UTC)
    rows = XCoverAccount.objects.all()
    assert rows.update(opened_at=now, open_until=now + timedelta(minutes=1), failures=5)
    yield
    rows.update(opened_at=None, open_until=None, failures=0)
    let_waits_pass()


def begin_event(order: PlacedOrder) -> None:
    """Have two hours passed since the insured event began."""
    from saleor_xcover_plugin.models import Offer

    past = datetime.now(UTC) - timedelta(hours=2)
    (offer,) = Offer.objects.filter(cover__order_number=order.number)
    starts = dict.fromkeys(offer.request["starts"], past.isoformat())
    Offer.objects.filter(pk=offer.pk).update(
        event_starts_at=past, request={**offer.request, "starts": starts}
    )


def save_credentials(staff: Staff, store: Store) -> None:
    """Save working credentials, which sends again what waited for them."""
    for channel in (store.usd, store.usd_unpaid):
        staff.configure_plugin(channel, {"partner_code": "ABCDE"})


@pytest.fixture
def desk(store: Store, driver: Driver, simulator: SimulatorProcess) -> InsuranceDesk:
    return InsuranceDesk(driver, store.usd, store.staff_token())


@pytest.fixture
def paid(
    shopper: SendShopper, store: Store, payments: PaymentApp
) -> tuple[Shopper, PlacedOrder, Transaction]:
    """Sell two tickets with cover, paid; XCover was not asked for the policy yet."""
    buyer = shopper(store.usd)
    order, payment = buy_with_cover(buyer, payments, {store.concert: 2})
    return buyer, order, payment


Paid = tuple[Shopper, PlacedOrder, Transaction]


def test_a_policy_held_back_is_not_made_once_the_order_was_refunded(
    paid: Paid, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    # given a paid cover that was deferred before it was sent
    buyer, _, payment = paid
    with held_back():
        work()
        assert messages(kind="confirm").get().sending == "never_sent"
        assert messages(kind="confirm").get().sealed_body is None
        # when everything is refunded meanwhile
        payments.refund(payment, TOTAL)
    work()
    # then XCover never hears of it
    assert "confirm" not in asked(simulator)
    assert bookings(simulator) == []
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.policy_number, cover.amount_due_back) == ("void", None, 0)


def test_a_policy_held_back_until_the_event_began_is_not_made(
    paid: Paid, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    buyer, order, _ = paid
    with held_back():
        work()
        begin_event(order)
    work()

    assert "confirm" not in asked(simulator)
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, str(cover.amount_due_back)) == ("parked", "6.66")
    assert staff.order(order.id).has_note("The event began before the policy was confirmed")


@pytest.mark.parametrize("answer", TURNED_AWAY)
def test_a_policy_xcover_turned_away_is_not_made_once_the_order_was_refunded(
    paid: Paid,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    answer: str,
) -> None:
    # given XCover answered without looking at the call
    buyer, _, payment = paid
    simulator.fault("confirm", "status", times=1, **TURNED_AWAY[answer])
    work()
    message = messages(kind="confirm").get()
    assert (message.sending, message.sealed_body) == ("definitely_refused", None)
    # when everything is refunded, and the way is free
    payments.refund(payment, TOTAL)
    save_credentials(staff, store)
    let_waits_pass()
    work()
    # then
    assert bookings(simulator) == []
    assert asked(simulator)["confirm"] == 1
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "void"


@pytest.mark.parametrize("answer", TURNED_AWAY)
def test_a_policy_xcover_turned_away_is_made_with_what_the_order_says_by_then(
    paid: Paid,
    store: Store,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    answer: str,
) -> None:
    buyer, order, _ = paid
    simulator.fault("confirm", "status", times=1, **TURNED_AWAY[answer])
    work()
    # when the buyer's phone is corrected meanwhile
    staff.update_order(order.id, billing={**NEW_YORK, "phone": "+12125550177"})
    save_credentials(staff, store)
    let_waits_pass()
    work()
    # then the policy is made once, with it, and no change follows
    (booking,) = bookings(simulator)
    assert booking["policyholder"]["phone"] == "+12125550177"
    assert len({call["idempotency_key"] for call in simulator.calls("confirm")}) == 1
    assert "preview_modification" not in asked(simulator)
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "confirmed"


@pytest.mark.parametrize("answer", TURNED_AWAY)
def test_a_lost_answer_stays_unknown_whatever_xcover_says_before_it_looks(
    paid: Paid,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    answer: str,
) -> None:
    # given XCover made the policy, its answer was lost, and the next attempt was turned away
    buyer, _, payment = paid
    simulator.fault("confirm", "reset_after", times=1)
    work()
    simulator.fault("confirm", "status", times=1, **TURNED_AWAY[answer])
    let_waits_pass()
    work()
    message = messages(kind="confirm").get()
    assert message.sending == "outcome_unknown"
    assert message.sealed_body is not None
    # when everything is refunded
    payments.refund(payment, TOTAL)
    save_credentials(staff, store)
    let_waits_pass()
    work()
    let_waits_pass()
    work()
    # then the policy that exists is found and cancelled
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "cancelled"


def test_a_look_up_held_back_leaves_the_outcome_unknown(
    paid: Paid, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    """XCover says that the offer is booked, and asking for the booking is turned away."""
    # given a policy whose answer was lost, and a key XCover has forgotten
    buyer, _, payment = paid
    simulator.fault("confirm", "reset_after", times=1)
    work()
    forget_key()
    simulator.fault("get_booking", "status", times=1, status=429)
    let_waits_pass()
    work()
    # then it is still unknown, also after the refund
    assert messages(kind="confirm").get().sending == "outcome_unknown"
    payments.refund(payment, TOTAL)
    let_waits_pass()
    work()
    let_waits_pass()
    work()
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "cancelled"


def test_a_first_look_up_turned_away_does_not_count_as_never_sent(
    paid: Paid, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    """The first attempt is answered "already booked", and asking for the booking fails."""
    buyer, _, payment = paid
    message = messages(kind="confirm").get()
    simulator.fault("confirm", "reset_after", times=1)
    work()
    forget_key()
    # as if this were the first attempt
    messages(pk=message.pk).update(sending="never_sent", sealed_body=None)
    simulator.fault("get_booking", "status", times=1, status=429)
    let_waits_pass()
    work()

    assert messages(kind="confirm").get().sending == "outcome_unknown"
    payments.refund(payment, TOTAL)
    let_waits_pass()
    work()
    let_waits_pass()
    work()
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "cancelled"


def forget_key() -> None:
    """Give the confirmation another key, as if XCover had kept its answer for two days only."""
    import uuid

    messages(kind="confirm").update(idempotency_key=uuid.uuid4())


def test_a_cancellation_held_back_is_not_made_once_the_refund_was_taken_back(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a refund that was previewed, and deferred before it was carried out
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    payments.refund(sale.payment, TOTAL)
    preview_only()
    with held_back():
        work()
        assert messages(kind="confirm_cancellation").get().sending == "never_sent"
        # when the refund is taken back
        payments.reverse_refund(sale.payment, TOTAL)
    work()
    work()
    # then the policy stays
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    assert "confirm_cancellation" not in asked(simulator)
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "confirmed"


def preview_only() -> None:
    """Deliver the preview of a cancellation and nothing after it."""
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.outbox.claims import Which
    from saleor_xcover_plugin.outbox.dispatcher import deliver_due

    deliver_due(
        utc_now, limit=1, which=Which(only=[messages(kind="preview_cancellation").get().pk])
    )
    assert messages(kind="confirm_cancellation", status="pending").count() == 1


@pytest.mark.parametrize("answer", TURNED_AWAY)
@pytest.mark.parametrize("step", ["cancel", "confirm_cancellation"])
def test_a_cancellation_turned_away_is_not_made_once_the_refund_was_taken_back(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    answer: str,
    step: str,
) -> None:
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    payments.refund(sale.payment, TOTAL)
    simulator.fault(step, "status", times=1, **TURNED_AWAY[answer])
    work()
    work()
    # when the refund is taken back, and the way is free
    payments.reverse_refund(sale.payment, TOTAL)
    save_credentials(staff, store)
    let_waits_pass()
    work()
    work()
    # then
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    assert asked(simulator)[step] == 1
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "confirmed"


def test_a_cancellation_held_back_until_the_event_began_is_asked_of_a_person(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a refund before the event, deferred until after it began
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    payments.refund(sale.payment, TOTAL)
    preview_only()
    with held_back():
        work()
        begin_event(sale.order)
    work()
    work()
    # then it is judged by what is so by then
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    assert "confirm_cancellation" not in asked(simulator)
    assert staff.order(sale.order.id).has_note("refunded after the event began")
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "confirmed"


def test_a_cancellation_that_was_not_carried_out_is_not_sent_again_after_a_reversal(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    """The connection broke before XCover did anything: looking at the policy tells so."""
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    payments.refund(sale.payment, TOTAL)
    simulator.fault("confirm_cancellation", "reset", times=1)
    work()
    work()
    assert messages(kind="confirm_cancellation").get().sending == "outcome_unknown"
    # when
    payments.reverse_refund(sale.payment, TOTAL)
    let_waits_pass()
    work()
    work()
    # then
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    assert asked(simulator)["confirm_cancellation"] == 1
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "confirmed"


def test_a_cancellation_whose_answer_was_lost_is_found_after_a_reversal(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    payments.refund(sale.payment, TOTAL)
    simulator.fault("confirm_cancellation", "reset_after", times=1)
    work()
    work()

    payments.reverse_refund(sale.payment, TOTAL)
    let_waits_pass()
    work()
    work()

    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, str(cover.amount_due_back)) == ("cancelled", "6.66")


@pytest.mark.parametrize("status", [404, 409, 422])
def test_a_look_up_that_is_refused_says_nothing_about_the_cancellation(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    status: int,
) -> None:
    """XCover cancelled the policy, its answer was lost, and then it does not know the policy."""
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    payments.refund(sale.payment, TOTAL)
    simulator.fault("confirm_cancellation", "reset_after", times=1)
    work()
    work()
    # when
    simulator.fault("get_booking", "status", times=1, status=status)
    let_waits_pass()
    work()
    # then nobody is told that the policy stays in force
    assert messages(kind="confirm_cancellation").get().sending == "outcome_unknown"
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "cancelling"
    assert not staff.order(sale.order.id).has_note("stays in force")
    # and once it can be looked up, it is found
    let_waits_pass()
    work()
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "cancelled"
    assert asked(simulator)["confirm_cancellation"] == 1


def _lose_the_answer_to_a_cancellation(
    sale: Sale, payments: PaymentApp, work: Work, simulator: SimulatorProcess, *, fault: str
) -> None:
    payments.refund(sale.payment, TOTAL)
    simulator.fault("confirm_cancellation", fault, times=1)
    work()
    work()
    assert messages(kind="confirm_cancellation").get().sending == "outcome_unknown"


def _look_in_vain_for_a_day(work: Work, simulator: SimulatorProcess) -> None:
    """Have the last of a day's attempts be refused, too."""
    from saleor_xcover_plugin.domain.messages import DELIVERY, MessageKind

    last = DELIVERY[MessageKind.CONFIRM_CANCELLATION].max_attempts - 1
    messages(kind="confirm_cancellation").update(attempts=last)
    simulator.fault("get_booking", "status", times=1, status=404)
    let_waits_pass()
    work()


def test_a_policy_that_may_be_cancelled_is_looked_up_before_anybody_decides(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    desk: InsuranceDesk,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    """XCover cancelled it, the answer was lost, and no look-up succeeded for a day."""
    # given
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    _lose_the_answer_to_a_cancellation(sale, payments, work, simulator, fault="reset_after")
    # when
    _look_in_vain_for_a_day(work, simulator)
    # then nobody says that it is in force
    assert staff.order(sale.order.id).has_note("XCover may have cancelled the policy")
    assert not staff.order(sale.order.id).has_note("stays in force")
    message = messages(kind="confirm_cancellation").get()
    assert (message.status, message.reason_code) == ("parked", "gave_up")
    # and neither does it when the refund is taken back, nor may staff decide
    payments.reverse_refund(sale.payment, TOTAL)
    work()
    assert not staff.order(sale.order.id).has_note("stays in force")
    (waiting,) = desk.cover(sale.order.number)["cancellations"]
    for decide in (
        lambda: desk.keep(waiting["id"]),
        lambda: desk.ask(sale.order.id),
    ):
        with pytest.raises(Refused) as refused:
            decide()
        assert refused.value.codes == ("outcome_unknown",)
    assert messages(kind="confirm_cancellation").get().status == "parked"
    # when it is looked up again
    desk.retry(sale.order.id, str(message.pk))
    work()
    # then it is known, and what is due with it
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, str(cover.amount_due_back)) == ("cancelled", "6.66")
    assert asked(simulator)["confirm_cancellation"] == 1
    assert staff.order(sale.order.id).has_note("Refund the premium of 6.66 USD to the buyer")


def test_a_policy_that_was_not_cancelled_is_kept_on_the_word_of_cover_genius(
    shopper: SendShopper,
    store: Store,
    desk: InsuranceDesk,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    _lose_the_answer_to_a_cancellation(sale, payments, work, simulator, fault="reset")
    _look_in_vain_for_a_day(work, simulator)
    (waiting,) = desk.cover(sale.order.number)["cancellations"]

    desk.keep(waiting["id"], asked_xcover=True)
    work()

    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "confirmed"
    assert messages(kind="confirm_cancellation").get().status == "dropped"
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    desk.ask(sale.order.id)  # and can be asked about again


@pytest.mark.parametrize("fault", ["reset_after", "reset"])
def test_only_the_account_that_was_asked_can_tell_what_became_of_a_cancellation(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    fault: str,
) -> None:
    # given a cancellation whose answer was lost, another account, and a refund taken back
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    _lose_the_answer_to_a_cancellation(sale, payments, work, simulator, fault=fault)
    account = {"api_url": simulator.base_url, **PARTNER}
    other = {**account, "api_url": simulator.base_url.replace("127.0.0.1", "localhost")}
    staff.configure_plugin(store.usd, other)
    let_waits_pass()
    work()
    payments.reverse_refund(sale.payment, TOTAL)
    work()
    # then it waits, and nobody says what nobody knows
    assert messages(kind="confirm_cancellation").get().status == "parked"
    assert not staff.order(sale.order.id).has_note("stays in force")
    # when the account is set again
    staff.configure_plugin(store.usd, account)
    for _ in range(2):
        let_waits_pass()
        work()
    # then
    was_done = fault == "reset_after"
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == ("cancelled" if was_done else "confirmed")
    assert str(cover.amount_due_back) == ("6.66" if was_done else "0.00")
    assert [booking["status"] for booking in bookings(simulator)] == (
        ["CANCELLED"] if was_done else ["CONFIRMED"]
    )
    assert asked(simulator)["confirm_cancellation"] == 1
    assert staff.order(sale.order.id).has_note("stays in force") is not was_done


def test_an_approval_held_back_is_not_carried_out_once_the_refund_was_taken_back(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    """The person approved because of the refund."""
    from saleor_xcover_plugin.models import Cancellation, Cover

    # given a refund after the cooling-off period, for which a person approves to end the policy
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    Cover.objects.update(cooling_off_until=datetime.now(UTC) - timedelta(minutes=1))
    payments.refund(sale.payment, TOTAL)
    work()
    waiting = Cancellation.objects.get()
    assert waiting.status == "parked"
    with held_back():
        store.command("xcover_cancellation", "approve", str(waiting.pk), "6.66", "USD")
        work()
        # when
        payments.reverse_refund(sale.payment, TOTAL)
    work()
    work()
    # then
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    assert "confirm_cancellation" not in asked(simulator)


def test_a_change_of_the_buyer_held_back_is_not_sent_once_it_was_taken_back(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    with held_back():
        staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": "+12125550177"})
        work()
        assert messages(kind="preview_modification").get().sending == "never_sent"
        staff.update_order(sale.order.id, billing=NEW_YORK)
    work()
    work()

    assert "preview_modification" not in asked(simulator)
    assert messages(status="parked").count() == 0


@pytest.mark.parametrize("answer", TURNED_AWAY)
@pytest.mark.parametrize("step", ["preview_modification", "confirm_modification"])
def test_a_change_of_the_buyer_turned_away_is_not_sent_once_it_was_taken_back(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    answer: str,
    step: str,
) -> None:
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    simulator.fault(step, "status", times=1, **TURNED_AWAY[answer])
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": "+12125550177"})
    work()
    work()
    assert messages(kind=step).get().sending == "definitely_refused"

    staff.update_order(sale.order.id, billing=NEW_YORK)
    save_credentials(staff, store)
    let_waits_pass()
    work()
    work()
    let_waits_pass()
    work()

    (booking,) = bookings(simulator)
    assert booking["policyholder"]["phone"] == NEW_YORK["phone"]
    assert messages(status="parked").count() == 0
    assert messages(status="pending").count() == 0


@pytest.mark.parametrize("answer", TURNED_AWAY)
def test_an_opt_out_turned_away_is_told_once_the_way_is_free(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    answer: str,
) -> None:
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    buyer.complete()
    simulator.fault("opt_out", "status", times=1, **TURNED_AWAY[answer])
    work()
    assert messages(kind="opt_out").get().sending == "definitely_refused"

    save_credentials(staff, store)
    let_waits_pass()
    work()

    assert len(opt_outs(simulator)) == 1
    assert messages(kind="opt_out").get().status == "settled"


def test_a_day_of_being_turned_away_leaves_nothing_unknown(
    paid: Paid, work: Work, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.domain.messages import DELIVERY, MessageKind
    from saleor_xcover_plugin.models import Cover

    # given the last attempt of a day
    messages(kind="confirm").update(attempts=DELIVERY[MessageKind.CONFIRM].max_attempts - 1)
    simulator.fault("confirm", "status", times=1, **TURNED_AWAY["429"])
    # when
    work()
    # then a person is told that there is no policy
    cover = Cover.objects.get()
    assert (cover.status, cover.reason_code) == ("parked", "gave_up")
    assert "None was made" in cover.reason


def test_a_change_held_back_before_its_last_word_leaves_no_trace_once_taken_back(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.outbox.claims import Which
    from saleor_xcover_plugin.outbox.dispatcher import deliver_due

    # given a change that was previewed, and deferred before it was applied
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": "+12125550177"})
    deliver_due(
        utc_now, limit=1, which=Which(only=[messages(kind="preview_modification").get().pk])
    )
    with held_back():
        work()
        assert messages(kind="confirm_modification").get().sending == "never_sent"
        # when it is taken back
        staff.update_order(sale.order.id, billing=NEW_YORK)
    work()
    work()
    # then nothing was changed, asked again or told
    assert "confirm_modification" not in asked(simulator)
    assert asked(simulator)["preview_modification"] == 1
    assert not [note for note in staff.order(sale.order.id).notes if "changed in policy" in note]


def test_only_the_account_that_was_asked_can_tell_what_became_of_a_policy(
    paid: Paid, store: Store, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    """Another account knows no such offer; that does not mean that there is no policy."""
    # given a policy whose answer was lost, and then another account in the settings
    buyer, order, _ = paid
    simulator.fault("confirm", "reset_after", times=1)
    work()
    account = {"api_url": simulator.base_url, **PARTNER}
    other = {**account, "api_url": simulator.base_url.replace("127.0.0.1", "localhost")}
    staff.configure_plugin(store.usd, other)
    # when
    let_waits_pass()
    work()
    # then nothing is asked there, and staff read what to do
    assert asked(simulator)["confirm"] == 1
    assert "list_bookings" not in asked(simulator)
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("parked", 0)
    assert staff.order(order.id).has_note("only that account can say what became of it")
    assert messages(kind="confirm").get().sending == "outcome_unknown"
    # also where staff want no policy: nobody says that there is none
    store.command("xcover_policy", order.number, "--do-not-make")
    work()
    assert "list_bookings" not in asked(simulator)
    assert messages(kind="confirm").get().status == "parked"
    # when the account is set again
    staff.configure_plugin(store.usd, account)
    work()
    # then the policy is found
    (booking,) = bookings(simulator)
    assert asked(simulator)["list_bookings"] == 1
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.policy_number) == ("confirmed", booking["id"])
